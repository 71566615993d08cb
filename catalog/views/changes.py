"""How two contents of a product differ, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from catalog.approval.diff import ORDER, Change, word_changes
from catalog.models import (
    Availability,
    Catalog,
    Condition,
    Photo,
    PhotoRole,
    ProductStatus,
    Variant,
)
from catalog.renditions import WIDTHS
from catalog.services.attribute_values import CATEGORY
from catalog.views.present import Labels

GROUPS = {
    "product": "Texts and facts",
    "attribute": "Attributes",
    "variant": "Variants",
    "photo": "Photos",
}
TEXTS = frozenset({"title", "description", "alt_text"})
NAMES = {"sku": "SKU", "gtin": "GTIN", "mpn": "MPN", "alt_text": "Alternative text"}
NAMES |= {"product_url": "Address in the shop", "weight_grams": "Weight in grams", ORDER: "Order"}
CHOICES: dict[str, dict[Any, Any]] = {
    "availability": dict(Availability.choices),
    "condition": dict(Condition.choices),
    "role": dict(PhotoRole.choices),
    "status": dict(ProductStatus.choices),
}
EMPTY = "empty"
Piece = dict[str, str]


def change_groups(
    found: Sequence[Change], labels: Labels, catalog: Catalog
) -> list[dict[str, Any]]:
    """For catalog/_changes.html: the changes by what they concern."""
    writer = _Writer(found, labels, catalog)
    return [
        {"label": label, "rows": rows}
        for part, label in GROUPS.items()
        if (rows := [writer.row(change) for change in found if change.part == part])
    ]


def _is_text(change: Change) -> bool:
    """Whether it is a text that was changed into another, and not one that came or went."""
    return change.name in TEXTS and bool(change.before) and bool(change.after)


class _Writer:
    def __init__(self, found: Sequence[Change], labels: Labels, catalog: Catalog) -> None:
        self._labels = labels
        of = {each for c in found if c.name == "variant" for each in (c.before, c.after) if each}
        sold = Variant.objects.filter(catalog=catalog, pk__in=of) if of else []
        self._variants = {row.pk: row.option_text or row.sku or "A variant" for row in sold}
        shown = [change.id for change in found if change.part == "photo" and change.id]
        # A photo's address answers only while it stands on some product.
        standing = Photo.objects.filter(
            catalog=catalog, pk__in=shown, placements__deleted_at=None, placements__isnull=False
        )
        self._photos = set(standing.values_list("pk", flat=True)) if shown else set()

    def row(self, change: Change) -> dict[str, Any]:
        """`label`, `of` what (a variant, a photo), and `pieces` of text that stayed, went or came;
        `words` says that they are stretches of one text.
        """
        return {
            "label": self._label(change),
            "of": change.label,
            "image_url": self._image(change),
            "pieces": self._pieces(change),
            "words": _is_text(change),
        }

    def _image(self, change: Change) -> str:
        if change.part != "photo" or change.id not in self._photos:
            return ""
        return reverse("catalog:photo", args=[change.id, WIDTHS[0]])

    def _label(self, change: Change) -> str:
        if change.part == "attribute":
            label = self._labels.field(change.name)
            return f"{label} ({change.locale})" if change.locale else label
        if change.name.startswith("option"):
            number, part = change.name.removeprefix("option").split("_")
            return f"Option {number}" if part == "value" else f"Name of option {number}"
        if change.name:
            return NAMES.get(change.name, change.name.replace("_", " ").capitalize())
        return "Added" if change.before is None else "Removed"

    def _pieces(self, change: Change) -> list[Piece]:
        if change.name == ORDER:
            return [{"kind": "new", "text": "Put in another order"}]
        if not change.name:
            kind = "gone" if change.after is None else "new"
            return [{"kind": kind, "text": change.label}]
        before, after = self._text(change, change.before), self._text(change, change.after)
        if _is_text(change):
            return [{"kind": kind, "text": text} for kind, text in word_changes(before, after)]
        return [
            {"kind": "gone" if before else "none", "text": before or EMPTY},
            {"kind": "new" if after else "none", "text": after or EMPTY},
        ]

    def _text(self, change: Change, value: Any) -> str:
        if value is None or value in ("", []):
            return ""
        if change.part == "attribute":
            return ", ".join(self._labels.value(change.name, each) for each in value)
        if change.name == CATEGORY:
            return self._labels.value(CATEGORY, value)
        if change.name == "variant":
            return self._variants.get(value, "Another variant")
        if isinstance(value, list):
            return ", ".join(map(str, value))
        return str(CHOICES.get(change.name, {}).get(value, value))
