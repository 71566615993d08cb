"""Products as templates show them: addresses, formatted money, labels in place of keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from catalog.activity import describe_state, embed_state
from catalog.models import (
    AttributeDefinition,
    Category,
    CurrentAttribute,
    Photo,
    PhotoRole,
    Placement,
    Product,
    Term,
    Variant,
)
from catalog.renditions import WIDTHS
from catalog.search import Hit
from catalog.services.attribute_values import CATEGORY, CHOICES, COLUMN_FIELDS

CARD_WIDTHS = (240, 480)
LOOKS = frozenset({"look", "photo", "like"})
CODES = frozenset({"sku", "gtin", "mpn"})
STATES_WORTH_SHOWING = frozenset({"pending", "running", "failed"})
# How the shop's colours look, to put a swatch beside their names.
COLOR_HEX = {
    "black": "#1c1c1e",
    "white": "#ffffff",
    "grey": "#8e8e93",
    "silver": "#c0c4c8",
    "red": "#d32f2f",
    "burgundy": "#7b1e3a",
    "orange": "#f57c00",
    "yellow": "#fdd835",
    "gold": "#c9a227",
    "green": "#388e3c",
    "olive": "#708238",
    "teal": "#00796b",
    "turquoise": "#40c9c0",
    "blue": "#1e6fd9",
    "navy": "#1b2a4e",
    "purple": "#7b3fa0",
    "pink": "#ec6fa3",
    "brown": "#795548",
    "beige": "#d9c4a1",
    "cream": "#f6eeda",
}


def photo_url(photo_id: int, width: int) -> str:
    return reverse("catalog:photo", args=[photo_id, width])


def image(placement: Placement, widths: Iterable[int] = CARD_WIDTHS) -> dict[str, Any]:
    """A photo for an <img>: its size is the smallest copy's, in the original's proportions."""
    photo = placement.photo
    offered = list(widths)
    small = min(offered[0], photo.width)
    return {
        "id": placement.pk,
        "url": photo_url(photo.pk, offered[0]),
        "srcset": ", ".join(f"{photo_url(photo.pk, w)} {min(w, photo.width)}w" for w in offered),
        "thumbnail_url": photo_url(photo.pk, WIDTHS[0]),
        "width": small,
        "height": max(round(photo.height * small / photo.width), 1),
        "alt": placement.alt_text or str(placement.product),
        "role": placement.get_role_display(),
    }


def main_placement(product: Product) -> Placement | None:
    """The product's face: the main photo, or the first one. Its details are loaded."""
    placements = list(product.placements.all())
    main = [placement for placement in placements if placement.role == PhotoRole.MAIN]
    return next(iter(main or placements), None)


def best_placement(product: Product, hit: Hit) -> Placement | None:
    """The photo that looks most like what was asked for, or else the product's face."""
    placements = product.placements.all()
    looked_at = (each for each in placements if each.pk == hit.placement_id)
    return next(looked_at, None) or main_placement(product)


def amount(value: Decimal | None, currency: str) -> str:
    """Money as people read it: 12.50 EUR; empty for none."""
    if value is None:
        return ""
    plain = value.quantize(Decimal("0.01")) if value == round(value, 2) else value.normalize()
    return f"{plain:,f} {currency}"


def day(at: datetime) -> str:
    """A day as people read it: 3 May 2026."""
    return date_format(localtime(at), "j F Y")


def price_text(variants: Iterable[Variant]) -> str:
    """One price, or the lowest as "from", never across currencies."""
    priced = [variant for variant in variants if variant.price is not None]
    if not priced:
        return ""
    currency = priced[0].currency
    prices = sorted({v.price for v in priced if v.currency == currency and v.price is not None})
    text = amount(prices[0], currency)
    return text if len(prices) == 1 else f"from {text}"


def card(product: Product, hit: Hit | None = None) -> dict[str, Any]:
    """A product for components/product_card.html."""
    placement = best_placement(product, hit) if hit else main_placement(product)
    variants = list(product.variants.all())
    state = embed_state(product)
    shown: dict[str, Any] = {
        "id": product.pk,
        "title": product.title or "Untitled product",
        "url": product.get_absolute_url(),
        "image": image(placement) if placement else None,
        "price": price_text(variants),
        "sku": next((variant.sku for variant in variants if variant.sku), ""),
        "category": product.category.label(product.catalog.language) if product.category else "",
        "status": product.status,
        "changed": product.changed_since_approval,
        "embed_state": state if state in STATES_WORTH_SHOWING else "done",
    }
    if hit is not None:
        shown["reasons"] = reasons(hit)
        shown["strength"] = hit.strength
        shown["similar_url"] = (
            reverse("catalog:search", args=[product.catalog.slug]) + f"?like={product.pk}"
        )
    return shown


def reasons(hit: Hit) -> list[str]:
    """Why a hit is there. Looks are no reason where it hardly looks so, nor where a code fits."""
    by_code = any(reason.kind in CODES for reason in hit.reasons)
    told = [
        reason.text
        for reason in hit.reasons
        if reason.kind not in LOOKS or not (by_code or hit.strength == "weak")
    ]
    return [f"{text[:1].upper()}{text[1:]}" for text in told]


class Labels:
    """Labels of fields and values in one language, read once for a whole page.

    Values are read when one of their field is asked for first; `read` reads those of many fields
    at once.
    """

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self.definitions = {row.key: row for row in AttributeDefinition.objects.all()}
        self._terms: dict[str, dict[str, str]] = {}
        self._categories: dict[str, str] = {}

    def read(self, fields: Iterable[str], paths: Iterable[str] = ()) -> None:
        """Read the values of these fields, and the categories at these paths, in two queries."""
        missing = {key for key in fields if key in self.definitions and key not in self._terms}
        self._terms.update({key: {} for key in missing})
        if missing:
            rows = Term.objects.filter(attribute__key__in=missing).select_related("attribute")
            for term in rows:
                self._terms[term.attribute.key][term.key] = term.label(self.language)
        unknown = set(paths) - self._categories.keys()
        self._categories.update(dict.fromkeys(unknown, ""))
        if unknown:
            for node in Category.objects.filter(path__in=unknown):
                self._categories[node.path] = node.label(self.language)

    def field(self, key: str) -> str:
        definition = self.definitions.get(key)
        named = definition.label(self.language) if definition else ""
        return named or key.replace("_", " ").capitalize()

    def value(self, key: str, value: Any) -> str:
        if key == CATEGORY:
            self.read((), [str(value)])
            label = self._categories[str(value)]
        else:
            self.read([key])
            label = self._terms.get(key, {}).get(str(value), "")
        if label:
            return label
        if isinstance(value, bool):
            return "Yes" if value else "No"
        definition = self.definitions.get(key)
        if definition is not None and definition.kind not in CHOICES:
            return measured(value, definition.unit)
        return str(value).rsplit("/", 1)[-1].replace("-", " ").replace("_", " ")

    def values(self, key: str, values: list | None) -> list[dict[str, Any]]:
        return [
            {"label": self.value(key, value), "value": value, "hex": color_hex(key, value)}
            for value in values or []
        ]


def measured(value: Any, unit: str = "") -> str:
    """A text or number as it was given, with its unit: 24 cm, 2.5 l."""
    text = f"{value:.12g}" if isinstance(value, float) else str(value)
    return f"{text} {unit}" if unit else text


def color_hex(key: str, value: Any) -> str:
    return COLOR_HEX.get(str(value), "") if key == "color" else ""


def attributes(
    product: Product, labels: Labels, behind: Mapping[int, Mapping[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """The product's attributes, category first, for components/attribute_row.html.

    `behind` is what stands behind them, by the ids of their ledger's rows.
    """
    rows = [
        row
        for row in product.current_attributes.all()
        if row.variant_id is None and row.field not in COLUMN_FIELDS
    ]
    labels.read(row.field for row in rows)
    order = list(labels.definitions)

    def rank(row: CurrentAttribute) -> tuple[int, str]:
        if row.field == CATEGORY:
            return (-1, "")
        known = order.index(row.field) if row.field in order else len(order)
        return (known, row.field)

    known = behind or {}
    return [
        {**attribute(row, labels), **known.get(row.entry_id, {})} for row in sorted(rows, key=rank)
    ]


def attribute(row: CurrentAttribute, labels: Labels) -> dict[str, Any]:
    """One attribute with its provenance."""
    values = labels.values(row.field, row.value)
    if row.field == CATEGORY and row.product.category is not None:
        values = [{"label": category_trail(row.product), "value": row.product.category.path}]
    return {
        "field": row.field,
        "label": "Category" if row.field == CATEGORY else labels.field(row.field),
        "values": values,
        "source": row.source,
        "by": "",
        "confidence": row.confidence,
        "locked": row.locked,
    }


def category_trail(product: Product) -> str:
    """The category with what it lies in: Clothing › Dresses."""
    labels = []
    node = product.category
    while node is not None:
        labels.append(node.label(product.catalog.language))
        node = node.parent
    return " › ".join(reversed(labels))


def category_paths(product: Product) -> list[str]:
    """The path of the product's category and of all it lies in; empty without one."""
    steps = product.category.path.split("/") if product.category else []
    return ["/".join(steps[: n + 1]) for n in range(len(steps))]


def states(product: Product) -> dict[str, str]:
    """Where the product's ingest stands."""
    return {"embed": embed_state(product), "describe": describe_state(product)}


def photo_facts(photo: Photo) -> str:
    return f"{photo.format}, {photo.width} × {photo.height}"
