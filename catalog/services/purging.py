"""Removing for good what was deleted long ago.

Whoever brings something back may be quicker: each row is looked at again once it is locked.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from catalog.models import Catalog, Photo, Placement, Product, Variant
from catalog.models.outbox import record_index_changes
from catalog.services.locks import lock_row


@transaction.atomic
def product_purge(*, product: Product, deleted_before: datetime | None = None) -> bool:
    """Remove a product, and its photos where they stand on nothing else.

    With `deleted_before`, only if it is deleted since before then. Returns whether it was removed.
    """
    rows = Product.objects.select_for_update().filter(pk=product.pk)
    if deleted_before is not None:
        rows = rows.filter(deleted_at__lt=deleted_before)
    if rows.first() is None:
        return False
    # Product first, then its points, then photos: the order in which everybody locks them.
    placements = list(Placement.objects.filter(product=product).values_list("pk", "photo_id"))
    record_index_changes([pk for pk, _ in placements], vector=True)
    product.delete()
    for photo_id in sorted({photo_id for _, photo_id in placements}):
        photo_purge(photo_id=photo_id)
    return True


@transaction.atomic
def photo_purge(*, photo_id: int) -> bool:
    """Remove a photo, unless it stands on a product; returns whether it was removed."""
    photo = Photo.objects.select_for_update().filter(pk=photo_id).first()
    if photo is None or photo.placements.exists():
        return False
    photo.delete()
    return True


@transaction.atomic
def part_purge(*, part: Placement | Variant, deleted_before: datetime) -> bool:
    """Remove a photo's place on a product, or a variant, if it is deleted since before then."""
    lock_row(part.product)
    row = type(part).objects.filter(pk=part.pk, deleted_at__lt=deleted_before).first()
    if row is None:
        return False
    row.delete()
    return True


@transaction.atomic
def catalog_purge(*, catalog: Catalog, deleted_before: datetime) -> bool:
    """Remove a catalogue that has no products any more, if it is deleted since before then."""
    rows = Catalog.objects.select_for_update().filter(pk=catalog.pk, deleted_at__lt=deleted_before)
    if rows.first() is None:
        return False
    catalog.delete()
    return True
