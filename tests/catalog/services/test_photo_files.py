"""Files of photos: none is left behind, none goes that is used again."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from catalog import storage
from catalog.ingest.jobs import KINDS, PURGE, Jobber
from catalog.models import EmbedTask, FileRemoval, Job, Photo, Placement, Product
from catalog.services import photo_files, photos
from catalog.services.photos import photo_stage
from catalog.services.products import product_add_photos, product_create
from catalog.services.purging import photo_purge
from prodintel.lib import wake
from tests.catalog.colours import picture, staged
from tests.catalog.vision.bad_photos import odd_photo

pytestmark = pytest.mark.django_db


def files_in(folder) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_files_of_an_upload_that_died_before_it_was_recorded_are_removed(
    catalog, data_dir, monkeypatch
):
    monkeypatch.setattr(photo_files, "_remove_soon", lambda _names: None)
    with (
        pytest.raises(KeyboardInterrupt),
        photo_files.photo_files(catalog=catalog, photos=[staged()]),
    ):
        raise KeyboardInterrupt
    (row,) = FileRemoval.objects.all()
    assert (data_dir / "media" / row.name).exists()
    Jobber(owner="test/1")._remove_files()
    assert (data_dir / "media" / row.name).exists()
    FileRemoval.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
    Jobber(owner="test/1")._remove_files()
    assert not (data_dir / "media" / row.name).exists()


def test_files_of_an_upload_that_failed_are_removed_at_once(catalog, data_dir):
    with pytest.raises(ValueError), photo_files.photo_files(catalog=catalog, photos=[staged()]):
        raise ValueError
    Jobber(owner="test/1")._remove_files()
    assert files_in(data_dir / "media") == []


def test_files_of_a_photo_stay_when_something_fails_after_its_commit(catalog, person, data_dir):
    def record_and_fail() -> None:
        with photo_files.photo_files(catalog=catalog, photos=[staged()]) as stored:
            with transaction.atomic():
                photo_files.photos_record(catalog=catalog, stored=stored, actor=person)
            raise OSError("Too many open files")

    with pytest.raises(OSError, match="Too many"):
        record_and_fail()
    Jobber(owner="test/1")._remove_files()
    assert (data_dir / "media" / Photo.objects.get().file.name).exists()


@pytest.mark.django_db(transaction=True)
def test_upload_succeeds_when_nobody_can_be_told_of_it(catalog, person, data_dir, monkeypatch):
    def broken(*_):
        raise RuntimeError

    monkeypatch.setattr(wake, "notify", broken)
    product = product_create(catalog=catalog, actor=person, photos=[staged()]).product
    assert (data_dir / "media" / product.placements.get().photo.file.name).exists()


def lose(data_dir, photo, *names) -> None:
    for name in names:
        (data_dir / "media" / getattr(photo, name).name).unlink()


def test_photo_whose_file_was_lost_gets_it_back_from_the_same_upload(catalog, person, data_dir):
    first = product_create(catalog=catalog, actor=person, photos=[staged()])
    lose(data_dir, Photo.objects.get(), "file")
    again = product_create(catalog=catalog, actor=person, photos=[staged()])
    assert (again.duplicate, again.product) == (True, first.product)
    assert storage.read(Photo.objects.get().file.name) == picture()
    assert Jobber(owner="test/1")._remove_files()
    assert len(files_in(data_dir / "media")) == 1


def test_photo_whose_working_copy_was_lost_gets_it_back(catalog, make_product, person, data_dir):
    scan = photo_stage(data=odd_photo("tiff"), name="scan.tif")
    product = make_product(photos=[scan])
    lose(data_dir, Photo.objects.get(), "working_copy")
    product_add_photos(product=product, photos=[scan], actor=person)
    assert storage.read(Photo.objects.get().working_copy.name) == scan.opened.working_copy


def test_photo_that_has_its_file_is_not_written_again(catalog, person, data_dir):
    product_create(catalog=catalog, actor=person, photos=[staged()])
    name = Photo.objects.get().file.name
    product_create(catalog=catalog, actor=person, photos=[staged()])
    assert Photo.objects.get().file.name == name
    assert not FileRemoval.objects.exists()


def test_photo_that_could_not_be_read_is_embedded_once_its_file_is_back(
    make_product, embedder, catalog, person, data_dir
):
    embedder.step()
    make_product(photos=[staged()])
    lose(data_dir, Photo.objects.get(), "file")
    EmbedTask.objects.update(state="failed", attempts=5)
    product_create(catalog=catalog, actor=person, photos=[staged()])
    embedder.step()
    assert EmbedTask.objects.get().state == "done"


def test_files_of_a_recorded_photo_are_to_stay(make_product):
    make_product()
    assert not FileRemoval.objects.exists()


def test_photo_that_is_in_use_is_not_purged(make_product):
    placement = make_product().placements.get()
    assert not photo_purge(photo_id=placement.photo_id)
    assert Placement.objects.filter(pk=placement.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_photo_that_is_used_again_while_it_is_purged_stays(catalog, person, data_dir):
    photo = product_create(catalog=catalog, actor=person, photos=[staged()]).product
    photo = photo.placements.get().photo
    Placement.objects.all().delete()
    Photo.objects.update(created_at=timezone.now() - timedelta(days=31))
    started = threading.Event()

    def run() -> None:
        started.set()
        KINDS[PURGE](Job(kind=PURGE))
        connection.close()

    purge = threading.Thread(target=run)
    with transaction.atomic():
        stored = [photo_files.StoredPhoto(staged(), known=photo)]
        (again,) = photo_files.photos_record(catalog=catalog, stored=stored, actor=person)
        purge.start()
        started.wait(10)
        purge.join(0.3)
        product = Product.objects.get()
        photos.photos_place(product=product, photos=[again], actor=person)
    purge.join(30)
    assert product.placements.get().photo == photo
