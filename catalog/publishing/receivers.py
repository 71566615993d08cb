"""Photos are published as their products are approved, where a catalogue is set to do so."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.dispatch import receiver

from catalog.models import Product
from catalog.models.outbox import bulk_changed
from catalog.models.version import products_approved
from catalog.publishing.services import approved_photos_publish


@receiver(products_approved)
def photos_of_approved(products: Collection[Product], actor: Any, **_: Any) -> None:
    approved_photos_publish(product_ids=[row.pk for row in products], actor=actor)


@receiver(bulk_changed, sender=Product)
def photos_of_restored(ids: list[int], fields: Collection[str] | None, **_: Any) -> None:
    if fields is not None and "deleted_at" in fields:
        approved_photos_publish(product_ids=ids, actor=None)
