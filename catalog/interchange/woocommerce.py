"""WooCommerce's product CSV: its columns, as its own exporter writes and its importer reads them.

Source: the "Product CSV Import Schema" of WooCommerce's wiki.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# The exporter's columns in its order, and what each is here ("keep" if nothing).
TARGETS: dict[str, str] = {
    "ID": "keep",
    "Type": "variant.type",
    "SKU": "variant.sku",
    "GTIN, UPC, EAN, or ISBN": "variant.gtin",
    "Name": "product.title",
    "Published": "product.status",
    "Is featured?": "keep",
    "Visibility in catalog": "keep",
    "Short description": "keep",
    "Description": "product.description_html",
    "Date sale price starts": "keep",
    "Date sale price ends": "keep",
    "Tax status": "keep",
    "Tax class": "keep",
    "In stock?": "variant.availability",
    "Stock": "variant.stock",
    "Low stock amount": "keep",
    "Backorders allowed?": "variant.oversell",
    "Sold individually?": "keep",
    "Weight (kg)": "variant.weight_kg",
    "Length (cm)": "keep",
    "Width (cm)": "keep",
    "Height (cm)": "keep",
    "Allow customer reviews?": "keep",
    "Purchase note": "keep",
    "Sale price": "variant.sale_price",
    "Regular price": "variant.price",
    "Categories": "attribute.category",
    "Tags": "product.tags",
    "Shipping class": "keep",
    "Images": "photo.source",
    "Download limit": "keep",
    "Download expiry days": "keep",
    "Parent": "key",
    "Grouped products": "keep",
    "Upsells": "keep",
    "Cross-sells": "keep",
    "External URL": "keep",
    "Button text": "keep",
    "Position": "keep",
    "Brands": "product.brand",
}
SIMPLE, VARIABLE, VARIATION = "simple", "variable", "variation"
# Columns that the cells of a row are made into, since Woo names attributes in cells.
ATTRIBUTE = "Attribute: "
PARENT_SKU = "Parent SKU"

_BY_HEADER = {header.casefold(): target for header, target in TARGETS.items()}
_WEIGHT = re.compile(r"weight \((kg|g|lbs?|oz)\)")
_WEIGHTS = {"kg": "kg", "g": "grams", "lb": "lb", "lbs": "lb", "oz": "oz"}
_MARKS = frozenset(
    {"type", "regular price", "in stock?", "visibility in catalog", "is featured?", "tax status"}
    | {"attribute 1 name", "parent", "backorders allowed?", "sold individually?", "images"}
    | {"sale price", "short description", "allow customer reviews?"}
)
_ENOUGH_MARKS = 4
_ATTRIBUTE_PART = re.compile(
    r"attribute (?P<n>\d{1,2}) (?P<part>name|value\(s\)|visible|global|default)"
)


def target(header: str) -> str:
    """What a column is here, or nothing for one that is not of WooCommerce itself."""
    folded = header.strip().casefold()
    if weight := _WEIGHT.fullmatch(folded):
        return f"variant.weight_{_WEIGHTS[weight[1]]}"
    return _BY_HEADER.get(folded, "")


def attribute_part(header: str) -> tuple[int, str] | None:
    """Which part of which attribute a column has: "Attribute 2 value(s)" is (2, "value(s)")."""
    found = _ATTRIBUTE_PART.fullmatch(header.strip().casefold())
    return found and (int(found["n"]), found["part"])


def attribute_header(n: int, part: str) -> str:
    return f"Attribute {n} {part}"


def is_woocommerce(headers: Iterable[str]) -> bool:
    folded = {header.strip().casefold() for header in headers}
    return bool({"name", "sku"} & folded) and len(folded & _MARKS) >= _ENOUGH_MARKS


def join(values: Iterable[str]) -> str:
    """Several values in one cell, as WooCommerce parts them."""
    return ", ".join(value.replace(",", r"\,") for value in values)


def split(cell: str) -> list[str]:
    parts = re.split(r"(?<!\\),", cell)
    return [part.replace(r"\,", ",").strip() for part in parts if part.strip()]
