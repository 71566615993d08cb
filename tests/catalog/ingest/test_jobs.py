"""Jobs and the removal of files: scheduled once, none held up by another."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog import storage
from catalog.ingest.jobs import PURGE, Jobber
from catalog.models import FileRemoval, Job
from prodintel.lib.work import MAX_ATTEMPTS, WorkState

pytestmark = pytest.mark.django_db


def test_there_is_one_purge_however_many_workers_schedule_it():
    Job.objects.create(kind=PURGE)
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(kind=PURGE)
    Job.objects.create(kind="import")
    Job.objects.create(kind="import")


def test_purge_is_done_again_by_the_row_it_has():
    long_ago = timezone.now() - timedelta(days=1)
    row = Job.objects.create(kind=PURGE, state=WorkState.DONE, finished_at=long_ago)
    assert Jobber(owner="test/1")._schedule() == 1
    assert Job.objects.get(state=WorkState.PENDING) == row


@pytest.fixture
def stuck(data_dir):
    """A file that cannot be deleted, and one behind it that can."""
    (data_dir / "media" / "stuck" / "full").mkdir(parents=True)
    storage.save("photo", b"bytes")
    FileRemoval.objects.create(name="stuck")
    FileRemoval.objects.create(name="photo")


def test_file_that_cannot_be_deleted_holds_no_other_up(stuck, data_dir):
    Jobber(owner="test/1")._remove_files()
    (row,) = FileRemoval.objects.all()
    assert (row.name, row.attempts) == ("stuck", 1)
    assert "not empty" in row.error
    assert not (data_dir / "media" / "photo").exists()


def test_file_that_cannot_be_deleted_waits_for_a_person_in_the_end(stuck):
    for _ in range(MAX_ATTEMPTS):
        FileRemoval.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
        Jobber(owner="test/1")._remove_files()
    assert FileRemoval.objects.get().state == WorkState.FAILED


def test_storage_that_is_away_counts_as_no_try(stuck, monkeypatch):
    def away(*_):
        raise storage.StorageUnavailable("The storage is away.")

    monkeypatch.setattr(storage, "save", away)
    monkeypatch.setattr(storage, "delete", away)
    Jobber(owner="test/1")._remove_files()
    assert set(FileRemoval.objects.values_list("attempts", "state")) == {(0, WorkState.PENDING)}


def test_what_a_killed_process_left_of_a_file_goes_with_it(data_dir, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            storage.save("photos/1/a.png", b"bytes")
    other = storage.save("photos/1/a.png.working", b"others")
    FileRemoval.objects.create(name="photos/1/a.png")
    Jobber(owner="test/1")._remove_files()
    left = [path for path in (data_dir / "media").rglob("*") if path.is_file()]
    assert left == [data_dir / "media" / other]
