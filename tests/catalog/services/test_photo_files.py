"""Files of photos: none is left behind, none goes that is used again."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from catalog.ingest.jobs import KINDS, PURGE, Jobber
from catalog.models import FileRemoval, Job, Photo, Placement, Product
from catalog.services import photos
from catalog.services.products import product_create
from tests.catalog.colours import staged

pytestmark = pytest.mark.django_db


def test_files_of_an_upload_that_died_before_it_was_recorded_are_removed(
    catalog, data_dir, monkeypatch
):
    monkeypatch.setattr(photos, "_discard", lambda _stored: None)
    with pytest.raises(KeyboardInterrupt), photos.photo_files(catalog=catalog, photos=[staged()]):
        raise KeyboardInterrupt
    (row,) = FileRemoval.objects.all()
    assert (data_dir / "media" / row.name).exists()
    Jobber(owner="test/1")._remove_files()
    assert (data_dir / "media" / row.name).exists()
    FileRemoval.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
    Jobber(owner="test/1")._remove_files()
    assert not (data_dir / "media" / row.name).exists()


def test_files_of_a_recorded_photo_are_to_stay(make_product):
    make_product()
    assert not FileRemoval.objects.exists()


def test_photo_that_is_in_use_is_not_purged(make_product):
    placement = make_product().placements.get()
    assert not photos.photo_purge(photo_id=placement.photo_id)
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
        again = photos.photo_record(
            catalog=catalog, stored=photos.StoredPhoto(staged(), known=photo), actor=person
        )
        purge.start()
        started.wait(10)
        purge.join(0.3)
        product = Product.objects.get()
        photos.photos_place(product=product, photos=[again], actor=person)
    purge.join(30)
    assert product.placements.get().photo == photo
