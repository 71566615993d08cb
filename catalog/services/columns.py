"""Fields of the ledger that are columns: what a decision wrote there, and back again.

What a person decides on a machine's title, description, price or alternative text changes the
column itself. The ledger's row keeps what stood there before and after, so that the decision can
be undone for as long as nobody else changed it.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from catalog.models import LedgerEntry, Placement, Product, Variant
from catalog.services.errors import conflict
from catalog.services.ledger import ALT_TEXT
from catalog.services.photos import placement_update
from catalog.services.products import product_update
from catalog.services.variants import VARIANT_FIELDS, variant_update

BEFORE, AFTER = 0, 1
Row = Product | Variant | Placement


def column_write(*, entry: LedgerEntry, text: str | None, actor: Any) -> dict[str, list]:
    """Write a text to the columns that the entry is about, as what people write is.

    Returns what the ledger keeps as `overwrote`. Runs in the caller's transaction, which holds the
    product. Raises ValidationError with messages by field when it does not fit there.
    """
    before = column_texts(entry)
    said: dict[str, Any] = {entry.field: text}
    if entry.field == ALT_TEXT:
        if not before:
            message = "The photo that it describes is no longer on the product."
            raise conflict(entry.field, message)
        for row in _rows(entry):
            _write_row(entry, row, text, actor)
    elif entry.variant is not None and entry.field in VARIANT_FIELDS:
        variant_update(variant=entry.variant, actor=actor, **said)
    else:
        # As stored: a text that was refused a moment ago must not be tried again with this one.
        product = Product.objects.select_related("catalog").get(pk=entry.product_id)
        product_update(product=product, actor=actor, fields=said)
    after = column_texts(entry)
    return {str(pk): [was, after[pk]] for pk, was in before.items() if pk in after}


def columns_swap(*, entries: Iterable[LedgerEntry], now: int, then: int, actor: Any) -> int:
    """Take columns from one side of what decisions overwrote to the other, `BEFORE` or `AFTER`.

    Returns in how many entries a column no longer is as it was left, or cannot be changed; it
    stays as it is. Runs in the caller's transaction, which holds the products.
    """
    return sum(not _swap(entry, now, then, actor) for entry in entries)


def _swap(entry: LedgerEntry, now: int, then: int, actor: Any) -> bool:
    rows = {row.pk: row for row in _rows(entry)}
    whole = True
    for pk, sides in entry.overwrote.items():
        row = rows.get(int(pk))
        if row is None or _text(row, entry.field) != sides[now]:
            whole = False
            continue
        try:
            with transaction.atomic():
                _write_row(entry, row, sides[then], actor)
        except ValidationError:
            whole = False
    return whole


def column_texts(entry: LedgerEntry) -> dict[int, str | None]:
    """What stands in the columns that the entry is about, by the ids of their rows."""
    return {row.pk: _text(row, entry.field) for row in _rows(entry)}


def _rows(entry: LedgerEntry) -> list[Any]:
    """The rows whose column it is. A photo may stand on a product more than once."""
    if entry.field == ALT_TEXT:
        shown = Placement.objects.alive().filter(product=entry.product_id, photo=entry.photo_id)
        return list(shown.select_related("product__catalog").order_by("pk"))
    if entry.field in VARIANT_FIELDS:
        sold = Variant.objects.alive().filter(product=entry.product_id)
        if entry.variant_id is not None:
            sold = sold.filter(pk=entry.variant_id)
        return list(sold.select_related("product__catalog").order_by("pk"))
    return list(Product.objects.filter(pk=entry.product_id).select_related("catalog"))


def _text(row: Row, field: str) -> str | None:
    return column_text(getattr(row, field))


def column_text(value: Any) -> str | None:
    """A column's value as `overwrote` keeps it."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return None if value is None else str(value)


def _write_row(entry: LedgerEntry, row: Row, text: str | None, actor: Any) -> None:
    said: dict[str, Any] = {entry.field: text}
    if isinstance(row, Placement):
        placement_update(placement=row, actor=actor, alt_text=text or "")
    elif isinstance(row, Variant):
        variant_update(variant=row, actor=actor, **said)
    else:
        product_update(product=row, actor=actor, fields=said)
