"""Our own table of products: its headers, and how several values stand in one cell.

One row a variant. What is the product's stands in its first row; a further photo has a row of its own
with nothing but the handle. An attribute's column is named by its key, `material@de` in a language
other than the catalogue's, `variant:material` for what only a variant says, and `attribute:price` where
its key is that of a column of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

KEY = "handle"
PRODUCT_COLUMNS = ("title", "description", "brand", "category", "tags", "product_url", "status")
VARIANT_COLUMNS = (
    "sku",
    "gtin",
    "mpn",
    *(f"option{n}_{part}" for n in (1, 2, 3) for part in ("name", "value")),
    "price",
    "compare_at_price",
    "cost",
    "currency",
    "weight_grams",
    "availability",
    "condition",
)
OF_VARIANT = "variant:"
OF_ATTRIBUTE = "attribute:"
PHOTO_COLUMNS = ("photo", "photo_alt_text", "photo_role", "photo_variant")
_TAKEN = frozenset({KEY, *PRODUCT_COLUMNS, *VARIANT_COLUMNS, *PHOTO_COLUMNS})
SEPARATOR = "; "
_SPECIAL = re.compile(r"([\\;])")
_PART = re.compile(r"(?:\\[\\;]|[^;])+")
_ESCAPED = re.compile(r"\\([\\;])")


def attribute_column(name: str, *, of_variant: bool = False) -> str:
    """The header of an attribute, by its key or key and language."""
    if of_variant:
        return OF_VARIANT + name
    return OF_ATTRIBUTE + name if name in _TAKEN else name


def join(values: Iterable[str]) -> str:
    """Several values as one cell."""
    return SEPARATOR.join(_SPECIAL.sub(r"\\\1", value) for value in values)


def split(cell: str) -> list[str]:
    """The values of a cell."""
    parts = (_ESCAPED.sub(r"\1", part).strip() for part in _PART.findall(cell))
    return [part for part in parts if part]
