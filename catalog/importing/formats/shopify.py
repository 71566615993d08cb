"""Shopify's product CSV: the first row of a handle says the product, each row may say a variant and
a photo, and rows with a photo alone follow.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from catalog.importing.attribute_names import attribute_of
from catalog.importing.facts import KEEP, FactReader, Facts
from catalog.importing.formats.base import ReadProduct, TableFormat, folded_key
from catalog.importing.tables import Layout, Row
from catalog.interchange import shopify
from catalog.interchange.records import PhotoRecord, Problem, VariantRecord

_NO_POSITION = 1_000_000
_REMEMBERED = 20_000
# The cells of these say more than what they mean here, and are written back as they are.
_KEPT = frozenset(
    {"attribute.category", "product.type", "product.status", "variant.stock", "variant.oversell"}
    | {"attribute.gender", "attribute.age_group", "photo.of_variant", "variant.tracked"}
)


class _OptionReader(FactReader):
    """Carries the names of options, which only a product's first row has, to its other rows."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # By product, for rows that do not stand together; those of long ago are forgotten.
        self._names: OrderedDict[str, dict[int, str]] = OrderedDict()

    def facts(self, row: Row) -> Facts:
        facts = super().facts(row)
        key = folded_key(facts.product.get("handle") or "")
        names = self._names.setdefault(key, {}) if key else {}
        self._name(facts, names)
        if len(self._names) > _REMEMBERED:
            self._names.popitem(last=False)
        return facts

    def _name(self, facts: Facts, names: dict[int, str]) -> None:
        variant = facts.variant
        if variant.get("option1_value") == shopify.NO_OPTION_VALUE:
            variant |= {"option1_name": None, "option1_value": None}
        for n in (1, 2, 3):
            name, value = f"option{n}_name", f"option{n}_value"
            given = variant.get(name) or names.get(n)
            if variant.get(value):
                names[n] = variant[name] = given or self._invented(facts, n)
            elif name in variant:
                variant[name] = None
                if given:
                    names[n] = given

    def _invented(self, facts: Facts, n: int) -> str:
        name = shopify.UNNAMED_OPTION.format(n)
        header = self.header(f"variant.option{n}_name")
        message = (
            f"Option {n} has the value “{facts.variant[f'option{n}_value']}” and no name. It is called "
            f"“{name}”; write its name, such as Colour, in the product's first row."
        )
        facts.problems.append(Problem(facts.number, header, message, "warning"))
        return name


class ShopifyFormat(TableFormat):
    name = "shopify"
    label = "Shopify products"
    photos_by_row = False
    rows_repeat = False
    default_mark = "."

    def recognises(self, layout: Layout) -> bool:
        return shopify.is_shopify(layout.headers)

    def mapping(self, headers: Sequence[str], rows: Sequence[Row]) -> dict[str, str]:  # noqa: ARG002 -- the headers say it all
        return {header: _target(header) for header in headers}

    def always_kept(self, headers: Iterable[str]) -> set[str]:
        return {
            header
            for header in headers
            if shopify.metafield(header)
            or ((column := shopify.column(header)) and column.target in _KEPT)
        }

    def reader(self, mapping: Mapping[str, str], marks: Mapping[str, str]) -> FactReader:
        return _OptionReader(mapping, marks, always_kept=self.always_kept(mapping))

    def key(self, facts: Facts) -> str:
        return facts.product.get("handle") or facts.key or facts.variant.get("sku") or ""

    def fill(self, product: ReadProduct, rows: list[Facts]) -> None:
        first, *others = rows
        if not first.product.get("handle"):
            message = "This row has no handle, so it is a product of its own. Give it the handle of its product."
            product.problems.append(Problem(first.number, "Handle", message, "warning"))
        # Only the first row speaks of the product: elsewhere these cells are blank, or repeat it.
        for facts in others:
            facts.product = {name: value for name, value in facts.product.items() if value}
            facts.attributes = {}
        super().fill(product, rows)
        self._add_categories(product, first)

    @staticmethod
    def _add_categories(product: ReadProduct, first: Facts) -> None:
        """Have Google's category and the type say it more closely, or where Shopify's says nothing."""
        attributes = product.record.attributes
        said = list(attributes.get("category") or [])
        if said:
            said += [text for header, text in first.extra.items() if _is_category(header)]
        if kind := first.product.get("type"):
            said.append(kind)
        if said:
            attributes["category"] = list(dict.fromkeys(said))

    def is_variant(self, facts: Facts) -> bool:
        told = {name: value for name, value in facts.variant.items() if not name.endswith("_name")}
        return any(told.values()) or any(facts.variant_attributes.values())

    def variant(self, facts: Facts) -> VariantRecord:
        variant = super().variant(facts)
        variant.extra = {
            h: t for h, t in facts.extra.items() if shopify.level(h) != shopify.PRODUCT
        }
        return variant

    def add_variants(self, product: ReadProduct, rows: list[Facts]) -> None:
        super().add_variants(product, rows)
        extra = product.record.extra
        for facts in rows:
            for header, text in facts.extra.items():
                if shopify.level(header) == shopify.PRODUCT:
                    extra.setdefault(header, text)

    def add_photos(self, product: ReadProduct, rows: list[Facts]) -> None:
        # Shopify's own count says the order; what has none follows in the order of the rows.
        super().add_photos(product, sorted(rows, key=_position))
        record = product.record
        by_source = {photo.source: photo for photo in record.photos}
        variants = {variant.row: variant for variant in record.variants}
        for facts in rows:
            variant, source = variants.get(facts.number), facts.photo_of_variant
            if variant is None or not source:
                continue
            photo = by_source.get(source)
            if photo is None:
                photo = by_source[source] = PhotoRecord(source=source)
                record.photos.append(photo)
            if not photo.variant and len(record.variants) > 1:
                photo.variant = variant.name


def _target(header: str) -> str:
    if column := shopify.column(header):
        return column.target
    if found := shopify.metafield(header):
        key = attribute_of(found.key) or attribute_of(found.label)
        if key:
            group = "variant_attribute" if found.owner == shopify.VARIANT else "attribute"
            return f"{group}.{key}"
    return KEEP


def _is_category(header: str) -> bool:
    column = shopify.column(header)
    return column is not None and column.target == "attribute.category"


def _position(facts: Facts) -> int:
    for text in facts.positions:
        if text.isdigit():
            return int(text)
    return _NO_POSITION
