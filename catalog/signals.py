"""Work and outbox rows, the texts of products, and whether products are as they were approved,
written in the transaction of the change that needs them. Nothing else.

Bulk writes do not send signals: `IndexedQuerySet` writes the outbox for them and sends
`bulk_changed`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import receiver

from catalog.approval.content import PLACEMENT_COLUMNS, PRODUCT_COLUMNS, VARIANT_COLUMNS
from catalog.ingest import wake
from catalog.models import (
    Catalog,
    Category,
    CurrentAttribute,
    Embedding,
    FileRemoval,
    Photo,
    Placement,
    Product,
    UploadPart,
    Variant,
)
from catalog.models.outbox import CHUNK, bulk_changed, record_index_changes
from catalog.renditions import rendition_names
from catalog.services.approval import approval_refresh
from catalog.services.photo_work import photos_embed, products_describe, products_look
from catalog.textsearch.documents import (
    PRODUCT_FIELDS,
    VARIANT_FIELDS,
    text_documents_refresh,
)

# What of a catalogue decides on the payloads of its points.
CATALOG_FIELDS = frozenset({"currency", "deleted_at"})
# What of a placement decides on which photos are looked at.
SHOWN_FIELDS = frozenset({"photo", "role", "deleted_at"})


def _points(**where: Any) -> list[int]:
    return list(Placement.objects.filter(**where).values_list("pk", flat=True))


@receiver(post_save, sender=Photo)
def photo_wants_embedding(instance: Photo, created: bool, **_: Any) -> None:  # noqa: FBT001 -- Django's signature
    if created:
        photos_embed([instance])


@receiver(post_delete, sender=Photo)
def photo_files_must_go(instance: Photo, **_: Any) -> None:
    names = [name for name in (instance.file.name, instance.working_copy.name) if name]
    names += rendition_names(instance)
    FileRemoval.objects.bulk_create(
        [FileRemoval(name=name) for name in names], ignore_conflicts=True
    )
    wake.on_commit(wake.JOBS)


@receiver(post_delete, sender=UploadPart)
def upload_file_must_go(instance: UploadPart, **_: Any) -> None:
    FileRemoval.objects.bulk_create([FileRemoval(name=instance.file)], ignore_conflicts=True)
    wake.on_commit(wake.JOBS)


@receiver(post_save, sender=Placement)
def placement_changes_point(
    instance: Placement,
    created: bool,  # noqa: FBT001
    update_fields: Collection[str] | None,
    **_: Any,
) -> None:
    record_index_changes([instance.pk], vector=True)
    if created or _concerns(update_fields, SHOWN_FIELDS):
        products_look([instance.product_id])
    if created:
        products_describe([instance.product_id])
    wake.on_commit(wake.INDEX, wake.DESCRIBE)


@receiver(post_delete, sender=Placement)
def placement_removes_point(instance: Placement, **_: Any) -> None:
    record_index_changes([instance.pk], vector=True)
    wake.on_commit(wake.INDEX)


@receiver(post_save, sender=Embedding)
@receiver(post_delete, sender=Embedding)
def embedding_changes_points(instance: Embedding, **_: Any) -> None:
    record_index_changes(_points(photo=instance.photo_id), vector=True)
    wake.on_commit(wake.INDEX, wake.DESCRIBE)


@receiver(post_save, sender=Product)
def product_changes_payloads(instance: Product, created: bool, **_: Any) -> None:  # noqa: FBT001
    if not created:
        record_index_changes(_points(product=instance.pk), vector=False)
        wake.on_commit(wake.INDEX)


@receiver(post_save, sender=Catalog)
def catalog_changes_payloads(
    instance: Catalog,
    created: bool,  # noqa: FBT001
    update_fields: Collection[str] | None,
    **_: Any,
) -> None:
    if not created and _concerns(update_fields, CATALOG_FIELDS):
        record_index_changes(_points(product__catalog=instance.pk), vector=False)
        wake.on_commit(wake.INDEX)


@receiver(post_save, sender=Variant)
@receiver(post_delete, sender=Variant)
@receiver(post_save, sender=CurrentAttribute)
@receiver(post_delete, sender=CurrentAttribute)
def part_changes_payloads(instance: Variant | CurrentAttribute, **_: Any) -> None:
    record_index_changes(_points(product=instance.product_id), vector=False)
    wake.on_commit(wake.INDEX)


@receiver(post_save, sender=Category)
def category_changes_payloads(instance: Category, created: bool, **_: Any) -> None:  # noqa: FBT001
    if not created:
        below = Placement.objects.filter(product__category__path__startswith=instance.path)
        record_index_changes(below.values_list("pk", flat=True), vector=False)
        wake.on_commit(wake.INDEX)


def _model_of(origin: Model | QuerySet) -> type[Model]:
    """What a deletion that led to others began with."""
    return origin.model if isinstance(origin, QuerySet) else type(origin)


def _concerns(changed: Collection[str] | None, fields: frozenset[str]) -> bool:
    return changed is None or not fields.isdisjoint(changed)


@receiver(post_save, sender=Product)
def product_changes_text(
    instance: Product, update_fields: Collection[str] | None, **_: Any
) -> None:
    if _concerns(update_fields, PRODUCT_FIELDS):
        text_documents_refresh([instance.pk])


@receiver(post_save, sender=Variant)
def variant_changes_text(
    instance: Variant, update_fields: Collection[str] | None, **_: Any
) -> None:
    if _concerns(update_fields, VARIANT_FIELDS):
        text_documents_refresh([instance.product_id])


@receiver(post_delete, sender=Variant)
def variant_leaves_text(instance: Variant, origin: Model | QuerySet, **_: Any) -> None:
    # When the product goes with its variants, its text is gone already and must not come back.
    if _model_of(origin) is Variant:
        text_documents_refresh([instance.product_id])


@receiver(post_save, sender=Category)
def category_changes_texts(instance: Category, created: bool, **_: Any) -> None:  # noqa: FBT001
    if not created:
        text_documents_refresh(instance.products.values_list("pk", flat=True))


@receiver(pre_delete, sender=Category)
def category_notes_products(instance: Category, **_: Any) -> None:
    instance.product_ids = list(instance.products.values_list("pk", flat=True))  # type: ignore[attr-defined]


@receiver(post_delete, sender=Category)
def category_leaves_texts(instance: Category, **_: Any) -> None:
    text_documents_refresh(instance.product_ids)  # type: ignore[attr-defined]
    record_index_changes(_points(product__in=instance.product_ids), vector=False)  # type: ignore[attr-defined]
    wake.on_commit(wake.INDEX)


@receiver(bulk_changed, sender=Product)
def products_change_texts(ids: list[int], fields: Collection[str] | None, **_: Any) -> None:
    if _concerns(fields, PRODUCT_FIELDS):
        text_documents_refresh(ids)


@receiver(bulk_changed, sender=Variant)
def variants_change_texts(ids: list[int], fields: Collection[str] | None, **_: Any) -> None:
    if _concerns(fields, VARIANT_FIELDS):
        for start in range(0, len(ids), CHUNK):
            some = Variant.objects.filter(pk__in=ids[start : start + CHUNK])
            text_documents_refresh(some.order_by().values_list("product_id", flat=True))


@receiver(post_save, sender=Product)
def product_changes_approved(
    instance: Product,
    created: bool,  # noqa: FBT001
    update_fields: Collection[str] | None,
    **_: Any,
) -> None:
    if not created and _concerns(update_fields, PRODUCT_COLUMNS):
        approval_refresh([instance.pk])


@receiver(post_save, sender=Variant)
def variant_changes_approved(
    instance: Variant, update_fields: Collection[str] | None, **_: Any
) -> None:
    if _concerns(update_fields, VARIANT_COLUMNS):
        approval_refresh([instance.product_id])


@receiver(post_save, sender=Placement)
def placement_changes_approved(
    instance: Placement, update_fields: Collection[str] | None, **_: Any
) -> None:
    if _concerns(update_fields, PLACEMENT_COLUMNS):
        approval_refresh([instance.product_id])


@receiver(post_save, sender=CurrentAttribute)
def attribute_changes_approved(instance: CurrentAttribute, **_: Any) -> None:
    approval_refresh([instance.product_id])


@receiver(post_delete, sender=Variant)
@receiver(post_delete, sender=Placement)
def part_leaves_approved(instance: Variant | Placement, origin: Model | QuerySet, **_: Any) -> None:
    # What was hidden already is missed by nobody, nor is what goes with its product.
    if instance.deleted_at is None and _model_of(origin) not in {Product, Catalog}:
        approval_refresh([instance.product_id])


@receiver(post_delete, sender=Category)
def category_leaves_approved(instance: Category, **_: Any) -> None:
    approval_refresh(instance.product_ids)  # type: ignore[attr-defined]


@receiver(bulk_changed, sender=Product)
def products_change_approved(ids: list[int], fields: Collection[str] | None, **_: Any) -> None:
    if _concerns(fields, PRODUCT_COLUMNS):
        approval_refresh(ids)


@receiver(bulk_changed, sender=Variant)
@receiver(bulk_changed, sender=Placement)
@receiver(bulk_changed, sender=CurrentAttribute)
def parts_change_approved(
    sender: type[Variant | Placement | CurrentAttribute],
    ids: list[int],
    fields: Collection[str] | None,
    **_: Any,
) -> None:
    if not _concerns(fields, VARIANT_COLUMNS | PLACEMENT_COLUMNS | {"value"}):
        return
    touched: set[int] = set()
    for start in range(0, len(ids), CHUNK):
        some = sender.objects.filter(pk__in=ids[start : start + CHUNK]).order_by()
        touched.update(some.values_list("product_id", flat=True))
    approval_refresh(touched)
