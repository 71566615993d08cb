"""Uploads, a worker and readers at once, on one database."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from structlog.testing import capture_logs

from catalog.activity import activity_of
from catalog.index import spaces, vector_index
from catalog.ingest.embed import Embedder
from catalog.ingest.index import Indexer
from catalog.ingest.jobs import Jobber
from catalog.models import Embedding, IndexChange, Placement, Product
from catalog.search import Query, search
from catalog.services.products import product_create, products_delete
from prodintel.engine import configured
from prodintel.lib.runner import Runner
from tests.catalog.colours import staged

pytestmark = pytest.mark.django_db(transaction=True)
UPLOADERS, PHOTOS = 3, 6


class Crew:
    """Threads of the test, and what went wrong in them."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self.uploaded = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 -- the test looks at it
                self.errors.append(error)
            finally:
                connection.close()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self._threads.append(thread)
        return thread

    def join(self) -> None:
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive()


@pytest.fixture
def crew():
    return Crew()


@pytest.fixture
def said():
    """What was logged, by event."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
def worker(engine):
    """The embed, index and jobs runners, as the worker process has them."""
    client = configured.client()
    steps = [
        Embedder(client, owner="test/1").step,
        Indexer(vector_index(), owner="test/1").step,
        Jobber(owner="test/1").step,
    ]
    crashed = threading.Event()
    runners = [Runner(f"runner-{n}", step, on_crash=crashed.set) for n, step in enumerate(steps)]
    for runner in runners:
        runner.start()
    yield runners
    for runner in runners:
        runner.stop()
        runner.join(30)
    assert not crashed.is_set()


def wait_until_idle() -> None:
    pause = threading.Event()
    for _ in range(600):
        embedded = Embedding.objects.count() == UPLOADERS * PHOTOS
        if embedded and not IndexChange.objects.exists():
            return
        pause.wait(0.1)
    pytest.fail("the runners do not get done")


def test_uploads_worker_and_readers_never_lock_each_other_out(
    crew, worker, catalog, person, data_dir, said
):
    def upload(number: int) -> None:
        for photo in range(PHOTOS):
            mark = number * PHOTOS + photo + 1
            product_create(
                catalog=catalog, actor=person, photos=[staged("red", mark=mark)], title="Red mug"
            )

    def read() -> None:
        while not crew.uploaded.is_set():
            search(catalog=catalog, query=Query(text="red"))
            activity_of(catalog)

    def delete() -> None:
        while not crew.uploaded.is_set():
            first = Product.objects.alive().filter(catalog=catalog).first()
            if first is not None and Product.objects.deleted().count() < 3:
                products_delete(products=[first], actor=person)

    uploaders = [crew.start(lambda n=n: upload(n)) for n in range(UPLOADERS)]
    crew.start(read)
    crew.start(delete)
    for uploader in uploaders:
        uploader.join(120)
    crew.uploaded.set()
    crew.join()
    assert crew.errors == []

    wait_until_idle()
    space = spaces.live_space()
    alive = Placement.objects.filter(product__deleted_at=None).values_list("pk", flat=True)
    assert list(vector_index().ids(space.collection)) == sorted(alive)
    assert Product.objects.count() == UPLOADERS * PHOTOS
    assert [entry for entry in said if entry["event"] == "database away"] == []


def test_two_workers_embed_each_photo_once(engine, make_product, encoder):
    first, second = (Embedder(configured.client(), owner=f"test/{n}") for n in (1, 2))
    first.step()
    for _ in range(40):
        make_product()
    crew = Crew()
    for embedder in (first, second):
        crew.start(lambda step=embedder.step: [None for _ in iter(step, 0)] and None)
    crew.join()
    assert crew.errors == []
    assert encoder.photos_seen == Embedding.objects.count() == 40
