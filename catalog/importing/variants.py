"""Which variant of a product each row of a file is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from catalog.interchange.records import VariantRecord
from catalog.interchange.shopify import UNNAMED_OPTION
from catalog.models import Variant

Pair = tuple[VariantRecord, Variant | None]


def variants_paired(records: Sequence[VariantRecord], there: Sequence[Variant]) -> list[Pair]:
    """Each record with the variant that it is about, None for a new one, in the records' order.

    By SKU, then by GTIN, then by options, as far as they name one; a product's only variant is the
    file's only one, unless both have SKUs or options of their own.
    """
    found: dict[int, Variant] = {}
    free = list(there)
    for name_of_record, name_of_row in _NAMES:
        by_name: dict[object, list[Variant]] = {}
        for row in free:
            if name := name_of_row(row):
                by_name.setdefault(name, []).append(row)
        for number, record in enumerate(records):
            if number in found:
                continue
            rows = by_name.get(name_of_record(record), [])
            if len(rows) == 1:
                found[number] = rows.pop()
        taken = {row.pk for row in found.values()}
        free = [row for row in free if row.pk not in taken]
    if len(records) == len(there) == 1 and not found and _is_plain(records[0], there[0]):
        found[0] = there[0]
    return [(record, found.get(number)) for number, record in enumerate(records)]


def options_named(records: Sequence[VariantRecord], there: Sequence[Variant]) -> None:
    """Call options whose names the file does not tell what the product calls them."""
    for n in (1, 2, 3):
        field = f"option{n}_name"
        name = next((getattr(row, field) for row in there if getattr(row, field)), "")
        for record in records:
            if name and record.fields.get(field) == UNNAMED_OPTION.format(n):
                record.fields[field] = name


def options_told_apart(records: Sequence[VariantRecord]) -> list[tuple[int, str, str]]:
    """Number options of a variant that have the same name ("Size", "Size 2"), since a product's options
    are told by their names. Returns (which of the three, its name, what it is called now) once each.
    """
    renamed: dict[tuple[int, str], str] = {}
    for record in records:
        taken: set[str] = set()
        for n in (1, 2, 3):
            field = f"option{n}_name"
            name = record.fields.get(field) or ""
            if not name:
                continue
            number, own = 1, name
            while own.casefold() in taken:
                number += 1
                own = f"{name} {number}"
            taken.add(own.casefold())
            if own != name:
                record.fields[field] = own
                renamed[n, name] = own
    return [(n, name, own) for (n, name), own in renamed.items()]


def _options(record: VariantRecord) -> tuple[str, ...]:
    values = tuple((record.fields.get(f"option{n}_value") or "").casefold() for n in (1, 2, 3))
    return values if any(values) else ()


def _row_options(row: Variant) -> tuple[str, ...]:
    values = tuple(getattr(row, f"option{n}_value").casefold() for n in (1, 2, 3))
    return values if any(values) else ()


_NAMES: tuple[tuple[Callable[[VariantRecord], object], Callable[[Variant], object]], ...] = (
    (lambda record: record.fields.get("sku") or "", lambda row: row.sku),
    (
        lambda record: (record.fields.get("gtin") or "").lstrip("0"),
        lambda row: row.gtin.lstrip("0"),
    ),
    (_options, _row_options),
)


def _is_plain(record: VariantRecord, row: Variant) -> bool:
    """Whether the two may be one: neither says in options that it is something else."""
    return not _options(record) or not _row_options(row)
