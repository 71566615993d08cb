"""A worker that is told to stop: what is computed is kept, the rest goes back as if untouched."""

from __future__ import annotations

import os
import signal
import threading
from datetime import timedelta

import pytest
from django.utils import timezone
from structlog.testing import capture_logs

from catalog.index import spaces, vector_index
from catalog.index.protocol import IndexProblem, IndexUnavailable
from catalog.ingest.describe import GROUP, Describer
from catalog.ingest.index import Indexer
from catalog.ingest.jobs import PURGE, Jobber
from catalog.ingest.worker import Worker
from catalog.models import DescribeTask, EmbedTask, FileRemoval, IndexChange, Job, Product
from prodintel.engine import configured
from prodintel.lib.work import WorkState

pytestmark = pytest.mark.django_db
PHOTOS = 60


class Stop:
    """Says that the worker is stopping from the moment that `now` is called."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def now(self, *_args) -> None:
        self._event.set()

    def __call__(self) -> bool:
        return self._event.is_set()


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def signals():
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def untouched(model) -> bool:
    """Whether all that is not done waits as if nobody had claimed it."""
    rows = set(model.objects.exclude(state=WorkState.DONE).values_list("state", "attempts"))
    return rows == {(WorkState.PENDING, 0)}


@pytest.mark.django_db(transaction=True)
def test_worker_that_is_stopped_in_the_middle_of_an_import_leaves_no_claims(
    engine, encoder, make_product, signals, monkeypatch
):
    for _ in range(PHOTOS):
        make_product()
    encode = encoder.encode_photos
    before = set(threading.enumerate())
    worker = Worker()

    def then_stop(photos):
        os.kill(os.getpid(), signal.SIGTERM)
        assert worker._ended.wait(10)
        return encode(photos)

    monkeypatch.setattr(encoder, "encode_photos", then_stop)
    with capture_logs() as said:
        assert worker.run() == 0
    assert "runner crashed" not in {entry["event"] for entry in said}
    assert EmbedTask.objects.filter(state=WorkState.DONE).exists()
    assert untouched(EmbedTask)
    pools = [one for one in threading.enumerate() if one.name.startswith(("decode", "encode"))]
    for thread in set(pools) - before:
        thread.join(10)
        assert not thread.is_alive()


def test_describing_ends_with_the_group_in_hand(
    make_product, ingest, vocabulary, stop, monkeypatch
):
    for _ in range(2 * GROUP):
        make_product()
    ingest()
    record = Describer._record

    def then_stop(self, *args):
        record(self, *args)
        stop.now()

    monkeypatch.setattr(Describer, "_record", then_stop)
    Describer(configured.client(), owner="test/1", stopping=stop).step()
    assert DescribeTask.objects.filter(state=WorkState.DONE).exists()
    assert untouched(DescribeTask)


def test_changes_that_are_tried_one_by_one_go_back(make_product, ingest, stop, monkeypatch):
    for _ in range(3):
        make_product()
    ingest()
    Product.objects.update(brand="ACME")

    def refuse(self, rows, active):
        if len(rows) == 1:
            stop.now()
            return
        raise IndexProblem("One of these.")

    monkeypatch.setattr(Indexer, "_apply", refuse)
    Indexer(vector_index(), owner="test/1", stopping=stop).step()
    assert IndexChange.objects.count() == 2
    assert untouched(IndexChange)


def test_filling_the_index_is_given_up_and_left_free_for_the_next(make_product, ingest, stop):
    make_product()
    ingest()
    space = spaces.live_space()
    stop.now()
    with pytest.raises(IndexUnavailable):
        spaces.rebuild(vector_index(), space, stopping=stop)
    space.refresh_from_db()
    assert (space.filled_index, space.fill_token) == ("", None)


def test_job_goes_on_after_the_next_start(make_product, stop):
    make_product()
    Product.objects.update(deleted_at=timezone.now() - timedelta(days=31))
    Job.objects.create(kind=PURGE)
    stop.now()
    Jobber(owner="test/1", stopping=stop)._one_job()
    assert Product.objects.exists()
    assert untouched(Job)


def test_files_that_were_not_removed_yet_go_back(data_dir, stop):
    FileRemoval.objects.create(name="photo")
    stop.now()
    Jobber(owner="test/1", stopping=stop)._remove_files()
    assert untouched(FileRemoval)
