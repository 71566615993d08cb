"""Google Merchant's product attributes, by which Meta's catalogue calls most things too.

Sources: Google's "Product data specification", Meta's "Supported fields for products".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# What tells an item from the others of its group, with names: "Shoe width:narrow,Size:8".
OPTIONS = "variant.options"
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
    "variant_option": OPTIONS,
    "item_group_title": "product.group_title",
}
META_TARGETS: dict[str, str] = TARGETS | {
    "fb_product_category": "attribute.category",
    "quantity_to_sell_on_facebook": "variant.stock",
    "quantity_to_sell_on_fb": "variant.stock",
    "rich_text_description": "product.description_html",
    "image[0].url": "photo.source",
    "additional_variant_attribute": OPTIONS,
}
# By what the items of a group differ, in the order in which they become options.
DIFFERENCES = ("color", "size", "material", "pattern", "gender", "age_group")
# The mark of a text that a model wrote.
AI_WRITTEN = "trained_algorithmic_media"

_REQUIRED = frozenset({"id", "title"})
_MARKS = frozenset(
    {"link", "image_link", "availability", "price", "gtin", "mpn", "condition", "item_group_id"}
    | {"google_product_category", "additional_image_link", "shipping_weight", "structured_title"}
)
_ENOUGH_MARKS = 3
_META_MARKS = frozenset(META_TARGETS) - frozenset(TARGETS) | {"style[0]", "internal_label"}
# A name or a value of several, with quotes around it where it has what parts them.
_PART = re.compile(r'\s*(?:"((?:[^"]|"")*)"\s*|([^:,]*))([:,]|$)')
_STRUCTURED = re.compile(r"\s*(?P<source>[a-z_]+)\s*:\s*(?P<text>.*)", re.DOTALL)
_SOURCES = frozenset({AI_WRITTEN, "default"})


def attribute(header: str) -> str:
    """The attribute that a header names: "g:image link" and "Image_Link" are `image_link`."""
    plain = "_".join(header.strip().casefold().split())
    # Parts of one may be named behind it: "variant_option(name:value)".
    return plain.removeprefix("g:").partition("(")[0]


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


def named_values(text: str) -> dict[str, str]:
    """What stands in a cell of names with values: `Shoe width:narrow,"Cut, long":8`; the first value of
    each name.

    A colon within a value does not part it. What has no name, or no value, is left out.
    """
    found: dict[str, str] = {}
    parts: list[str] = []
    place = 0
    while place <= len(text) and (part := _PART.match(text, place)):
        quoted, plain, end = part.groups()
        parts.append(plain.strip() if quoted is None else quoted.replace('""', '"'))
        place = part.end()
        if end == ":":
            continue
        name, value = parts[0], ":".join(parts[1:])
        if name and value:
            found.setdefault(name, value)
        parts = []
        if not end:
            break
    return found
