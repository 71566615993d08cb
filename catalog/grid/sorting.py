"""Products in the order of a column, as far as the database can tell it."""

from __future__ import annotations

from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery, Value
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import NullIf

from catalog.browsing.filters import photo_count
from catalog.grid.columns import Column, Kind, Level
from catalog.models import CurrentAttribute, Product, Variant
from catalog.services.attribute_values import CATEGORY

DESCENDING = "-"
_UNORDERED = {"product.tags", "product.description"}
_TEXTS = {Kind.TEXT, Kind.LONG_TEXT, Kind.CHOICE}


def is_sortable(column: Column) -> bool:
    return column.key not in _UNORDERED


def in_order_of(
    products: QuerySet[Product], column: Column, *, descending: bool
) -> QuerySet[Product]:
    """The products by what a column says, those of which it says nothing last. Of several variants
    the first one's counts, of several values the first.
    """
    value = _value(column)
    if column.level != Level.ATTRIBUTE and column.kind in _TEXTS:
        value = NullIf(value, Value(""))
    ordered = products.alias(in_order=value)
    by = F("in_order")
    place = by.desc(nulls_last=True) if descending else by.asc(nulls_last=True)
    return ordered.order_by(place, "pk")


def _value(column: Column) -> Any:
    if column.key == "product.photos":
        return photo_count()
    if column.level == Level.PRODUCT:
        return F(column.name)
    if column.level == Level.VARIANT:
        sold = Variant.objects.alive().filter(product=OuterRef("pk")).order_by("position", "pk")
        return Subquery(sold.values(column.name)[:1])
    if column.name == CATEGORY:
        return F("category__path")
    said = CurrentAttribute.objects.filter(
        product=OuterRef("pk"), variant=None, field=column.name, locale=column.locale
    )
    return Subquery(said.annotate(first=KeyTransform("0", "value")).values("first")[:1])
