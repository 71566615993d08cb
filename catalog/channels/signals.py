"""What makes a product ready for a channel, or not any more: its row is marked with the change."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import receiver

from catalog.channels.marking import readiness_begin, readiness_mark
from catalog.models import (
    Catalog,
    Category,
    CurrentAttribute,
    Placement,
    Product,
    Variant,
)
from catalog.models.outbox import CHUNK, bulk_changed

# What of a product no channel asks for.
PRODUCT_IRRELEVANT = frozenset(
    {"status", "changed_since_approval", "added_since_approval", "updated_at"}
)


def _irrelevant(fields: Collection[str] | None) -> bool:
    return fields is not None and PRODUCT_IRRELEVANT.issuperset(fields)


@receiver(post_save, sender=Product)
def product_is_checked(
    instance: Product,
    created: bool,  # noqa: FBT001 -- Django's signature
    update_fields: Collection[str] | None,
    **_: Any,
) -> None:
    if created:
        readiness_begin([instance.pk])
    elif not _irrelevant(update_fields):
        readiness_mark([instance.pk])


@receiver(post_save, sender=Variant)
@receiver(post_save, sender=Placement)
@receiver(post_save, sender=CurrentAttribute)
def part_is_checked(instance: Variant | Placement | CurrentAttribute, **_: Any) -> None:
    readiness_mark([instance.product_id])


@receiver(post_delete, sender=Variant)
@receiver(post_delete, sender=Placement)
@receiver(post_delete, sender=CurrentAttribute)
def part_is_missed(
    instance: Variant | Placement | CurrentAttribute, origin: Model | QuerySet, **_: Any
) -> None:
    began = origin.model if isinstance(origin, QuerySet) else type(origin)
    # What goes with its product leaves nothing to check.
    if began not in {Product, Catalog}:
        readiness_mark([instance.product_id])


@receiver(bulk_changed, sender=Product)
def products_are_checked(ids: list[int], fields: Collection[str] | None, **_: Any) -> None:
    if fields is None:
        readiness_begin(ids)
    if not _irrelevant(fields):
        readiness_mark(ids)


@receiver(bulk_changed, sender=Variant)
@receiver(bulk_changed, sender=Placement)
@receiver(bulk_changed, sender=CurrentAttribute)
def parts_are_checked(
    sender: type[Variant | Placement | CurrentAttribute], ids: list[int], **_: Any
) -> None:
    touched: set[int] = set()
    for start in range(0, len(ids), CHUNK):
        some = sender.objects.filter(pk__in=ids[start : start + CHUNK]).order_by()
        touched.update(some.values_list("product_id", flat=True))
    readiness_mark(touched)


@receiver(post_save, sender=Category)
def category_is_checked(instance: Category, created: bool, **_: Any) -> None:  # noqa: FBT001
    if not created:
        below = Product.objects.filter(category__path__startswith=instance.path)
        readiness_mark(below.values_list("pk", flat=True))


@receiver(pre_delete, sender=Category)
def category_is_missed(instance: Category, **_: Any) -> None:
    # Now, while it is known whose category it was: they lose it in this same transaction.
    readiness_mark(instance.products.values_list("pk", flat=True))
