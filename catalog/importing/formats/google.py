"""Feeds of Google Merchant and Meta: an item a row, and items of one group are one product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from catalog.importing.facts import KEEP, FactReader, Facts, Splits
from catalog.importing.formats.base import ReadProduct, TableFormat
from catalog.importing.tables import XML, Layout, Row
from catalog.interchange import google
from catalog.interchange.html import looks_like_html
from catalog.models import Source

_KEPT = frozenset({"attribute.category", "product.type"})
# Sizes such as "S/M" are one value.
_UNDIVIDED = frozenset(f"attribute.{name}" for name in ("size", "pattern", "gender", "age_group"))
# Of the descriptions that are there, this share has tags where they are written in HTML.
_MOSTLY = 0.3


class GoogleFormat(TableFormat):
    name = "google"
    label = "Google Merchant feed"
    rows_repeat = False
    default_mark = "."
    targets: Mapping[str, str] = google.TARGETS

    def recognises(self, layout: Layout) -> bool:
        return layout.kind == XML or google.is_google(layout.headers)

    def mapping(self, headers: Sequence[str], rows: Sequence[Row]) -> dict[str, str]:
        mapping = {header: self.targets.get(google.attribute(header), KEEP) for header in headers}
        for header, target in mapping.items():
            if target == "product.description" and _is_html(
                row.cells.get(header, "") for row in rows
            ):
                mapping[header] = "product.description_html"
        return mapping

    def always_kept(self, headers: Iterable[str]) -> set[str]:
        return {each for each in headers if self.targets.get(google.attribute(each)) in _KEPT}

    def reader(self, mapping: Mapping[str, str], marks: Mapping[str, str]) -> FactReader:
        return FactReader(
            mapping,
            marks,
            splits=Splits(values=_values, undivided=_UNDIVIDED),
            always_kept=self.always_kept(mapping),
        )

    def fields(self, product: ReadProduct, rows: list[Facts]) -> dict[str, Any]:
        fields = super().fields(product, rows)
        kind = next((facts.product["type"] for facts in rows if facts.product.get("type")), None)
        if kind and not any(facts.attributes.get("category") for facts in rows):
            rows[0].attributes["category"] = [kind]
        for name in ("title", "description"):
            text = fields.pop(f"structured_{name}", None)
            if text:
                fields[name], by_model = google.structured(text)
                if by_model:
                    product.record.written_by[name] = Source.VISION_LLM.value
        return fields

    def fill(self, product: ReadProduct, rows: list[Facts]) -> None:
        super().fill(product, rows)
        _name_differences(product)


class MetaFormat(GoogleFormat):
    name = "meta"
    label = "Meta catalogue"
    targets = google.META_TARGETS

    def recognises(self, layout: Layout) -> bool:
        return google.is_meta(layout.headers)


def _is_html(cells: Iterable[str]) -> bool:
    texts = [cell for cell in cells if cell.strip()]
    return sum(map(looks_like_html, texts)) > _MOSTLY * len(texts)


def _values(text: str) -> list[str]:
    """Materials and colours of one item are parted by slashes, the main one first."""
    return [part.strip() for part in text.split("/") if part.strip()]


def _name_differences(product: ReadProduct) -> None:
    """What the items of a group differ in is what a buyer chooses by."""
    variants = product.record.variants
    if len(variants) < 2:  # noqa: PLR2004 -- nothing to choose among
        return
    names = [
        name
        for name in google.DIFFERENCES
        if any(variant.attributes.get(name) for variant in variants)
    ]
    for variant in variants:
        for n, name in enumerate(names[:3], 1):
            values = variant.attributes.get(name)
            if values:
                variant.fields[f"option{n}_name"] = name.capitalize()
                variant.fields[f"option{n}_value"] = " / ".join(values)
