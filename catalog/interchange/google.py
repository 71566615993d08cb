"""Google Merchant's product attributes, by which Meta's catalogue calls most things too.

Sources: Google's "Product data specification", Meta's "Supported fields for products".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# What each attribute is here (`catalog.importing.mapping`). Others are kept as they are.
TARGETS: dict[str, str] = {
    "id": "variant.sku",
    "item_group_id": "product.handle",
    "title": "product.title",
    "structured_title": "product.structured_title",
    "description": "product.description",
    "structured_description": "product.structured_description",
    "link": "product.product_url",
    "image_link": "photo.source",
    "additional_image_link": "photo.source",
    "availability": "variant.availability",
    "price": "variant.price",
    "sale_price": "variant.sale_price",
    "cost_of_goods_sold": "variant.cost",
    "brand": "product.brand",
    "gtin": "variant.gtin",
    "mpn": "variant.mpn",
    "condition": "variant.condition",
    "google_product_category": "attribute.category",
    "product_type": "product.type",
    "color": "attribute.color",
    "size": "attribute.size",
    "material": "attribute.material",
    "pattern": "attribute.pattern",
    "gender": "attribute.gender",
    "age_group": "attribute.age_group",
    "shipping_weight": "variant.weight_grams",
    "product_weight": "variant.weight_grams",
}
META_TARGETS: dict[str, str] = TARGETS | {
    "fb_product_category": "attribute.category",
    "quantity_to_sell_on_facebook": "variant.stock",
    "quantity_to_sell_on_fb": "variant.stock",
    "rich_text_description": "product.description_html",
    "image[0].url": "photo.source",
}
# By what the items of a group differ, in the order in which they become options.
DIFFERENCES = ("color", "size", "material", "pattern")
# The mark of a text that a model wrote.
AI_WRITTEN = "trained_algorithmic_media"

_REQUIRED = frozenset({"id", "title"})
_MARKS = frozenset(
    {"link", "image_link", "availability", "price", "gtin", "mpn", "condition", "item_group_id"}
    | {"google_product_category", "additional_image_link", "shipping_weight", "structured_title"}
)
_ENOUGH_MARKS = 3
_META_MARKS = frozenset(META_TARGETS) - frozenset(TARGETS) | {"style[0]", "internal_label"}
_STRUCTURED = re.compile(r"\s*(?P<source>[a-z_]+)\s*:\s*(?P<text>.*)", re.DOTALL)
_SOURCES = frozenset({AI_WRITTEN, "default"})


def attribute(header: str) -> str:
    """The attribute that a header names: "g:image link" and "Image_Link" are `image_link`."""
    plain = "_".join(header.strip().casefold().split())
    return plain.removeprefix("g:")


def is_google(headers: Iterable[str]) -> bool:
    names = {attribute(header) for header in headers}
    return bool(names >= _REQUIRED or {"id", "structured_title"} <= names) and (
        len(names & _MARKS) >= _ENOUGH_MARKS
    )


def is_meta(headers: Iterable[str]) -> bool:
    names = {attribute(header) for header in headers}
    return is_google(headers) and bool(names & _META_MARKS)


def structured(text: str) -> tuple[str, bool]:
    """The text of a structured title or description, and whether a model wrote it."""
    found = _STRUCTURED.fullmatch(text)
    if found is None or found["source"] not in _SOURCES:
        return text.strip(), False
    words = found["text"].strip()
    if len(words) > 1 and words.startswith('"') and words.endswith('"'):
        words = words[1:-1].replace('""', '"')
    return words, found["source"] == AI_WRITTEN
