"""Feeds of Google Merchant and Meta: an item a row, and items of one group are one product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from catalog.channels.facts import OPTION_NAMES
from catalog.importing.facts import KEEP, FactReader, Facts, Splits
from catalog.importing.formats.base import ReadProduct, TableFormat
from catalog.importing.tables import XML, Layout, Row
from catalog.interchange import google
from catalog.interchange.html import looks_like_html
from catalog.interchange.records import VariantRecord
from catalog.models import Source

_KEPT = frozenset({"attribute.category", "product.type", google.OPTIONS})
_MOST_OPTIONS = 3
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
    meanings = google.TARGETS

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
        if title := fields.pop("group_title", None):
            fields["title"] = title
        for name in ("title", "description"):
            text = fields.pop(f"structured_{name}", None)
            if text:
                fields[name], by_model = google.structured(text)
                if by_model:
                    product.record.written_by[name] = Source.VISION_LLM.value
        return fields

    def fill(self, product: ReadProduct, rows: list[Facts]) -> None:
        super().fill(product, rows)
        attributes = product.record.attributes
        if kind := next((row.product["type"] for row in rows if row.product.get("type")), None):
            # Google's number may mean no more than a branch; the shop's own type says which twig.
            attributes["category"] = [*(attributes.get("category") or []), kind]
        said = {facts.number: facts.variant.get("options") or "" for facts in rows}
        self.name_options(
            product.record.variants,
            [google.named_values(said[each.row]) for each in product.record.variants],
        )

    def name_options(
        self, variants: Sequence[VariantRecord], said: Sequence[Mapping[str, str]]
    ) -> None:
        """What the items of a group say that a buyer chooses by; where that does not tell all of them
        apart, also what else they differ in.
        """
        if len(variants) < 2:  # noqa: PLR2004 -- nothing to choose among
            return
        told = {tuple(sorted(each.items())) for each in said}
        if len(told) < len(variants) or not all(said):
            said = [
                {**_unsaid(_differences(row), each), **each}
                for row, each in zip(variants, said, strict=True)
            ]
        _write_options(variants, said)


class MetaFormat(GoogleFormat):
    """As Google's, but that what has a column of its own is not among the options with names."""

    name = "meta"
    label = "Meta catalogue"
    targets = google.META_TARGETS
    meanings = google.META_TARGETS

    def name_options(
        self, variants: Sequence[VariantRecord], said: Sequence[Mapping[str, str]]
    ) -> None:
        if len(variants) > 1:
            pairs = zip(variants, said, strict=True)
            _write_options(
                variants, [{**_unsaid(_differences(row), each), **each} for row, each in pairs]
            )

    def recognises(self, layout: Layout) -> bool:
        return google.is_meta(layout.headers)


def _is_html(cells: Iterable[str]) -> bool:
    texts = [cell for cell in cells if cell.strip()]
    return sum(map(looks_like_html, texts)) > _MOSTLY * len(texts)


def _values(text: str) -> list[str]:
    """Materials and colours of one item are parted by slashes, the main one first."""
    return [part.strip() for part in text.split("/") if part.strip()]


def _differences(variant: VariantRecord) -> dict[str, str]:
    """What of a variant is not so of all of its group, by names for people."""
    return {
        name.replace("_", " ").capitalize(): " / ".join(values)
        for name in google.DIFFERENCES
        if (values := variant.attributes.get(name))
    }


def _unsaid(differences: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    """The differences but for those that are said already, by whatever name."""
    names = {name.casefold() for name in said}
    return {
        name: value
        for name, value in differences.items()
        if names.isdisjoint(OPTION_NAMES.get(name.casefold(), {name.casefold()}))
    }


def _write_options(variants: Sequence[VariantRecord], said: Sequence[Mapping[str, str]]) -> None:
    # In the order of the one that says most: others may lack one in the middle.
    most = sorted(said, key=len, reverse=True)
    names = list(dict.fromkeys(name for each in most for name in each))
    for variant, values in zip(variants, said, strict=True):
        for n, name in enumerate(names[:_MOST_OPTIONS], 1):
            if name in values:
                variant.fields[f"option{n}_name"] = name
                variant.fields[f"option{n}_value"] = values[name]
