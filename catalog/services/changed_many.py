"""Products, variants and attributes changed by the hundred, as a person changes one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from catalog.models import Batch, LedgerEntry, Product, Source, Variant
from catalog.services.attribute_values import CATEGORY, COLUMN_FIELDS, Definitions, clean_value
from catalog.services.audit import audit_many
from catalog.services.errors import conflict
from catalog.services.products import fields_split, product_set
from catalog.services.variants import changed_fields, variant_set
from catalog.services.written_many import Writes, products_write

Row = Product | Variant
# Columns in which no two products of a catalogue have the same.
UNIQUE: tuple[tuple[type[Row], str], ...] = ((Product, "handle"), (Variant, "sku"))


@dataclass(frozen=True)
class Said:
    """A value for an attribute of a product, or of one of its variants; None empties it."""

    product: Product
    field: str
    value: Any
    variant: int | None = None
    locale: str = ""


@dataclass
class Refusals:
    """What was not written. `rows` are to be changed one by one, which says why, or finds that it can
    be done now; they hold what was asked of them, and have to be read anew.
    """

    rows: list[Row] = field(default_factory=list)
    values: dict[int, ValidationError] = field(default_factory=dict)


@dataclass
class _Changed:
    row: Row
    changes: dict[str, list[str]]


def products_change(
    *,
    changes: Mapping[Row, Mapping[str, Any]],
    values: Sequence[Said],
    actor: Any,
    batch: Batch | None = None,
    at: datetime | None = None,
    as_it_was: bool = False,
) -> Refusals:
    """Change fields of products and variants, and give attributes values as a person, in the caller's
    transaction, who holds the products.

    Each as `product_update`, `variant_update` and `attribute_set` do it, but for statuses, in as many
    queries for many as for one. One refused row or value does no harm to the others; values that are
    refused are told by their place. `as_it_was` as for `variant_set`. Raises IntegrityError for a SKU
    or handle that somebody else has taken meanwhile.
    """
    refusals = Refusals()
    changed = _checked(changes, refusals, as_it_was=as_it_was)
    _leave_taken(changed, changes, refusals)
    entries, definitions = _entries(values, refusals, actor, batch, at or timezone.now())
    writes = Writes(entries=entries)
    for each in changed:
        if each.changes:
            writes.changed[each.row] = _columns(each.row, changes[each.row])
        if isinstance(each.row, Product) and each.changes:
            summary = ", ".join(sorted(each.changes))
            writes.updated.append((each.row, summary, each.changes))
    if changed or entries:
        products_write(writes=writes, actor=actor, definitions=definitions)
    _tell(changed, entries, actor)
    return refusals


def _columns(row: Row, fields: Mapping[str, Any]) -> set[str]:
    return {*fields, "currency"} if isinstance(row, Variant) else {*fields}


def _checked(
    changes: Mapping[Row, Mapping[str, Any]], refusals: Refusals, *, as_it_was: bool
) -> list[_Changed]:
    """The rows with what is asked of them, as far as that passes the checks."""
    found: list[_Changed] = []
    for row, fields in changes.items():
        try:
            found.append(_Changed(row, _set(row, fields, as_it_was=as_it_was)))
        except ValidationError:
            refusals.rows.append(row)
    return found


def _set(row: Row, fields: Mapping[str, Any], *, as_it_was: bool) -> dict[str, list[str]]:
    if isinstance(row, Variant):
        changes = changed_fields(row, fields)
        variant_set(row, fields, as_it_was=as_it_was)
        return changes
    plain, sold = fields_split(fields)
    if sold or "status" in plain:
        raise conflict("", "This is changed by itself.")
    return product_set(row, plain)


def _leave_taken(
    changed: list[_Changed], changes: Mapping[Row, Mapping[str, Any]], refusals: Refusals
) -> None:
    """Leave out what has a SKU or handle that another product has, or is just to have."""
    for model, name in UNIQUE:
        asked = [row for row in changes if isinstance(row, model) and name in changes[row]]
        wanted = {row: text for row in asked if (text := getattr(row, name))}
        if not wanted:
            continue
        catalogs = {row.catalog_id for row in wanted}
        standing = model._default_manager.filter(catalog__in=catalogs, deleted_at=None)  # noqa: SLF001 -- Django's public API
        there = standing.filter(**{f"{name}__in": set(wanted.values())}).order_by()
        holders: dict[str, set[int]] = {}
        for pk, text in there.values_list("pk", name):
            holders.setdefault(text, set()).add(pk)
        often = Counter(wanted.values())
        for each in [one for one in changed if one.row in wanted]:
            text = wanted[each.row]
            if often[text] > 1 or holders.get(text, set()) - {each.row.pk}:
                changed.remove(each)
                refusals.rows.append(each.row)


def _entries(
    values: Sequence[Said], refusals: Refusals, actor: Any, batch: Batch | None, at: datetime
) -> tuple[list[LedgerEntry], Definitions | None]:
    """The rows of the ledger that say it, as far as it fits the vocabulary."""
    if not values:
        return [], None
    definitions = Definitions({said.field for said in values}, _paths(values))
    cleaned: dict[tuple[str, str], list | ValidationError | None] = {}
    entries: list[LedgerEntry] = []
    for place, said in enumerate(values):
        key = (said.field, repr(said.value))
        if key not in cleaned:
            cleaned[key] = _cleaned(said, definitions)
        value = cleaned[key]
        if isinstance(value, ValidationError):
            refusals.values[place] = value
            continue
        entries.append(
            LedgerEntry(
                product=said.product,
                variant_id=said.variant,
                field=said.field,
                locale=said.locale,
                value=value,
                source=Source.PERSON,
                batch=batch,
                created_by=actor,
                created_at=at,
            )
        )
    return entries, definitions


def _paths(values: Sequence[Said]) -> set[str]:
    named = (said.value for said in values if said.field == CATEGORY and said.value)
    return {str(value[0] if isinstance(value, list) else value) for value in named}


def _cleaned(said: Said, definitions: Definitions) -> list | ValidationError | None:
    if said.field in COLUMN_FIELDS:
        return conflict(said.field, "This is no attribute: change the product's own field.")
    try:
        return clean_value(said.field, said.value, definitions)
    except ValidationError as error:
        return error


def _tell(changed: Collection[_Changed], entries: Sequence[LedgerEntry], actor: Any) -> None:
    """The audit trail, of variants and attributes; `products_write` tells of products."""
    sold = [(each.row, each.changes) for each in changed if isinstance(each.row, Variant)]
    audit_many(
        actor=actor,
        action="variant.update",
        targets=[(row.product, f"{row}: {', '.join(sorted(said))}") for row, said in sold],
        data=[said for _, said in sold],
    )
    audit_many(
        actor=actor,
        action="attribute.set",
        targets=[(entry.product, f"{entry.field} = {entry.value}") for entry in entries],
        data=[{"field": entry.field, "value": entry.value, "entry": entry.pk} for entry in entries],
    )
