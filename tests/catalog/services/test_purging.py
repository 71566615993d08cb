"""What was deleted long ago goes for good, unless somebody brings it back in the last moment."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from catalog.ingest import jobs
from catalog.ingest.jobs import KINDS, PURGE
from catalog.models import Catalog, Job, Placement, Product, Variant
from catalog.services.catalogs import catalog_delete, catalog_restore
from catalog.services.photos import placement_delete, placement_restore
from catalog.services.products import product_add_photos, products_delete, products_restore
from catalog.services.purging import part_purge, product_purge
from catalog.services.variants import variant_create, variant_delete, variant_restore
from tests.catalog.colours import staged

pytestmark = pytest.mark.django_db


def long_ago(row) -> None:
    type(row).objects.filter(pk=row.pk).update(deleted_at=timezone.now() - timedelta(days=31))
    row.refresh_from_db()


def purge_while(monkeypatch, restore) -> None:
    """Purge; what is found to be purged is restored before its turn comes."""
    each = jobs._each

    def then_restore(rows, *args):
        for row in each(rows, *args):
            restore(row)
            yield row

    monkeypatch.setattr(jobs, "_each", then_restore)
    KINDS[PURGE](Job(kind=PURGE))


def test_product_that_is_restored_while_the_purge_runs_stays(make_product, person, monkeypatch):
    product = make_product()
    products_delete(products=[product], actor=person)
    long_ago(product)
    purge_while(monkeypatch, lambda row: products_restore(products=[row], actor=person))
    assert Product.objects.get().placements.count() == 1


def test_photo_that_is_put_back_while_the_purge_runs_stays(make_product, person, monkeypatch):
    placement = make_product().placements.get()
    placement_delete(placement=placement, actor=person)
    long_ago(placement)
    purge_while(monkeypatch, lambda row: placement_restore(placement=row, actor=person))
    assert Placement.objects.get().deleted_at is None


def test_variant_that_is_restored_while_the_purge_runs_stays(make_product, person, monkeypatch):
    variant = variant_create(product=make_product(), actor=person, sku="B")
    variant_delete(variant=variant, actor=person)
    long_ago(variant)
    purge_while(monkeypatch, lambda row: variant_restore(variant=row, actor=person))
    assert Variant.objects.get(pk=variant.pk).deleted_at is None


def test_catalogue_that_the_purge_may_have_begun_with_is_not_restored(catalog, person):
    catalog_delete(catalog=catalog, actor=person)
    long_ago(catalog)
    with pytest.raises(ValidationError, match="more than 30 days"):
        catalog_restore(catalog=catalog, actor=person)


def test_catalogue_that_was_deleted_long_ago_goes_with_its_products(catalog, make_product, person):
    make_product()
    catalog_delete(catalog=catalog, actor=person)
    long_ago(catalog)
    KINDS[PURGE](Job(kind=PURGE))
    assert not Catalog.objects.filter(pk=catalog.pk).exists()
    assert not Product.objects.exists()


def test_what_is_gone_for_good_is_said_to_be(make_product, person):
    product = make_product()
    placement = product.placements.get()
    variant = variant_create(product=product, actor=person, sku="B")
    placement_delete(placement=placement, actor=person)
    variant_delete(variant=variant, actor=person)
    for part in (placement, variant):
        long_ago(part)
        assert part_purge(part=part, deleted_before=timezone.now())
    with pytest.raises(ValidationError, match="removed for good"):
        placement_restore(placement=placement, actor=person)
    with pytest.raises(ValidationError, match="removed for good"):
        variant_restore(variant=variant, actor=person)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_purge_waits_for_whoever_holds_the_product_and_its_points(make_product, person):
    """Both take the product first: else each would end up waiting for the other."""
    product = make_product()
    failed: list[Exception] = []
    started = threading.Event()

    def purge() -> None:
        try:
            started.set()
            product_purge(product=Product.objects.get(pk=product.pk))
        except Exception as error:  # noqa: BLE001 -- whatever it is, the test says so
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=purge)
    with transaction.atomic():
        Product.objects.select_for_update().get(pk=product.pk)
        thread.start()
        started.wait(10)
        thread.join(0.5)
        product_add_photos(product=product, photos=[staged("blue")], actor=person)
        products_delete(products=[product], actor=person)
    thread.join(30)
    assert failed == []
    assert not Product.objects.exists()
