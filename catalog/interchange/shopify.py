"""Shopify's product CSV: its columns, as they were called before 2025 and as they are called since.

Sources: the help centre's "Using CSV files to import and export products" and the file
`product_template.csv` that the admin offers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

# Which rows a column belongs to: a product's first row, each variant's, each photo's.
PRODUCT, VARIANT, PHOTO = "product", "variant", "photo"

# A product without options has this one.
NO_OPTION_NAME, NO_OPTION_VALUE = "Title", "Default Title"
# What an option is called whose name a file does not tell.
UNNAMED_OPTION = "Option {}"


class Column(NamedTuple):
    """A column by both names, and what it is here (`catalog.importing.mapping`), "keep" if nothing."""

    old: str
    new: str
    target: str
    level: str


def _options() -> list[Column]:
    columns = []
    for n in (1, 2, 3):
        columns += [
            Column(f"Option{n} Name", f"Option{n} name", f"variant.option{n}_name", VARIANT),
            Column(f"Option{n} Value", f"Option{n} value", f"variant.option{n}_value", VARIANT),
            Column(f"Option{n} Linked To", f"Option{n} Linked To", "keep", PRODUCT),
        ]
    return columns


_GOOGLE = "Google Shopping / "

# In the order of Shopify's own files of today.
COLUMNS: tuple[Column, ...] = (
    Column("Title", "Title", "product.title", PRODUCT),
    Column("Handle", "URL handle", "product.handle", PRODUCT),
    Column("Body (HTML)", "Description", "product.description_html", PRODUCT),
    Column("Vendor", "Vendor", "product.brand", PRODUCT),
    Column("Product Category", "Product category", "attribute.category", PRODUCT),
    Column("Type", "Type", "product.type", PRODUCT),
    Column("Tags", "Tags", "product.tags", PRODUCT),
    Column("Published", "Published on online store", "keep", PRODUCT),
    Column("Status", "Status", "product.status", PRODUCT),
    Column("Variant SKU", "SKU", "variant.sku", VARIANT),
    Column("Variant Barcode", "Barcode", "variant.gtin", VARIANT),
    *_options(),
    Column("Variant Price", "Price", "variant.price", VARIANT),
    Column("Variant Compare At Price", "Compare-at price", "variant.compare_at_price", VARIANT),
    Column("Cost per item", "Cost per item", "variant.cost", VARIANT),
    Column("Variant Taxable", "Charge tax", "keep", VARIANT),
    Column("Variant Tax Code", "Tax code", "keep", VARIANT),
    Column("Unit Price Total Measure", "Unit price total measure", "keep", VARIANT),
    Column("Unit Price Total Measure Unit", "Unit price total measure unit", "keep", VARIANT),
    Column("Unit Price Base Measure", "Unit price base measure", "keep", VARIANT),
    Column("Unit Price Base Measure Unit", "Unit price base measure unit", "keep", VARIANT),
    Column("Variant Inventory Tracker", "Inventory tracker", "variant.tracked", VARIANT),
    Column("Variant Inventory Qty", "Inventory quantity", "variant.stock", VARIANT),
    Column(
        "Variant Inventory Policy",
        "Continue selling when out of stock",
        "variant.oversell",
        VARIANT,
    ),
    Column("Variant Grams", "Weight value (grams)", "variant.weight_grams", VARIANT),
    Column("Variant Weight Unit", "Weight unit for display", "keep", VARIANT),
    Column("Variant Requires Shipping", "Requires shipping", "keep", VARIANT),
    Column("Variant Fulfillment Service", "Fulfillment service", "keep", VARIANT),
    Column("Image Src", "Product image URL", "photo.source", PHOTO),
    Column("Image Position", "Image position", "photo.position", PHOTO),
    Column("Image Alt Text", "Image alt text", "photo.alt_text", PHOTO),
    Column("Variant Image", "Variant image URL", "photo.of_variant", VARIANT),
    Column("Gift Card", "Gift card", "keep", PRODUCT),
    Column("SEO Title", "SEO title", "keep", PRODUCT),
    Column("SEO Description", "SEO description", "keep", PRODUCT),
    Column(
        f"{_GOOGLE}Google Product Category",
        f"{_GOOGLE}Google product category",
        "attribute.category",
        PRODUCT,
    ),
    Column(f"{_GOOGLE}Gender", f"{_GOOGLE}Gender", "attribute.gender", PRODUCT),
    Column(f"{_GOOGLE}Age Group", f"{_GOOGLE}Age group", "attribute.age_group", PRODUCT),
    Column(
        f"{_GOOGLE}MPN",
        f"{_GOOGLE}Manufacturer part number (MPN)",
        "variant.mpn",
        VARIANT,
    ),
    Column(f"{_GOOGLE}AdWords Grouping", f"{_GOOGLE}Ad group name", "keep", PRODUCT),
    Column(f"{_GOOGLE}AdWords Labels", f"{_GOOGLE}Ads labels", "keep", PRODUCT),
    Column(f"{_GOOGLE}Condition", f"{_GOOGLE}Condition", "variant.condition", VARIANT),
    Column(f"{_GOOGLE}Custom Product", f"{_GOOGLE}Custom product", "keep", PRODUCT),
    *(
        Column(f"{_GOOGLE}Custom Label {n}", f"{_GOOGLE}Custom label {n}", "keep", PRODUCT)
        for n in range(5)
    ),
)

_BY_HEADER = {
    header.casefold(): column for column in COLUMNS for header in (column.old, column.new)
}
# Columns that other files do not have; some of them make it Shopify's.
_MARKS = frozenset(
    header.casefold()
    for header in (
        *("Body (HTML)", "Variant SKU", "Variant Price", "Variant Inventory Policy", "Image Src"),
        *("Variant Barcode", "Variant Grams", "Option1 Name", "Option1 Value", "Image Position"),
        *("Published on online store", "Compare-at price", "Product image URL", "Charge tax"),
        *("Continue selling when out of stock", "Weight value (grams)", "Inventory tracker"),
        *("Variant Compare At Price", "Variant Inventory Qty", "Variant Image", "SEO Title"),
    )
)
_ENOUGH_MARKS = 3
_METAFIELD = re.compile(
    r"(?P<label>.*)\((?P<owner>product|variant)\.metafields\.(?P<space>[\w-]+)\.(?P<key>[\w-]+)\)\s*"
)


class Metafield(NamedTuple):
    """What a header such as "Material (product.metafields.custom.material)" names."""

    label: str
    owner: str
    namespace: str
    key: str


def metafield(header: str) -> Metafield | None:
    found = _METAFIELD.fullmatch(header.strip())
    return found and Metafield(found["label"].strip(), found["owner"], found["space"], found["key"])


def metafield_header(label: str, key: str, owner: str = PRODUCT) -> str:
    """The header of a metafield of the shop's own."""
    return f"{label} ({owner}.metafields.custom.{key})"


@lru_cache(maxsize=4_096)
def column(header: str) -> Column | None:
    """The column of that name, whichever spelling; None for one of the shop's own."""
    return _BY_HEADER.get(header.strip().casefold())


@lru_cache(maxsize=4_096)
def level(header: str) -> str:
    """Which rows a column belongs to, also one that is not Shopify's own."""
    if known := column(header):
        return known.level
    found = metafield(header)
    if header.casefold().startswith("variant ") or (found and found.owner == VARIANT):
        return VARIANT
    return PRODUCT


def is_shopify(headers: Iterable[str]) -> bool:
    folded = {header.strip().casefold() for header in headers}
    return bool({"handle", "url handle"} & folded) and len(folded & _MARKS) >= _ENOUGH_MARKS
