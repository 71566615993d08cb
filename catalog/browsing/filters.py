"""Filters of the product list: read from an address, written into one, and as a query."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import QueryDict

from catalog import selectors
from catalog.browsing import readiness
from catalog.describe import vocabulary
from catalog.describe.vocabulary import Vocabulary, applies
from catalog.models import (
    Catalog,
    CurrentAttribute,
    CurrentTerm,
    ImportItem,
    ItemState,
    Placement,
    Product,
    ProductStatus,
    Source,
    Variant,
)
from catalog.models.sources import MACHINE_SOURCES
from catalog.services.attribute_values import CATEGORY

NEWEST = "newest"
ORDERS = {
    NEWEST: ("Newest first", ("-created_at", "-pk")),
    "oldest": ("Oldest first", ("created_at", "pk")),
    "title": ("Title", ("title", "pk")),
    "changed": ("Last changed", ("-updated_at", "-pk")),
}
# Columns that a product should have a value in, as attributes have.
COLUMNS = {
    "title": Q(title=""),
    "description": Q(description=""),
    "brand": Q(brand=""),
    CATEGORY: Q(category=None),
}
PRICE = "price"
PHOTO_COUNTS = ("0", "1", "many")
# Whose word an attribute is: a machine's counts as confirmed once a person accepted it.
UNCONFIRMED, CONFIRMED = "unconfirmed", "confirmed"
SAID_BY: dict[str, Q] = {
    Source.PERSON.value: Q(source=Source.PERSON),
    Source.IMPORT.value: Q(source=Source.IMPORT),
    CONFIRMED: Q(source__in=MACHINE_SOURCES, locked=True),
    UNCONFIRMED: Q(source__in=MACHINE_SOURCES, locked=False),
}
PREFIX = "f."
MAX_FILTERS = 20
_BAND = re.compile(r"([0-9]{1,3})-([0-9]{1,3})")
# What the column of prices can hold.
_AMOUNT = re.compile(r"[0-9]{1,10}(\.[0-9]{1,4})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_KEY = re.compile(r"[a-z0-9_-]{1,60}")
_ID = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True)
class Browse:
    """What of a catalogue is listed. Everything empty: all of it.

    `exact` leaves out what lies below the category. `missing` are attributes (or "title", "description", "brand", "category", "price") that should
    have a value and have none; `values` are (attribute, value); `source` is a key of SAID_BY, its
    `confidence` a band in per cent such as (50, 70), the upper bound not in it but for 100;
    `price` is (currency, lowest, upper bound), the upper bound not in it; a bound may be None;
    `brought` is the id of an import that created or updated them, 0 for any; `channel` is (channel,
    country), for which the products lack the requirement `lacks`, or are `ready` ("yes", "no").
    """

    status: str = ""
    changed: bool = False
    added: bool = False
    category: str = ""
    exact: bool = False
    missing: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    source: str = ""
    confidence: tuple[int, int] | None = None
    photos: str = ""
    price: tuple[str, Decimal | None, Decimal | None] | None = None
    brought: int = 0
    channel: readiness.Channel | None = None
    lacks: str = ""
    ready: str = ""
    order: str = NEWEST

    @classmethod
    def of(cls, address: QueryDict) -> Browse:
        """The filters of an address; what cannot work is left out."""
        order = address.get("order", NEWEST)
        status = address.get("status", "")
        source = address.get("source", "")
        photos = address.get("photos", "")
        values = [
            (name.removeprefix(PREFIX), value)
            for name in address
            if name.startswith(PREFIX) and _KEY.fullmatch(name.removeprefix(PREFIX))
            for value in address.getlist(name)
            if _is_text(value)
        ]
        missing = [name for name in address.getlist("missing") if _KEY.fullmatch(name)]
        category = clean_category(address.get("category", ""))
        channel = readiness.channel_of(address.get("channel", ""))
        lacks = readiness.requirement_of(address.get("lacks", "")) if channel else ""
        is_ready = address.get("ready", "") if channel and not lacks else ""
        if is_ready not in {readiness.READY, readiness.NOT_READY}:
            # A channel by itself asks for nothing.
            is_ready, channel = "", channel if lacks else None
        return cls(
            status=status if status in ProductStatus.values else "",
            changed=address.get("changed", "") == "1",
            added=address.get("added", "") == "1",
            category=category,
            exact=address.get("exact", "") == "1" and bool(category),
            missing=tuple(dict.fromkeys(missing))[:MAX_FILTERS],
            values=tuple(dict.fromkeys(values))[:MAX_FILTERS],
            source=source if source in SAID_BY else "",
            confidence=_confidence(address.get("confidence", "")),
            photos=photos if photos in PHOTO_COUNTS else "",
            price=_price(address),
            brought=_id(address.get("import", "")),
            channel=channel,
            lacks=lacks,
            ready=is_ready,
            order=order if order in ORDERS else NEWEST,
        )

    def parameters(self) -> list[tuple[str, str]]:
        """As parameters of an address, without what is as usual."""
        plain = [
            ("status", self.status),
            ("changed", "1" if self.changed else ""),
            ("added", "1" if self.added else ""),
            ("category", self.category),
            ("exact", "1" if self.exact else ""),
            *(("missing", name) for name in self.missing),
            *((f"{PREFIX}{name}", value) for name, value in self.values),
            ("source", self.source),
            ("confidence", "-".join(map(str, self.confidence)) if self.confidence else ""),
            ("photos", self.photos),
            ("channel", ":".join(self.channel) if self.channel else ""),
            ("lacks", self.lacks),
            ("ready", self.ready),
        ]
        if self.price is not None:
            currency, low, high = self.price
            plain.append(("currency", currency))
            plain.append(("price_min", f"{low:f}" if low is not None else ""))
            plain.append(("price_below", f"{high:f}" if high is not None else ""))
        plain.append(("import", str(self.brought or "")))
        plain.append(("order", self.order if self.order != NEWEST else ""))
        return [(name, value) for name, value in plain if value]

    @property
    def is_filtered(self) -> bool:
        """Whether anything is on besides what tabs choose: the status, and what is not as it was approved."""
        return replace(self.without_tab(), order=NEWEST) != Browse()

    def without_tab(self) -> Browse:
        """The same filters over all statuses."""
        return replace(self, status="", changed=False, added=False)

    def products(self, catalog: Catalog) -> QuerySet[Product]:
        """The products that fit, in their order."""
        return self.filtered(selectors.products_in(catalog)).order_by(*ORDERS[self.order][1])

    def _of_tab(self, products: QuerySet[Product]) -> QuerySet[Product]:
        if self.status:
            products = products.filter(status=self.status)
        if self.changed:
            products = products.filter(changed_since_approval=True)
        return products.filter(added_since_approval=True) if self.added else products

    def filtered(self, products: QuerySet[Product]) -> QuerySet[Product]:
        """Those of the products that fit."""
        products = self._of_tab(products)
        if self.category:
            here = Q(category__path=self.category) if self.exact else in_category(self.category)
            products = products.filter(here)
        for name in self.missing:
            products = products.filter(is_missing(name, vocabulary.current()))
        for field, value in self.values:
            terms = CurrentTerm.objects.filter(product=OuterRef("pk"), field=field, value=value)
            products = products.filter(Exists(terms))
        if self.source or self.confidence:
            products = products.filter(Exists(self._said()))
        if self.photos:
            products = _with_photos(products, self.photos)
        if self.price is not None:
            products = products.filter(Exists(self._sold(self.price)))
        if self.brought:
            products = products.filter(Exists(self._written()))
        return self._ready(products)

    def _ready(self, products: QuerySet[Product]) -> QuerySet[Product]:
        if self.channel is None:
            return products
        if self.lacks:
            return readiness.lacking(products, self.channel, self.lacks)
        return readiness.ready(products, self.channel, self.ready)

    def _written(self) -> QuerySet[ImportItem]:
        written = ImportItem.objects.filter(product=OuterRef("pk"), source=self.brought)
        return written.filter(state__in=(ItemState.CREATED, ItemState.UPDATED))

    def _said(self) -> QuerySet[CurrentAttribute]:
        said = CurrentAttribute.objects.filter(product=OuterRef("pk"), value__isnull=False)
        if self.source:
            said = said.filter(SAID_BY[self.source])
        return said.filter(confidence_in(self.confidence)) if self.confidence else said

    @staticmethod
    def _sold(price: tuple[str, Decimal | None, Decimal | None]) -> QuerySet[Variant]:
        currency, low, high = price
        sold = Variant.objects.alive().filter(product=OuterRef("pk"), currency=currency)
        sold = sold.filter(price__isnull=False) if low is None else sold.filter(price__gte=low)
        return sold if high is None else sold.filter(price__lt=high)


def clean_category(path: str) -> str:
    """A path that can be compared with those of categories; empty for what cannot be one."""
    path = path.strip("/")
    return path if _is_text(path) else ""


def in_category(path: str) -> Q:
    """Products of a category or of one below it."""
    return Q(category__path=path) | Q(category__path__startswith=f"{path}/")


def confidence_in(band: tuple[int, int]) -> Q:
    """Values whose confidence lies in a band of per cent."""
    low, high = band
    at_most = {"confidence__lte": 1} if high >= 100 else {"confidence__lt": high / 100}  # noqa: PLR2004 -- per cent
    return Q(confidence__gte=low / 100, **at_most)


def is_missing(name: str, words: Vocabulary) -> Q:
    """Products that should say something of a field and do not. Left empty on purpose is said."""
    if name in COLUMNS:
        return COLUMNS[name]
    if name == PRICE:
        priced = Variant.objects.alive().filter(product=OuterRef("pk"), price__isnull=False)
        return Q(~Exists(priced))
    said = CurrentAttribute.objects.filter(product=OuterRef("pk"), field=name)
    return Q(~Exists(said)) & where_it_applies(name, words)


def where_it_applies(key: str, words: Vocabulary) -> Q:
    """Products that may have an attribute: those of its categories and of what lies below."""
    attribute = words.attributes.get(key)
    if attribute is None:
        return Q(pk__in=[])
    if not attribute.categories:
        return Q()
    paths = [path for path in words.categories if applies(attribute.categories, path)]
    return Q(category__path__in=paths)


def _with_photos(products: QuerySet[Product], count: str) -> QuerySet[Product]:
    if count == "0":
        standing = Placement.objects.alive().filter(product=OuterRef("pk"))
        return products.filter(~Exists(standing))
    counted = products.alias(photo_count=photo_count())
    return counted.filter(photo_count=1) if count == "1" else counted.filter(photo_count__gt=1)


def photo_count() -> Coalesce:
    """How many photos a product has, for annotating products."""
    standing = Placement.objects.alive().filter(product=OuterRef("pk")).order_by()
    counted = standing.values("product").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))


def _is_text(value: str) -> bool:
    """Whether databases can compare it: no NUL, no lone surrogates, not endless."""
    return 0 < len(value) <= 300 and value.isprintable()  # noqa: PLR2004 -- longer than any path


def _confidence(text: str) -> tuple[int, int] | None:
    match = _BAND.fullmatch(text)
    if match is None:
        return None
    low, high = int(match[1]), int(match[2])
    return (low, high) if low < high <= 100 else None  # noqa: PLR2004 -- per cent


def _price(address: QueryDict) -> tuple[str, Decimal | None, Decimal | None] | None:
    currency = address.get("currency", "")
    if not _CURRENCY.fullmatch(currency):
        return None
    low, high = (_amount(address.get(name, "")) for name in ("price_min", "price_below"))
    return (currency, low, high)


def _amount(text: str) -> Decimal | None:
    return Decimal(text) if _AMOUNT.fullmatch(text) else None


def _id(text: str) -> int:
    return int(text) if _ID.fullmatch(text) else 0
