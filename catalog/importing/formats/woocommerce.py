"""WooCommerce's product CSV: a row a product, and a row a variation that names its parent.

It names attributes in cells. Those that say something of the product are made columns of their own
("Attribute: Material"); those by which a buyer chooses become options.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from catalog.importing.attribute_names import attribute_of
from catalog.importing.facts import KEEP, FactReader, Facts, Splits
from catalog.importing.formats.base import ReadProduct, TableFormat
from catalog.importing.tables import CSV, Layout, Row
from catalog.interchange import woocommerce as woo

_MAX_ATTRIBUTES = 60
# Values of the columns that attributes are made into.
_PARTED = " | "
_KEPT = frozenset({"attribute.category", "variant.type", "variant.stock", "variant.oversell"})
_OPTIONS = {
    f"Option {n} {part}": f"variant.option{n}_{part}"
    for n in (1, 2, 3)
    for part in ("name", "value")
}


class WooCommerceFormat(TableFormat):
    name = "woocommerce"
    label = "WooCommerce products"
    rows_repeat = False
    default_mark = "."

    def recognises(self, layout: Layout) -> bool:
        return woo.is_woocommerce(layout.headers)

    def is_guarded(self, layout: Layout) -> bool:
        return layout.kind == CSV

    def headers(self, layout: Layout, rows: Sequence[Row]) -> list[str]:
        made: dict[str, None] = {}
        for row in rows:
            made.update(dict.fromkeys(row.cells))
        return list(dict.fromkeys([*layout.headers, *made]))

    def mapping(self, headers: Sequence[str], rows: Sequence[Row]) -> dict[str, str]:  # noqa: ARG002 -- the headers say it all
        return {header: _target(header) for header in headers}

    def always_kept(self, headers: Iterable[str]) -> set[str]:
        return {header for header in headers if _target(header) in _KEPT}

    def reader(self, mapping: Mapping[str, str], marks: Mapping[str, str]) -> FactReader:
        # A product stands in one category here: in the first that the file names, or one below it.
        splits = Splits(
            values=lambda cell: [value for value in cell.split(_PARTED) if value],
            tags=woo.split,
            photos=woo.split,
            category=woo.split,
        )
        return FactReader(mapping, marks, splits=splits, always_kept=self.always_kept(mapping))

    def prepare(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            if not row.is_refused:
                _prepare(row)
            yield row

    def is_variant(self, facts: Facts) -> bool:
        return _kind(facts.variant.get("type") or "") != woo.VARIABLE

    def fill(self, product: ReadProduct, rows: list[Facts]) -> None:
        for facts in rows:
            if _kind(facts.variant.get("type") or "") == woo.VARIATION:
                # A variation repeats what its parent says, with its options added to the name.
                facts.product, facts.attributes = {}, {}
            else:
                _without_options(facts, rows)
        super().fill(product, rows)

    def add_variants(self, product: ReadProduct, rows: list[Facts]) -> None:
        super().add_variants(product, rows)
        if all(not self.is_variant(facts) for facts in rows):
            product.record.variants = []
            for facts in rows:
                product.record.extra |= facts.extra


def _without_options(facts: Facts, rows: list[Facts]) -> None:
    """A variable product lists what its variations are chosen by; that says nothing of itself.

    Where the variations stand elsewhere in the file, several values are taken for such a list.
    """
    if facts.variant.get("type") is None or _kind(facts.variant["type"] or "") != woo.VARIABLE:
        return
    names = {each.variant.get(f"option{n}_name") for each in rows for n in (1, 2, 3)} - {None}
    chosen = {attribute_of(name) for name in names if name}
    for key, values in list(facts.attributes.items()):
        if key in chosen or (not names and key != "category" and len(values or ()) > 1):
            del facts.attributes[key]
    for name in names:
        facts.extra.pop(f"{woo.ATTRIBUTE}{name}", None)


def _target(header: str) -> str:
    if known := woo.target(header):
        return known
    if header.startswith(woo.ATTRIBUTE):
        key = attribute_of(header.removeprefix(woo.ATTRIBUTE))
        return f"attribute.{key}" if key else KEEP
    return _OPTIONS.get(header, KEEP)


def _kind(text: str) -> str:
    """The kind of product among those that a cell may name, such as "simple, virtual"."""
    kinds = {part.strip().casefold() for part in text.split(",")}
    return next((kind for kind in (woo.VARIATION, woo.VARIABLE) if kind in kinds), woo.SIMPLE)


def _prepare(row: Row) -> None:
    cells = {header.strip().casefold(): header for header in row.cells}

    def cell(name: str) -> str:
        return row.cells.get(cells.get(name, ""), "").strip()

    kind = _kind(cell("type"))
    if kind != woo.VARIATION:
        own = cell("sku") or (f"id:{cell('id')}" if cell("id") else "")
        row.cells[cells.get("parent", "Parent")] = own
    if kind == woo.VARIABLE and cell("sku"):
        row.cells[woo.PARENT_SKU] = cell("sku")
        row.cells[cells["sku"]] = ""
    for name in ("description", "short description"):
        if name in cells:
            # The exporter writes line breaks so.
            row.cells[cells[name]] = row.cells[cells[name]].replace("\\r", "").replace("\\n", "\n")
    _prepare_attributes(row, kind)


def _prepare_attributes(row: Row, kind: str) -> None:
    parts: dict[int, dict[str, str]] = {}
    for header, text in row.cells.items():
        if found := woo.attribute_part(header):
            parts.setdefault(found[0], {})[found[1]] = text.strip()
    options = 0
    for _, attribute in sorted(parts.items())[:_MAX_ATTRIBUTES]:
        name, values = attribute.get("name", ""), woo.split(attribute.get("value(s)", ""))
        if not name or not values:
            continue
        if kind == woo.VARIATION:
            options += 1
            if options <= 3:  # noqa: PLR2004 -- as many as a variant has
                row.cells[f"Option {options} name"] = name
                row.cells[f"Option {options} value"] = values[0]
        else:
            row.cells[woo.ATTRIBUTE + name] = _PARTED.join(values)
