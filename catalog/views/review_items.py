"""Suggestions as templates show them: what is suggested, what counts now, what else there is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse

from catalog import reviews
from catalog.models import (
    AttributeDefinition,
    AttributeKind,
    Catalog,
    Category,
    CurrentAttribute,
    LedgerEntry,
    Placement,
    Source,
    Term,
    TermState,
)
from catalog.services.attribute_values import CATEGORY, CHOICES, COLUMN_FIELDS
from catalog.services.reviewing import ALT_TEXT, MONEY_COLUMNS, PRODUCT_COLUMNS
from catalog.views import present
from catalog.views.provenance import run_url, text_changes, tool_name

PHOTO_WIDTHS = (480, 960)
SHOWN_PHOTOS = 6
# As many as there are keys for them.
ALTERNATIVES = 9
FIELD_LABELS = {
    "title": "Title",
    "description": "Description",
    "brand": "Brand",
    ALT_TEXT: "Alternative text",
    "price": "Price",
    "compare_at_price": "Compare-at price",
    "cost": "Cost",
    CATEGORY: "Category",
}
LONG_TEXTS = frozenset({"description", ALT_TEXT})


class Vocabulary:
    """Fields, values and categories in words of one language, read once for a whole page."""

    def __init__(self, language: str = "en") -> None:
        self._language = language
        terms = Prefetch("terms", Term.objects.prefetch_related("categories"))
        rows = AttributeDefinition.objects.prefetch_related(terms)
        self.definitions = {row.key: row for row in rows}
        self.categories = {row.path: row for row in Category.objects.all()}
        self._terms = {
            row.key: {term.key: term for term in row.terms.all()}
            for row in self.definitions.values()
        }

    def field(self, key: str) -> str:
        if key in FIELD_LABELS:
            return FIELD_LABELS[key]
        definition = self.definitions.get(key)
        return (
            definition.label(self._language) if definition else key.replace("_", " ").capitalize()
        )

    def value(self, field: str, value: Any) -> str:
        if field == CATEGORY:
            return self.trail(str(value))
        term = self._terms.get(field, {}).get(str(value))
        if term is not None:
            return term.label(self._language)
        if isinstance(value, bool):
            return "Yes" if value else "No"
        unit = self.definitions[field].unit if field in self.definitions else ""
        return present.measured(value, unit)

    def values(self, field: str, values: list | None) -> list[dict[str, Any]]:
        """For chips: label, value, and the colour's own colour."""
        return [
            {
                "value": value,
                "label": self.value(field, value),
                "hex": present.color_hex(field, value),
                "proposed": self._is_proposed(field, value),
            }
            for value in values or []
        ]

    def trail(self, path: str) -> str:
        """A category with what it lies in: Clothing › Dresses."""
        steps = path.split("/")
        paths = ["/".join(steps[: n + 1]) for n in range(len(steps))]
        known = [
            self.categories[each].label(self._language) for each in paths if each in self.categories
        ]
        return " › ".join(known) or path

    def _is_proposed(self, field: str, value: Any) -> bool:
        term = self._terms.get(field, {}).get(str(value))
        return term is not None and term.state == TermState.PROPOSED

    def control(self, field: str) -> str:
        """How a value of the field is chosen: "one", "many", "text", "long", "number"."""
        if field in LONG_TEXTS:
            return "long"
        if field == CATEGORY:
            return "one"
        kind = self.definitions[field].kind if field in self.definitions else AttributeKind.TEXT
        if field in MONEY_COLUMNS:
            return "number"
        return {
            AttributeKind.CHOICE: "one",
            AttributeKind.BOOLEAN: "one",
            AttributeKind.MULTI_CHOICE: "many",
            AttributeKind.NUMBER: "number",
        }.get(AttributeKind(kind), "text")

    def is_open(self, field: str) -> bool:
        """Whether values may be given that no list has."""
        definition = self.definitions.get(field)
        return definition is not None and definition.kind in CHOICES and not definition.closed

    def options(self, field: str, path: str) -> list[dict[str, str]]:
        """What a value of the field can be on products of a category, in the vocabulary's order."""
        if field == CATEGORY:
            return [
                {"value": each, "label": self.trail(each), "hex": ""}
                for each, category in self.categories.items()
                if category.offered
            ]
        definition = self.definitions.get(field)
        if definition is None:
            return []
        if definition.kind == AttributeKind.BOOLEAN:
            return [
                {"value": "true", "label": "Yes", "hex": ""},
                {"value": "false", "label": "No", "hex": ""},
            ]
        if definition.kind not in CHOICES:
            return []
        return [
            {
                "value": t.key,
                "label": t.label(self._language),
                "hex": present.color_hex(field, t.key),
            }
            for t in definition.terms.all()
            if t.state == TermState.ACTIVE and self._fits(t, path)
        ]

    @staticmethod
    def _fits(term: Term, path: str) -> bool:
        places = [category.path for category in term.categories.all()]
        return (
            not places
            or not path
            or any(path == place or path.startswith(f"{place}/") for place in places)
        )


def items(ids: Sequence[int], catalog: Catalog, vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """Suggestions for catalog/_review_item.html, in as many queries for many as for one."""
    rows = reviews.entries(ids, catalog)
    photos = _photos(rows)
    current = reviews.current_values(rows)
    others = reviews.other_words(rows)
    return [
        _item(row, vocabulary, photos.get(row.product_id, []), current.get(row.pk), others[row.pk])
        for row in rows
    ]


def _item(
    row: LedgerEntry,
    vocabulary: Vocabulary,
    placements: list[Placement],
    current: CurrentAttribute | None,
    others: list[LedgerEntry],
) -> dict[str, Any]:
    product = row.product
    path = product.category.path if product.category else ""
    texts = row.field in COLUMN_FIELDS or vocabulary.control(row.field) in {"text", "long"}
    suggested = vocabulary.values(row.field, row.value)
    shown: dict[str, Any] = {
        "id": row.pk,
        "field": row.field,
        "field_label": vocabulary.field(row.field),
        "locale": row.locale,
        "title": product.title or "Untitled product",
        "url": product.get_absolute_url(),
        "variant": str(row.variant) if row.variant else "",
        "category": vocabulary.trail(path) if path else "",
        "photos": _shown_photos(row, placements),
        "suggested": suggested,
        "text": str(row.value[0]) if texts and row.value else "",
        "is_text": texts,
        "proposed": [value["label"] for value in suggested if value["proposed"]],
        "terms_url": reverse("catalog:terms", args=[product.catalog.slug]),
        "source": row.source,
        "said_by": tool_name(row) if row.source == Source.TOOL else "",
        "run_url": run_url(row, product.catalog),
        "confidence": row.confidence,
        "own_word": _own_word(row),
        "weighed": _weighed(row.evidence),
        "control": vocabulary.control(row.field),
        "values_json": json.dumps(row.value or []),
        "open": vocabulary.is_open(row.field),
        "options_key": f"{row.field}|{path}",
        "options": vocabulary.options(row.field, path),
        "now": _now(row, vocabulary, current, placements),
        "others": _others(vocabulary, others),
    }
    shown["alternatives"] = _alternatives(row, shown["options"], others)
    now = shown["now"]["text"]
    shown["diff"] = text_changes(now, shown["text"]) if texts and now else []
    return shown


def _own_word(row: LedgerEntry) -> float | None:
    """What a machine says of itself, where that reads otherwise than the confidence."""
    said = row.said_confidence
    if said is None or (row.confidence is not None and f"{said:.0%}" == f"{row.confidence:.0%}"):
        return None
    return said


def _photos(rows: Iterable[LedgerEntry]) -> dict[int, list[Placement]]:
    """The photos of the products, the main one first."""
    standing = Placement.objects.alive().filter(product__in={row.product_id for row in rows})
    found: dict[int, list[Placement]] = {}
    for placement in standing.select_related("photo", "product").order_by("position", "pk"):
        found.setdefault(placement.product_id, []).append(placement)
    for placements in found.values():
        placements.sort(key=lambda placement: placement.role != "main")
    return found


def _shown_photos(row: LedgerEntry, placements: list[Placement]) -> list[dict[str, Any]]:
    """The product's photos; the one that the suggestion is about alone, or first."""
    meant = [placement for placement in placements if placement.photo_id == row.photo_id]
    if row.field != ALT_TEXT:
        meant += [placement for placement in placements if placement.photo_id != row.photo_id]
    return [present.image(placement, PHOTO_WIDTHS) for placement in meant[:SHOWN_PHOTOS]]


def _now(
    row: LedgerEntry,
    vocabulary: Vocabulary,
    current: CurrentAttribute | None,
    placements: list[Placement],
) -> dict[str, Any]:
    """What counts at present: `values`, or the `text` of a column, and whose word it is.

    `same` says that it is this very suggestion, which counts until somebody decides.
    """
    if row.field in COLUMN_FIELDS:
        return {"values": [], "text": _column_text(row, placements), "source": "", "same": False}
    if current is None:
        return {"values": [], "text": "", "source": "", "same": False}
    return {
        "values": vocabulary.values(row.field, current.value),
        "text": str(current.value[0]) if current.value else "",
        "source": current.source,
        "confidence": current.confidence,
        "same": current.entry_id == row.pk,
    }


def _column_text(row: LedgerEntry, placements: list[Placement]) -> str:
    if row.field in PRODUCT_COLUMNS:
        return str(getattr(row.product, row.field))
    if row.field == ALT_TEXT:
        return next((p.alt_text for p in placements if p.photo_id == row.photo_id), "")
    amount = getattr(row.variant, row.field, None) if row.variant else None
    return present.amount(amount, row.variant.currency) if row.variant else ""


def _others(vocabulary: Vocabulary, others: list[LedgerEntry]) -> list[dict[str, Any]]:
    """What other sources say, the newest of each."""
    newest: dict[str, LedgerEntry] = {}
    for other in others:
        newest.setdefault(other.source, other)
    return [
        {
            "source": other.source,
            "values": vocabulary.values(other.field, other.value),
            "confidence": other.confidence,
        }
        for other in newest.values()
    ]


def _weighed(evidence: Any) -> str:
    """What else made the machine's value more or less likely; see `catalog.describe.weighing`.

    Whether another machine agrees shows in what that one says itself.
    """
    neighbours = evidence.get("neighbours") if isinstance(evidence, dict) else None
    if not isinstance(neighbours, dict) or not neighbours.get("of"):
        return ""
    agree, count = neighbours.get("agree", 0), neighbours["of"]
    return f"{agree} of {count} confirmed products that look like it have the same."


def _alternatives(
    row: LedgerEntry, options: list[dict[str, str]], others: list[LedgerEntry]
) -> list[dict[str, Any]]:
    """The likeliest other values, as many as there are digits: first what other sources say."""
    suggested = {str(value) for value in row.value or []}
    said = [str(value) for other in others for value in other.value or []]
    rank = {value: n for n, value in reversed(list(enumerate(said)))}
    if row.field == CATEGORY and suggested:
        path = next(iter(suggested))
        options = sorted(options, key=lambda option: -_shared(option["value"], path))
    ordered = sorted(options, key=lambda option: rank.get(option["value"], len(said)))
    left = [option for option in ordered if option["value"] not in suggested]
    return [{**option, "key": str(n + 1)} for n, option in enumerate(left[:ALTERNATIVES])]


def _shared(path: str, other: str) -> int:
    """How many steps two paths have in common."""
    return sum(one == two for one, two in zip(path.split("/"), other.split("/"), strict=False))
