"""What an operation would change: found by the same reading and checking that doing it goes by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from catalog.grid.columns import GTIN, STATUS
from catalog.grid.lines import Line, lines_of
from catalog.grid.operations import Operation
from catalog.grid.sheet import FACT, NOTHING_HERE, Sheet, same
from catalog.models import GridChange, GridEdit, Product, Variant
from catalog.selectors import APPROVERS_ONLY, statuses_moved_from
from catalog.services.variants import gtin_check

UNKNOWN = "There is no such column."
# Columns in which no two products of a catalogue have the same.
SKU, HANDLE = "variant.sku", "product.handle"
TAKEN = {
    SKU: "Another product of this catalogue has this SKU.",
    HANDLE: "Another product of this catalogue has this handle.",
}
COUNTED = ("cells", "products", "refused", "locked", "approved")


def plan_some(
    edit: GridEdit, operation: Operation, sheet: Sheet, ids: Sequence[int]
) -> dict[str, int]:
    """Write down what the operation would change of these products; returns how much that is."""
    columns = sheet.known(operation.used_columns)
    changes: dict[int, GridChange] = {}
    for pk, lines in lines_of(sheet, columns, ids).items():
        change = _planned(edit, operation, sheet, pk, lines)
        if change.cells or change.refused:
            changes[pk] = change
    _refuse_taken(sheet, changes.values())
    _refuse_moves(edit, sheet, changes.values())
    GridChange.objects.bulk_create(changes.values())
    return _counts(changes.values())


def _planned(
    edit: GridEdit, operation: Operation, sheet: Sheet, product: int, lines: Sequence[Line]
) -> GridChange:
    change = GridChange(edit=edit, product_id=product, approved=lines[0].approved)
    for line, key, text in operation.texts(lines):
        try:
            after = _after(sheet, line, key, text)
            _check_gtin(line, key, after)
        except ValidationError as error:
            change.refused.append(
                {
                    "variant": line.variant,
                    "column": key,
                    "text": text,
                    "message": " ".join(error.messages),
                }
            )
            continue
        cell = line.cells[key]
        if same(after, cell.text):
            continue
        change.cells.append(
            {
                "variant": line.variant,
                "column": key,
                "before": cell.text,
                "after": after,
                "locked": cell.locked,
            }
        )
    return change


def _after(sheet: Sheet, line: Line, key: str, text: str) -> str:
    """How the cell will show the text. Raises ValidationError."""
    column = sheet.column(key)
    if column is None:
        raise ValidationError(UNKNOWN)
    if not column.editable:
        raise ValidationError(FACT)
    if key not in line.cells:
        raise ValidationError(NOTHING_HERE)
    # Browsers end the lines of what somebody typed in their own way.
    return sheet.parse(column, text.replace("\r\n", "\n"))[1]


def _check_gtin(line: Line, key: str, after: str) -> None:
    """As doing it does. Raises ValidationError."""
    if key == GTIN:
        gtin_check(line.cells[key].text, after)


def _refuse_moves(edit: GridEdit, sheet: Sheet, changes: Collection[GridChange]) -> None:
    """Move statuses that are not the person's to give to what is refused."""
    column = sheet.columns[STATUS]
    allowed: dict[str, frozenset[str]] = {}
    for change in changes:
        for cell in [each for each in change.cells if each["column"] == STATUS]:
            before, after = (sheet.parse(column, cell[side])[0] for side in ("before", "after"))
            if after not in allowed:
                allowed[after] = statuses_moved_from(edit.created_by, sheet.catalog, after)
            if before not in allowed[after]:
                _refuse(change, cell, APPROVERS_ONLY)


def _refuse(change: GridChange, cell: dict[str, Any], message: str) -> None:
    change.cells.remove(cell)
    change.refused.append(
        {
            "variant": cell["variant"],
            "column": cell["column"],
            "text": cell["after"],
            "message": message,
        }
    )


def _refuse_taken(sheet: Sheet, changes: Collection[GridChange]) -> None:
    """Move what the database would not take, since another product has it, to what is refused."""
    for column, message in TAKEN.items():
        wanted = [
            (change, cell)
            for change in changes
            for cell in change.cells
            if cell["column"] == column and cell["after"]
        ]
        if not wanted:
            continue
        holders = _holders(sheet, column, {cell["after"] for _, cell in wanted})
        often = Counter(cell["after"] for _, cell in wanted)
        for change, cell in wanted:
            others = holders.get(cell["after"], set()) - {(change.product_id, cell["variant"])}
            if others or often[cell["after"]] > 1:
                _refuse(change, cell, message)


def _holders(
    sheet: Sheet, column: str, texts: Iterable[str]
) -> dict[str, set[tuple[int, int | None]]]:
    """Which product, or variant of it, has each of these; of a simple product it is the product."""
    found: dict[str, set[tuple[int, int | None]]] = {}
    if column == HANDLE:
        products = Product.objects.alive().filter(catalog=sheet.catalog, handle__in=texts)
        for pk, handle in products.order_by().values_list("pk", "handle"):
            found.setdefault(handle, set()).add((pk, None))
        return found
    rows = Variant.objects.alive().filter(catalog=sheet.catalog, sku__in=texts)
    for pk, product, sku in rows.order_by().values_list("pk", "product_id", "sku"):
        found.setdefault(sku, set()).update({(product, pk)})
    simple = _simple({product for holders in found.values() for product, _ in holders})
    return {
        sku: {(product, None if product in simple else pk) for product, pk in holders}
        for sku, holders in found.items()
    }


def _simple(products: Collection[int]) -> set[int]:
    rows = Variant.objects.alive().filter(product__in=products).order_by()
    count = Counter(rows.values_list("product_id", flat=True))
    return {pk for pk, number in count.items() if number == 1}


def _counts(changes: Collection[GridChange]) -> dict[str, int]:
    changing = [change for change in changes if change.cells]
    return {
        "cells": sum(len(change.cells) for change in changing),
        "products": len(changing),
        "refused": sum(len(change.refused) for change in changes),
        "locked": sum(cell["locked"] for change in changing for cell in change.cells),
        "approved": sum(change.approved for change in changing),
    }


def added(counts: Iterable[dict[str, Any]], names: Iterable[str] = COUNTED) -> dict[str, int]:
    """The counts of all steps together."""
    some = list(counts)
    return {name: sum(step.get(name, 0) for step in some) for name in names}
