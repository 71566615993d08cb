"""What columns the products of a catalogue need, known before the first of them is read."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from catalog.describe import vocabulary
from catalog.exporting.addresses import Addresses, NoAddresses
from catalog.exporting.formats.base import Format, Writing
from catalog.interchange.records import CATEGORY, LOCALE
from catalog.models import (
    Catalog,
    CurrentAttribute,
    ForeignCells,
    LedgerEntry,
    Product,
    ProductStatus,
    Term,
    TermState,
)
from catalog.models.vocabulary import label_in
from catalog.services.attribute_values import COLUMN_FIELDS


def writing_of(
    catalog: Catalog,
    form: Format,
    *,
    columns: Iterable[str] = (),
    options: dict[str, str] | None = None,
    approved_only: bool = True,
    addresses: Addresses | None = None,
) -> Writing:
    """A file of the catalogue's products to be written, with what can stand in its columns."""
    return Writing(
        catalog=catalog,
        columns=tuple(columns),
        options=dict(options or {}),
        attributes=_names(catalog, approved_only=approved_only, of_variants=False),
        variant_attributes=_names(catalog, approved_only=approved_only, of_variants=True),
        kept=_kept_headers(catalog, form.kept) if form.kept else (),
        addresses=addresses or NoAddresses(),
        other_labels=_other_labels(catalog.language),
    )


def _other_labels(language: str) -> dict[tuple[str, str], str]:
    """Of terms that wait for a decision, were merged or decided against: products may have them yet."""
    terms = Term.objects.exclude(state=TermState.ACTIVE)
    named = terms.values_list("attribute__key", "key", "labels")
    return {(name, key): label_in(labels, language, key) for name, key, labels in named}


def _names(catalog: Catalog, *, approved_only: bool, of_variants: bool) -> tuple[str, ...]:
    """The attributes of which anything is said, as a record names them, in the vocabulary's order."""
    sayings: list[QuerySet] = [
        CurrentAttribute.objects.filter(product__catalog=catalog, product__deleted_at__isnull=True)
    ]
    if approved_only:
        # What was approved may say what is not said any more.
        changed = Product.objects.alive().filter(
            catalog=catalog, status=ProductStatus.APPROVED, changed_since_approval=True
        )
        sayings.append(LedgerEntry.objects.filter(product__in=changed))
    said: set[tuple[str, str]] = set()
    for rows in sayings:
        wanted = rows.filter(variant__isnull=not of_variants).order_by()
        said |= set(wanted.values_list("field", "locale").distinct())
    order = {key: place for place, key in enumerate(vocabulary.current().attributes)}
    fields = [each for each in said if each[0] not in COLUMN_FIELDS | {CATEGORY}]
    fields.sort(key=lambda each: (order.get(each[0], len(order)), *each))
    return tuple(field + (f"{LOCALE}{locale}" if locale else "") for field, locale in fields)


def _kept_headers(catalog: Catalog, kept: str) -> tuple[str, ...]:
    """The headers of the cells that were kept of a file format, in the order they came in."""
    rows = ForeignCells.objects.filter(
        product__catalog=catalog, product__deleted_at__isnull=True, format=kept
    )
    found: dict[str, None] = {}
    for cells in rows.order_by("pk").values_list("cells", flat=True).iterator():
        found |= dict.fromkeys(cells)
    return tuple(found)
