"""What is asked: words, pictures, weights and filters, parsed and checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from catalog.browsing.filters import COLUMNS, is_missing
from catalog.describe import vocabulary
from catalog.index.payload import ATTRIBUTES, BRAND, CATALOG, PRICE, STATUS
from catalog.models import AttributeDefinition, Product, ProductStatus
from catalog.services.attribute_values import CATEGORY, check_text
from prodintel.engine.vectors import AnyOf, Condition, Filter, IsEmpty, Range

MAX_TEXT = 500
MAX_FILTER_VALUES = 50
PLAIN_FILTERS = (CATEGORY, STATUS, BRAND)
MISSING = "missing"


@dataclass(frozen=True)
class Filters:
    """Values by field, any of which must fit, and bounds of the price in the catalogue's currency.

    `missing` are fields that a product should say something of and does not: attributes, "title",
    "description", "brand", "category" or "price".
    """

    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    price_gte: float | None = None
    price_lte: float | None = None
    missing: tuple[str, ...] = ()

    @classmethod
    def parse(cls, raw: Any) -> Self:
        """From `{"color": ["red"], "price": {"gte": 10, "lte": 50}, "missing": ["material"]}`.

        Raises ValidationError naming the field that is unknown or has an unfit value.
        """
        if not raw:
            return cls()
        if not isinstance(raw, Mapping):
            raise ValidationError({"filters": ["Give an object of fields and values."]})
        known = {*PLAIN_FILTERS, *filterable_fields()}
        values: dict[str, tuple[str, ...]] = {}
        bounds: dict[str, float | None] = {}
        missing: tuple[str, ...] = ()
        for name, value in raw.items():
            if name == PRICE:
                bounds = _bounds(value)
            elif name == MISSING:
                missing = _missing(value)
            elif name in known:
                values[name] = _texts(name, value)
            else:
                raise ValidationError({"filters": [f"There is no filter “{name}”."]})
        wrong = set(values.get(STATUS, ())) - set(ProductStatus.values)
        if wrong:
            raise ValidationError({"filters": [f"There is no status “{min(wrong)}”."]})
        return cls(
            tuple(sorted((name, texts) for name, texts in values.items() if texts)),
            bounds.get("gte"),
            bounds.get("lte"),
            missing,
        )

    def __bool__(self) -> bool:
        return bool(self.values or self.missing) or self.has_price

    @property
    def has_price(self) -> bool:
        return self.price_gte is not None or self.price_lte is not None

    @property
    def by_field(self) -> dict[str, tuple[str, ...]]:
        return dict(self.values)

    def without(self, name: str) -> Filters:
        """The same filters but for one field."""
        if name == PRICE:
            return replace(self, price_gte=None, price_lte=None)
        if name == MISSING:
            return replace(self, missing=())
        return replace(self, values=tuple(each for each in self.values if each[0] != name))

    def with_those_of(self, other: Filters) -> Filters:
        """These filters and others; where both bound the price, by these bounds."""
        values = {name: set(texts) for name, texts in other.values}
        for name, texts in self.values:
            values[name] = values.get(name, set()) | set(texts)
        return Filters(
            tuple((name, tuple(sorted(texts))) for name, texts in sorted(values.items())),
            other.price_gte if self.price_gte is None else self.price_gte,
            other.price_lte if self.price_lte is None else self.price_lte,
            tuple(sorted({*self.missing, *other.missing})),
        )

    def conditions(self, catalog_id: int) -> Filter:
        """As the index takes it. What is missing fits more than it should: see `lacking`."""
        must: list[Condition] = [AnyOf(CATALOG, (catalog_id,))]
        for name, texts in self.values:
            path = name if name in PLAIN_FILTERS else f"{ATTRIBUTES}.{name}"
            must.append(AnyOf(path, texts))
        if self.has_price:
            must.append(Range(PRICE, gte=self.price_gte, lte=self.price_lte))
        for name in self.missing:
            must += _without(name)
        return Filter(must=tuple(must))

    def apply(self, products: QuerySet[Product], currency: str) -> QuerySet[Product]:
        """As the database takes it."""
        for name, texts in self.values:
            if name == CATEGORY:
                below = Q()
                for path in texts:
                    below |= Q(category__path=path) | Q(category__path__startswith=f"{path}/")
                products = products.filter(below)
            elif name in PLAIN_FILTERS:
                products = products.filter(**{f"{name}__in": texts})
            else:
                terms = Q(current_terms__field=name, current_terms__value__in=texts)
                products = products.filter(pk__in=Product.objects.filter(terms).values("pk"))
        if self.has_price:
            sold = Q(variants__deleted_at=None, variants__currency=currency)
            if self.price_gte is not None:
                sold &= Q(variants__price__gte=self.price_gte)
            if self.price_lte is not None:
                sold &= Q(variants__price__lte=self.price_lte)
            products = products.filter(pk__in=Product.objects.filter(sold).values("pk"))
        return self.lacking(products)

    def lacking(self, products: QuerySet[Product]) -> QuerySet[Product]:
        """Those of the products that lack what is to be missing."""
        for name in self.missing:
            products = products.filter(is_missing(name, vocabulary.current()))
        return products


def filterable_fields() -> list[str]:
    """The attributes that the vocabulary lets people filter by."""
    return list(AttributeDefinition.objects.filter(filterable=True).values_list("key", flat=True))


def _missing(value: Any) -> tuple[str, ...]:
    known = {*COLUMNS, PRICE, *vocabulary.current().attributes}
    wanted = _texts(MISSING, value)
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise ValidationError({"filters": [f"There is no field “{unknown[0]}” to be missing."]})
    return wanted


def _without(name: str) -> list[Condition]:
    """What the index knows of products that lack a field; of texts it knows nothing.

    A field left empty on purpose is empty here too, and a price in another currency is none.
    """
    if name == BRAND:
        return [AnyOf(BRAND, ("",))]
    if name in {CATEGORY, PRICE}:
        return [IsEmpty(name)]
    attribute = vocabulary.current().attributes.get(name)
    if attribute is None:
        return []
    places = [AnyOf(CATEGORY, attribute.categories)] if attribute.categories else []
    return [IsEmpty(f"{ATTRIBUTES}.{name}"), *places]


def _texts(name: str, value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    if len(items) > MAX_FILTER_VALUES or not all(isinstance(item, str | bool) for item in items):
        message = f"Give “{name}” a list of at most {MAX_FILTER_VALUES} texts."
        raise ValidationError({"filters": [message]})
    for item in items:
        check_text("filters", item)
    return tuple(sorted({str(item) for item in items if item != ""}))


def _bounds(value: Any) -> dict[str, float | None]:
    if not isinstance(value, Mapping) or not set(value) <= {"gte", "lte"}:
        raise ValidationError({"filters": ['Give the price as {"gte": 10, "lte": 50}.']})
    bounds: dict[str, float | None] = {}
    for name, bound in value.items():
        if bound is None:
            continue
        try:
            number = float(bound)
        except (TypeError, ValueError, OverflowError):
            number = np.nan
        if not np.isfinite(number) or isinstance(bound, bool):
            shown = json.dumps(bound)[:40]
            raise ValidationError({"filters": [f"“{shown}” is not a price."]})
        bounds[name] = number
    return bounds


@dataclass(frozen=True, eq=False)
class Query:
    """One question to a catalogue.

    `photo` is the vector of a picture or of part of one, float32 (dimension,); `like` a product
    whose looks are meant; `less` words to move away from; `text_weight` the share of the words, in
    [0, 1], where both words and looks are given.
    """

    text: str = ""
    less: str = ""
    photo: np.ndarray | None = None
    like: int | None = None
    text_weight: float = 0.5
    filters: Filters = field(default_factory=Filters)

    @property
    def shows(self) -> bool:
        """A picture or a product is given to go by."""
        return self.photo is not None or self.like is not None

    @property
    def browses(self) -> bool:
        """Nothing is asked for but, perhaps, filters."""
        return not self.text and not self.shows

    @property
    def words(self) -> str:
        """The words that count: none where a picture or product was given all of the weight."""
        return "" if self.shows and not self.text_weight else self.text

    @property
    def words_share(self) -> float:
        """How much a match on the words counts, in [0, 1].

        The full share is that of words alone, and reached at an even weight: beyond it the vector
        of the looks itself leans towards the words.
        """
        return min(2 * self.text_weight, 1.0) if self.shows else 1.0

    def with_filters(self, filters: Filters) -> Query:
        """The same question with other filters."""
        return replace(self, filters=filters)

    def key(self, catalog_id: int) -> str:
        """A short name for this question in this catalogue, the same whenever it is asked."""
        parts = json.dumps(
            [
                catalog_id,
                self.text,
                self.less,
                self.like,
                round(self.text_weight, 3),
                self.filters.values,
                self.filters.price_gte,
                self.filters.price_lte,
                self.filters.missing,
            ]
        )
        digest = hashlib.sha256(parts.encode())
        if self.photo is not None:
            digest.update(np.ascontiguousarray(self.photo, dtype="<f4").tobytes())
        return digest.hexdigest()


def clean_text(text: str) -> str:
    """Words as typed, without control characters, at most 500 characters."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(plain.split())[:MAX_TEXT]
