"""The lines of the grid: products, and below those that have several variants a line for each."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.timezone import localtime

from catalog.browsing.filters import photo_count
from catalog.grid.columns import Column, Kind, Level
from catalog.grid.sheet import Sheet
from catalog.models import CurrentAttribute, Product, ProductStatus, Variant
from catalog.services.attribute_values import CATEGORY

_KEY = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,18}))?")


@dataclass(frozen=True)
class Cell:
    """What stands in a cell. `locked` is a person's own word, `inherited` the product's."""

    text: str
    locked: bool = False
    inherited: bool = False


@dataclass
class Line:
    """A row of the grid: a product's own (`variant` is None), or that of one of its variants.

    `sold` is the variant whose columns stand in it: a simple product's only one stands in its own
    row. There are no cells of columns that say nothing of the row.
    """

    product: int
    variant: int | None = None
    sold: int | None = None
    name: str = ""
    approved: bool = False
    cells: dict[str, Cell] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return line_key(self.product, self.variant)


def line_key(product: int, variant: int | None) -> str:
    return f"{product}-{variant}" if variant else str(product)


def read_key(key: str) -> tuple[int, int | None] | None:
    """The product and the variant that a row's key names; None for what is none."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    return int(match[1]), int(match[2]) if match[2] else None


def lines_of(
    sheet: Sheet, columns: Sequence[Column], product_ids: Collection[int]
) -> dict[int, list[Line]]:
    """The lines of some products with the cells of these columns, in a fixed number of queries.

    Products that are deleted, or of another catalogue, have none.
    """
    products = _products(sheet, columns, product_ids)
    variants: dict[int, list[Variant]] = {pk: [] for pk in products}
    sold = Variant.objects.alive().filter(product__in=products.keys())
    for row in sold.order_by("position", "pk"):
        variants[row.product_id].append(row)
    said = _said(columns, products.keys())
    sheet.read(columns, {row[CATEGORY] for row in products.values() if row[CATEGORY]})
    return {
        pk: _lines(sheet, columns, row, variants[pk], said.get(pk, {}))
        for pk, row in products.items()
    }


def _products(
    sheet: Sheet, columns: Sequence[Column], ids: Collection[int]
) -> dict[int, dict[str, Any]]:
    names = {each.name for each in columns if each.level == Level.PRODUCT} - {"photos"}
    rows = Product.objects.alive().filter(catalog=sheet.catalog, pk__in=ids).order_by("pk")
    if any(column.key == "product.photos" for column in columns):
        rows = rows.annotate(photo_count=photo_count())
        names |= {"photo_count"}
    found = {}
    for row in rows.values("pk", "status", "category__path", *(names - {"status"})):
        row[CATEGORY] = row.pop("category__path")
        row["photos"] = row.pop("photo_count", 0)
        found[row["pk"]] = row
    return found


_Said = dict[tuple[int | None, str, str], tuple[Any, bool]]


def _said(columns: Sequence[Column], ids: Collection[int]) -> dict[int, _Said]:
    """What counts in the attributes of these columns, by product, variant, field and language."""
    names = {each.name for each in columns if each.level == Level.ATTRIBUTE}
    found: dict[int, _Said] = {}
    if not names:
        return found
    rows = CurrentAttribute.objects.filter(product__in=ids, field__in=names).values_list(
        "product_id", "variant_id", "field", "locale", "value", "locked"
    )
    for product, variant, name, locale, value, locked in rows:
        found.setdefault(product, {})[variant, name, locale] = (value, locked)
    return found


def _lines(
    sheet: Sheet,
    columns: Sequence[Column],
    row: dict[str, Any],
    variants: Sequence[Variant],
    said: _Said,
) -> list[Line]:
    only = variants[0] if len(variants) == 1 else None
    approved = row["status"] == ProductStatus.APPROVED
    own = Line(row["pk"], sold=only.pk if only else None, approved=approved)
    for column in columns:
        if column.level == Level.PRODUCT:
            own.cells[column.key] = Cell(_fact(sheet, column, row[column.name]))
        elif column.level == Level.ATTRIBUTE:
            own.cells[column.key] = _attribute(sheet, column, row, said)
        elif only is not None:
            own.cells[column.key] = Cell(sheet.text(column, getattr(only, column.name)))
    lines = [own]
    for variant in variants if only is None else ():
        line = Line(row["pk"], variant.pk, variant.pk, variant.option_text or variant.sku, approved)
        for column in columns:
            if column.level == Level.VARIANT:
                line.cells[column.key] = Cell(sheet.text(column, getattr(variant, column.name)))
            elif column.level == Level.ATTRIBUTE and column.kind != Kind.CATEGORY:
                line.cells[column.key] = _of_variant(sheet, column, variant.pk, own, said)
        lines.append(line)
    return lines


def _attribute(sheet: Sheet, column: Column, row: dict[str, Any], said: _Said) -> Cell:
    value, locked = said.get((None, column.name, column.locale), (None, False))
    if column.kind == Kind.CATEGORY:
        value = row[CATEGORY]
    return Cell(sheet.text(column, value), locked)


def _of_variant(sheet: Sheet, column: Column, variant: int, own: Line, said: _Said) -> Cell:
    found = said.get((variant, column.name, column.locale))
    if found is None:
        return Cell(own.cells[column.key].text, inherited=True)
    return Cell(sheet.text(column, found[0]), found[1])


def _fact(sheet: Sheet, column: Column, value: Any) -> str:
    if column.name == "updated_at":
        return f"{localtime(value):%Y-%m-%d %H:%M}"
    return sheet.text(column, value)
