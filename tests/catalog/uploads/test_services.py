"""Uploads: what arrives is kept, what is cut off leaves nothing behind, nobody has without bounds."""

from __future__ import annotations

import hashlib
import io
import os
import time
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from catalog import storage
from catalog.ingest.jobs import Jobber
from catalog.models import FileRemoval, Import, Upload
from catalog.uploads import files, services
from catalog.uploads.files import UploadIncomplete, upload_path
from catalog.uploads.services import (
    Checksum,
    ChecksumMismatch,
    OffsetMismatch,
    upload_append,
    upload_begin,
    upload_drop,
    upload_store,
    uploads_purge,
)
from catalog.uploads.streams import UploadTooLarge

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]


def stored_files(data_dir) -> list[str]:
    return [path.name for path in (data_dir / "media").rglob("*") if path.is_file()]


def remove_files() -> None:
    FileRemoval.objects.filter(next_try_at__lte=timezone.now()).update(
        next_try_at=timezone.now() - timedelta(seconds=1)
    )
    while Jobber(owner="test/1")._remove_files():
        pass


@pytest.fixture
def begun(catalog, person):
    return upload_begin(catalog=catalog, actor=person, name="photos.zip", size=10)


def test_file_is_joined_from_its_parts(begun, person, data_dir):
    upload_append(upload=begun, offset=0, data=b"01234", actor=person)
    upload_append(upload=begun, offset=5, data=io.BytesIO(b"56789"), actor=person)
    assert Upload.objects.get().is_complete
    with upload_path(begun) as path:
        assert path.read_bytes() == b"0123456789"
        assert path.stat().st_mode & 0o777 == 0o600
    assert Upload.objects.get().sha256 == hashlib.sha256(b"0123456789").hexdigest()


def test_joined_file_is_read_again_without_being_joined(begun, person, monkeypatch):
    upload_append(upload=begun, offset=0, data=b"01234", actor=person)
    upload_append(upload=begun, offset=5, data=b"56789", actor=person)
    with upload_path(begun):
        pass
    monkeypatch.delattr(files, "_join")
    with upload_path(begun) as path:
        assert path.read_bytes() == b"0123456789"


def test_beginning_of_a_file_is_read_without_joining_all_of_it(
    begun, person, data_dir, monkeypatch
):
    for offset, data in enumerate((b"01", b"23", b"45", b"67", b"89")):
        upload_append(upload=begun, offset=2 * offset, data=data, actor=person)
    monkeypatch.delattr(files, "_join")
    with upload_path(begun, upto=3) as path:
        assert path.read_bytes() == b"0123"
    assert not list((data_dir / "tmp").iterdir())


def test_incomplete_file_is_not_read(begun, person):
    upload_append(upload=begun, offset=0, data=b"01234", actor=person)
    with pytest.raises(UploadIncomplete), upload_path(begun):
        pass


def test_bytes_out_of_order_are_refused_with_the_place_to_go_on(begun, person):
    upload_append(upload=begun, offset=0, data=b"01234", actor=person)
    with pytest.raises(OffsetMismatch) as caught:
        upload_append(upload=begun, offset=7, data=b"789", actor=person)
    assert caught.value.offset == 5


def test_second_of_two_who_send_the_same_bytes_is_told_where_it_goes_on(begun, person, data_dir):
    late = Upload.objects.get()
    upload_append(upload=begun, offset=0, data=b"01234", actor=person)
    with pytest.raises(OffsetMismatch) as caught:
        upload_append(upload=late, offset=0, data=b"01234", actor=person)
    assert caught.value.offset == 5
    remove_files()
    assert len(stored_files(data_dir)) == 1
    assert FileRemoval.objects.count() == 0


def test_more_bytes_than_were_announced_are_refused_whole(begun, person, data_dir):
    with pytest.raises(UploadTooLarge):
        upload_append(upload=begun, offset=0, data=b"0123456789A", actor=person)
    assert Upload.objects.get().offset == 0
    remove_files()
    assert stored_files(data_dir) == []


def test_damaged_bytes_are_not_kept(begun, person, data_dir):
    checksum = Checksum("sha256", hashlib.sha256(b"01234").digest())
    with pytest.raises(ChecksumMismatch):
        upload_append(upload=begun, offset=0, data=b"01235", actor=person, checksum=checksum)
    assert Upload.objects.get().offset == 0
    upload_append(upload=begun, offset=0, data=b"01234", actor=person, checksum=checksum)
    assert Upload.objects.get().offset == 5


def test_nobody_else_continues_an_upload(begun, make_user):
    with pytest.raises(PermissionError):
        upload_append(upload=begun, offset=0, data=b"01234", actor=make_user())


def test_part_whose_process_is_killed_is_removed_later(begun, person, data_dir, monkeypatch):
    def killed(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(services, "_part_record", killed)
    with pytest.raises(KeyboardInterrupt):
        upload_append(upload=begun, offset=0, data=b"01234", actor=person)
    assert len(stored_files(data_dir)) == 1
    remove_files()
    assert stored_files(data_dir) == []


def test_full_disk_loses_nothing(begun, person, monkeypatch):
    upload_append(upload=begun, offset=0, data=b"01234", actor=person)

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage, "_write_whole", full)
    with pytest.raises(storage.StorageFull):
        upload_append(upload=begun, offset=5, data=b"56789", actor=person)
    monkeypatch.undo()
    upload_append(upload=begun, offset=5, data=b"56789", actor=person)
    with upload_path(begun) as path:
        assert path.read_bytes() == b"0123456789"


def test_upload_that_has_no_room_is_refused_before_it_begins(catalog, person, monkeypatch):
    monkeypatch.setattr(storage, "free_bytes", lambda: 300 * 1024 * 1024)
    with pytest.raises(storage.StorageFull):
        upload_begin(catalog=catalog, actor=person, name="a.zip", size=100 * 1024 * 1024)


@pytest.mark.parametrize("size", [0, 11])
def test_size_has_bounds(catalog, person, settings, size):
    settings.MAX_UPLOAD_BYTES = 10
    with pytest.raises(ValidationError):
        upload_begin(catalog=catalog, actor=person, name="a.zip", size=size)


def test_whole_file_is_stored_in_bounded_parts(catalog, person, monkeypatch):
    monkeypatch.setattr(services, "PART_BYTES", 4)
    chunks = iter([b"", b"012", b"345", b"", b"6789"])
    upload = upload_store(catalog=catalog, actor=person, name="a.csv", chunks=chunks)
    assert [part.size for part in upload.parts.all()] == [4, 4, 2]
    assert upload.sha256 == hashlib.sha256(b"0123456789").hexdigest()
    with upload_path(upload) as path:
        assert path.read_bytes() == b"0123456789"
    assert FileRemoval.objects.count() == 0


def test_small_file_is_read_where_it_lies(catalog, person, data_dir):
    upload = upload_store(catalog=catalog, actor=person, name="a.csv", chunks=[b"sku\n"])
    with upload_path(upload) as path:
        assert path.is_relative_to(data_dir / "media")
        assert path.read_bytes() == b"sku\n"


def test_whole_file_that_is_too_large_leaves_nothing(catalog, person, settings, data_dir):
    settings.MAX_UPLOAD_BYTES = 5
    with pytest.raises(UploadTooLarge):
        upload_store(catalog=catalog, actor=person, name="a.csv", chunks=[b"012", b"345"])
    remove_files()
    assert stored_files(data_dir) == []
    assert not Upload.objects.exists()


def test_one_person_has_so_many_files_lying_around_and_no_more(
    catalog, person, make_user, monkeypatch
):
    monkeypatch.setattr(services, "MAX_WAITING", 1)
    first = upload_store(catalog=catalog, actor=person, name="a.csv", chunks=[b"a"])
    with pytest.raises(ValidationError, match="too many files"):
        upload_begin(catalog=catalog, actor=person, name="b.csv", size=1)
    upload_begin(catalog=catalog, actor=make_user(), name="b.csv", size=1)
    Import.objects.create(catalog=catalog, name="a", table=first)
    upload_begin(catalog=catalog, actor=person, name="b.csv", size=1)


def test_dropped_upload_leaves_no_file(begun, person, data_dir, django_capture_on_commit_callbacks):
    upload_append(upload=begun, offset=0, data=b"01234", actor=person)
    upload_append(upload=begun, offset=5, data=b"56789", actor=person)
    with upload_path(begun) as joined:
        pass
    with django_capture_on_commit_callbacks(execute=True):
        upload_drop(upload=begun, actor=person)
    remove_files()
    assert stored_files(data_dir) == []
    assert not joined.exists()


def test_files_of_a_catalogue_go_with_it(begun, person, catalog, data_dir):
    upload_append(upload=begun, offset=0, data=b"01234", actor=person)
    catalog.delete()
    remove_files()
    assert stored_files(data_dir) == []


def test_upload_that_is_left_lying_is_removed(begun, person, data_dir):
    upload_append(upload=begun, offset=0, data=b"01234", actor=person)
    assert uploads_purge() == 0
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert uploads_purge() == 1
    remove_files()
    assert stored_files(data_dir) == []


def test_upload_that_an_import_needs_does_not_expire(begun, catalog):
    Import.objects.create(catalog=catalog, name="a", photos=begun)
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert uploads_purge() == 0


def test_joined_file_that_nobody_reads_any_more_is_removed(begun, person):
    upload_append(upload=begun, offset=0, data=b"01234", actor=person)
    upload_append(upload=begun, offset=5, data=b"56789", actor=person)
    with upload_path(begun) as path:
        pass
    uploads_purge()
    assert path.exists()
    long_ago = time.time() - files.KEEP_SECONDS - 1
    os.utime(path, (long_ago, long_ago))
    uploads_purge()
    assert not path.exists()


def test_part_that_the_storage_lost_is_told(catalog, person, data_dir):
    upload = upload_store(catalog=catalog, actor=person, name="a.csv", chunks=[b"sku\n"])
    storage.delete(upload.parts.get().file)
    with pytest.raises(storage.FileMissing), upload_path(upload):
        pass


@pytest.mark.usefixtures("s3_photos")
def test_parts_may_lie_in_s3(begun, person, monkeypatch):
    upload_append(upload=begun, offset=0, data=b"01234", actor=person)
    upload_append(upload=begun, offset=5, data=io.BytesIO(b"56789"), actor=person)
    with upload_path(begun) as path:
        assert path.read_bytes() == b"0123456789"
