"""Which of some products a person wants the vision model to describe."""

from __future__ import annotations

from enum import StrEnum

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from catalog.models import CurrentAttribute, Placement, Product, Source, VisionTask
from prodintel.lib.work import WorkState


class Only(StrEnum):
    """A part of what was chosen."""

    ALL = "all"
    NEVER = "never"  # the vision model has described these never
    ZERO_SHOT = "zero-shot"  # something of these only zero-shot says
    FAILED = "failed"  # the last try failed for good


def part_of(products: QuerySet[Product], only: Only) -> QuerySet[Product]:
    """That part of the products, in their order."""
    if only is Only.NEVER:
        return products.filter(~Exists(_tasks().exclude(input_key="")))
    if only is Only.ZERO_SHOT:
        guessed = CurrentAttribute.objects.filter(product=OuterRef("pk"), source=Source.ZERO_SHOT)
        return products.filter(Exists(guessed))
    if only is Only.FAILED:
        return products.filter(Exists(_tasks().filter(state=WorkState.FAILED)))
    return products


def with_photos(products: QuerySet[Product]) -> QuerySet[Product]:
    """Those of the products that have a photo to describe them from."""
    return products.filter(Exists(_photos()))


def part_sizes(products: QuerySet[Product]) -> dict[Only, int]:
    """How many products each part has, in one query."""
    chosen = products.order_by().values("pk")
    counted = Product.objects.filter(pk__in=chosen).aggregate(
        **{
            only.name: Count("pk", filter=Q(pk__in=part_of(Product.objects.order_by(), only)))
            for only in Only
            if only is not Only.ALL
        },
        ALL=Count("pk"),
    )
    return {only: counted[only.name] for only in Only}


def spread(ids: list[int], count: int) -> list[int]:
    """So many of the ids, taken at even distances over all of them."""
    if len(ids) <= count:
        return list(ids)
    return [ids[place * len(ids) // count] for place in range(count)]


def waiting_among(products: QuerySet[Product]) -> int:
    """How many of the products wait for the vision model already."""
    chosen = products.order_by().values("pk")
    unfinished = [WorkState.PENDING, WorkState.RUNNING]
    return VisionTask.objects.filter(product__in=chosen, state__in=unfinished).count()


def _tasks() -> QuerySet[VisionTask]:
    return VisionTask.objects.filter(product=OuterRef("pk"))


def _photos() -> QuerySet[Placement]:
    return Placement.objects.alive().filter(product=OuterRef("pk"))
