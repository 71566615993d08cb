"""Work and outbox rows, written in the transaction of the change that needs them. Nothing else.

Bulk writes do not send signals: `IndexedQuerySet` does the same for them.
"""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from catalog.ingest import wake
from catalog.models import (
    Category,
    CurrentAttribute,
    DescribeTask,
    Embedding,
    EmbeddingSpace,
    EmbedTask,
    FileRemoval,
    Photo,
    Placement,
    Product,
    SpaceState,
    Variant,
)
from catalog.models.outbox import record_index_changes


def _points(**where: Any) -> list[int]:
    return list(Placement.objects.filter(**where).values_list("pk", flat=True))


@receiver(post_save, sender=Photo)
def photo_wants_embedding(instance: Photo, created: bool, **_: Any) -> None:  # noqa: FBT001 -- Django's signature
    if created:
        spaces = EmbeddingSpace.objects.exclude(state=SpaceState.RETIRED)
        EmbedTask.objects.bulk_create(
            [EmbedTask(photo=instance, space=space) for space in spaces], ignore_conflicts=True
        )
        wake.on_commit(wake.EMBED)


@receiver(post_delete, sender=Photo)
def photo_files_must_go(instance: Photo, **_: Any) -> None:
    names = [name for name in (instance.file.name, instance.working_copy.name) if name]
    FileRemoval.objects.bulk_create(
        [FileRemoval(name=name) for name in names], ignore_conflicts=True
    )
    wake.on_commit(wake.JOBS)


@receiver(post_save, sender=Placement)
def placement_changes_point(instance: Placement, created: bool, **_: Any) -> None:  # noqa: FBT001
    record_index_changes([instance.pk], vector=True)
    if created:
        DescribeTask.objects.get_or_create(product_id=instance.product_id)
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
        record_index_changes(_points(product=instance.pk), vector=instance.deleted_at is None)
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
