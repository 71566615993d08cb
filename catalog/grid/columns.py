"""The columns that the grid can show: fields of products and variants, facts, and every attribute."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from catalog.interchange.records import CATEGORY, LOCALE
from catalog.models import (
    AttributeDefinition,
    AttributeKind,
    Availability,
    Condition,
    ProductStatus,
)

TITLE, STATUS, GTIN = "product.title", "product.status", "variant.gtin"
# What somebody sees who has not chosen yet.
USUAL = (
    TITLE,
    "variant.sku",
    "variant.price",
    "attribute.category",
    "product.brand",
    "product.description",
    "product.tags",
    "product.status",
)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")


class Kind(StrEnum):
    """How the cells of a column are read and edited."""

    TEXT = "text"
    LONG_TEXT = "long-text"
    MONEY = "money"
    WHOLE = "whole"
    NUMBER = "number"
    CHOICE = "choice"
    CHOICES = "choices"
    BOOLEAN = "boolean"
    TAGS = "tags"
    CATEGORY = "category"
    FACT = "fact"


class Level(StrEnum):
    """Whose cells they are."""

    PRODUCT = "product"
    VARIANT = "variant"
    ATTRIBUTE = "attribute"


@dataclass(frozen=True)
class Column:
    """A column by its key: `product.title`, `variant.sku`, `attribute.material`, `attribute.care@de`.

    `name` is the field of that level. `open` says of choices that other values than those of the
    list can be given. What is a fact cannot be edited.
    """

    key: str
    label: str
    group: str
    kind: Kind
    unit: str = ""
    locale: str = ""
    open: bool = False

    @property
    def level(self) -> Level:
        return Level(self.key.partition(".")[0])

    @property
    def name(self) -> str:
        return self.key.partition(".")[2].partition(LOCALE)[0]

    @property
    def editable(self) -> bool:
        return self.kind != Kind.FACT


def _product(name: str, label: str, kind: Kind) -> Column:
    return Column(f"product.{name}", label, "Product", kind)


def _variant(name: str, label: str, kind: Kind = Kind.TEXT, unit: str = "") -> Column:
    return Column(f"variant.{name}", label, "Variant", kind, unit)


FIELDS = (
    _product("title", "Title", Kind.TEXT),
    _product("description", "Description", Kind.LONG_TEXT),
    _product("brand", "Brand", Kind.TEXT),
    Column(f"attribute.{CATEGORY}", "Category", "Product", Kind.CATEGORY),
    _product("tags", "Tags", Kind.TAGS),
    _product("product_url", "Address in the shop", Kind.TEXT),
    _product("handle", "Handle", Kind.TEXT),
    _product("status", "Status", Kind.CHOICE),
    _product("photos", "Photos", Kind.FACT),
    _product("updated_at", "Updated", Kind.FACT),
    _variant("sku", "SKU"),
    _variant("gtin", "GTIN"),
    _variant("mpn", "MPN"),
    _variant("price", "Price", Kind.MONEY),
    _variant("compare_at_price", "Compare-at price", Kind.MONEY),
    _variant("cost", "Cost", Kind.MONEY),
    _variant("currency", "Currency"),
    _variant("weight_grams", "Weight", Kind.WHOLE, "g"),
    _variant("availability", "Availability", Kind.CHOICE),
    _variant("condition", "Condition", Kind.CHOICE),
    *(
        _variant(f"option{n}_{part}", f"Option {n} {part}")
        for n in (1, 2, 3)
        for part in ("name", "value")
    ),
)
# The values of columns that have a fixed list, with their labels.
FIXED = {
    STATUS: dict(ProductStatus.choices),
    "variant.availability": dict(Availability.choices),
    "variant.condition": dict(Condition.choices),
}
_KINDS = {
    AttributeKind.TEXT: Kind.LONG_TEXT,
    AttributeKind.CHOICE: Kind.CHOICE,
    AttributeKind.MULTI_CHOICE: Kind.CHOICES,
    AttributeKind.NUMBER: Kind.NUMBER,
    AttributeKind.BOOLEAN: Kind.BOOLEAN,
}


def columns_of(definitions: Mapping[str, AttributeDefinition], language: str) -> dict[str, Column]:
    """All columns by their keys: fields first, then attributes in the vocabulary's order, those that
    are text also in the languages that the vocabulary speaks.
    """
    found = {column.key: column for column in FIELDS}
    languages = sorted(_languages(definitions) - {language})
    for definition in definitions.values():
        for column in _attribute(definition, language, languages):
            found[column.key] = column
    return found


def column_in_language(
    key: str, definitions: Mapping[str, AttributeDefinition], language: str
) -> Column | None:
    """The column of an attribute in any language, by a key that ends with it."""
    name, _, locale = key.removeprefix("attribute.").partition(LOCALE)
    definition = definitions.get(name)
    if definition is None or not _LANGUAGE.fullmatch(locale):
        return None
    return next((each for each in _attribute(definition, language, [locale]) if each.locale), None)


def _attribute(
    definition: AttributeDefinition, language: str, languages: Sequence[str]
) -> Iterator[Column]:
    kind = _KINDS[AttributeKind(definition.kind)]
    label = definition.label(language)
    label = f"{label[:1].upper()}{label[1:]}"
    key = f"attribute.{definition.key}"
    group = "Attribute"
    yield Column(key, label, group, kind, unit=definition.unit, open=not definition.closed)
    if definition.kind == AttributeKind.TEXT:
        for locale in languages:
            there = f"{label} ({locale})"
            yield Column(f"{key}{LOCALE}{locale}", there, "Other languages", kind, locale=locale)


def _languages(definitions: Mapping[str, AttributeDefinition]) -> set[str]:
    return {
        each for row in definitions.values() for each in row.labels if _LANGUAGE.fullmatch(each)
    }
