"""What a catalogue holds of the products that some records may be about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog.importing.options import GTIN, HANDLE, SKU
from catalog.interchange.records import ProductRecord
from catalog.models import (
    Catalog,
    CurrentAttribute,
    ForeignCells,
    ImportItem,
    ItemState,
    Product,
    Variant,
)

GTIN_LENGTHS = (8, 12, 13, 14)
WORDS = {SKU: "SKU", GTIN: "GTIN", HANDLE: "handle"}
# Of whom a value is: a variant or the product itself, a field, a language.
Place = tuple[int | None, str, str]


class Ambiguous(Exception):  # noqa: N818 -- the state of the record is the name
    """A record names several products; the message says which."""


@dataclass
class Present:
    """A product as it stands, and what imports wrote to its columns, by their names."""

    product: Product
    variants: list[Variant] = field(default_factory=list)
    attributes: dict[Place, CurrentAttribute] = field(default_factory=dict)
    cells: dict[int | None, ForeignCells] = field(default_factory=dict)
    wrote: dict[str, Any] = field(default_factory=dict)


class Known:
    """Finds the product that a record is about, in a fixed number of queries for many records."""

    def __init__(self, catalog: Catalog, records: Collection[ProductRecord]) -> None:
        self._catalog = catalog
        skus = {text for each in records for text in named(each, SKU)}
        gtins = {form for each in records for text in named(each, GTIN) for form in forms(text)}
        handles = {text for each in records for text in named(each, HANDLE)}
        # Without what is said of blank codes SQLite would not look these up by their indexes.
        sold = Variant.objects.alive().filter(catalog=catalog).order_by()
        self.by_sku: dict[str, int] = dict(
            sold.filter(sku__in=skus).exclude(sku="").values_list("sku", "product_id")
            if skus
            else ()
        )
        self._by_gtin: dict[str, set[int]] = defaultdict(set)
        if gtins:
            marked = sold.filter(gtin__in=gtins).exclude(gtin="")
            for gtin, pk in marked.values_list("gtin", "product_id"):
                self._by_gtin[gtin.lstrip("0")].add(pk)
        self.by_handle: dict[str, int] = {}
        # What people call the products of these handles.
        self.titles: dict[int, str] = {}
        for handle, pk, title in handles_in(catalog, handles):
            self.by_handle[handle], self.titles[pk] = pk, title or handle

    def match(self, record: ProductRecord, order: Sequence[str]) -> int | None:
        """The product's id, by the first of these that names one. Raises Ambiguous."""
        for kind in order:
            found = self._found(record, kind)
            if len(found) > 1:
                names = ", ".join(
                    str(product)
                    for product in Product.objects.filter(pk__in=sorted(found)[:3]).order_by("pk")
                )
                message = f"Its {WORDS[kind]}s belong to several products ({names}). Give each its own row."
                raise Ambiguous(message)
            if found:
                return found.pop()
        return None

    def named_by(self, record: ProductRecord, order: Sequence[str]) -> tuple[str, str] | None:
        """By what `match` finds the product, and which one: SKU, GTIN or handle."""
        for kind in order:
            for text in sorted(named(record, kind)):
                if self._of(kind, text):
                    return kind, text
        return None

    def _found(self, record: ProductRecord, kind: str) -> set[int]:
        return {pk for text in named(record, kind) for pk in self._of(kind, text)}

    def _of(self, kind: str, text: str) -> set[int]:
        """The products that one SKU, GTIN or handle names."""
        if kind == GTIN:
            return self._by_gtin.get(text.lstrip("0"), set())
        found = (self.by_sku if kind == SKU else self.by_handle).get(text)
        return set() if found is None else {found}


def handles_in(catalog: Catalog, handles: Collection[str]) -> list[tuple[str, int, str]]:
    """The products of a catalogue that have one of these handles: the handle, the id, the title."""
    if not handles:
        return []
    # By their handles alone: asked for the catalogue as well, SQLite reads all of its products.
    rows = Product.objects.alive().filter(handle__in=handles).order_by()
    found = rows.values_list("catalog_id", "handle", "pk", "title")
    return [(handle, pk, title) for owner, handle, pk, title in found if owner == catalog.pk]


def named(record: ProductRecord, kind: str) -> set[str]:
    """The SKUs, GTINs or the handle that a record names."""
    if kind == HANDLE:
        handle = record.fields.get("handle")
        return {handle} if handle else set()
    texts = ((variant.fields.get(kind) or "").strip() for variant in record.variants)
    # A GTIN of zeros is none.
    return {text for text in texts if (text if kind == SKU else text.strip("0"))}


def catalog_keys(catalog: Catalog) -> dict[str, str]:
    """The catalogue's handles by SKU and handle: what names of photos are matched with."""
    alive = Product.objects.alive().filter(catalog=catalog).order_by()
    found = {handle: handle for handle in alive.values_list("handle", flat=True).iterator()}
    sold = Variant.objects.alive().filter(catalog=catalog, product__in=alive).exclude(sku="")
    return found | dict(sold.order_by().values_list("sku", "product__handle").iterator())


def forms(gtin: str) -> set[str]:
    """The ways in which one GTIN may be written: with and without leading zeros."""
    plain = gtin.lstrip("0")
    return {gtin, plain, *(plain.zfill(length) for length in GTIN_LENGTHS)}


def present(product_ids: Iterable[int], file_format: str) -> dict[int, Present]:
    """Products that are not deleted, by their ids; a fixed number of queries."""
    ids = sorted(set(product_ids))
    found = {
        row.pk: Present(row)
        for row in Product.objects.alive().filter(pk__in=ids).select_related("catalog", "category")
    }
    for variant in Variant.objects.alive().filter(product__in=found).order_by("position", "pk"):
        variant.product = found[variant.product_id].product
        found[variant.product_id].variants.append(variant)
    rows = CurrentAttribute.objects.filter(product__in=found).select_related("entry")
    for row in rows:
        place = (row.variant_id, row.field, row.locale)
        found[row.product_id].attributes[place] = row
    for cells in ForeignCells.objects.filter(product__in=found, format=file_format):
        found[cells.product_id].cells[cells.variant_id] = cells
    for pk, wrote in _wrote(found).items():
        found[pk].wrote = wrote
    return found


def _wrote(ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """What imports wrote last to the columns of products and was not undone."""
    written = (ItemState.CREATED, ItemState.UPDATED, ItemState.KEPT)
    rows = ImportItem.objects.filter(product__in=ids, state__in=written)
    # Which file came first says nothing of which was imported last: its batch does.
    rows = rows.order_by("source__batch_id", "pk")
    return dict(rows.values_list("product_id", "wrote"))
