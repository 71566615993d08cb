"""Facts of products as tools, prompts and pages take them: plain objects, read by `tools.evidence`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.urls import reverse

from catalog.models import Source, Variant
from catalog.models.sources import MACHINE_SOURCES
from catalog.money import money_text
from catalog.renditions import WIDTHS
from tools.prompts import Cites

# Of a text in a prompt, in characters: what a shopper reads, not a manual.
MAX_PROMPT_TEXT = 2000
NOT_CONFIRMED = "not confirmed"


@dataclass(frozen=True)
class AttributeFact:
    """A current value. `values` are as the ledger keeps them, `labels` as people read them.

    `confirmed` says that a person or an import stands behind it; `confidence` is a machine's, from
    0 to 1. `variant` is the id of the variant whose value it is, None for the product's own.
    """

    key: str
    field: str
    label: str
    values: tuple[Any, ...]
    labels: tuple[str, ...]
    source: str
    confirmed: bool
    confidence: float | None = None
    locale: str = ""
    variant: int | None = None

    @property
    def text(self) -> str:
        return ", ".join(self.labels)

    @property
    def by(self) -> str:
        """Whose word it is, in words."""
        if self.source not in MACHINE_SOURCES:
            return "import" if self.source == Source.IMPORT else "person"
        if self.confirmed:
            return "machine, confirmed by a person"
        sure = f", {self.confidence:.0%} sure" if self.confidence is not None else ""
        return f"machine{sure}, {NOT_CONFIRMED}"


@dataclass(frozen=True)
class VariantFact:
    """What is sold. Amounts are in `currency`, None where there is none."""

    key: str
    id: int
    sku: str
    gtin: str
    mpn: str
    options: Mapping[str, str]
    price: Decimal | None
    compare_at_price: Decimal | None
    cost: Decimal | None
    currency: str
    availability: str
    condition: str
    weight_grams: int | None = None

    @property
    def label(self) -> str:
        return " / ".join(self.options.values()) or self.sku or "the product as it is sold"


@dataclass(frozen=True)
class PhotoFact:
    """A photo where it stands: `placement` and `photo` are ids; the size is in pixels."""

    key: str
    placement: int
    photo: int
    role: str
    role_label: str
    alt_text: str
    width: int
    height: int
    variant: int | None = None


@dataclass(frozen=True)
class ProductFacts:
    """A product. `category` is a path, `category_label` what people read: Home › Kitchen › Mugs.

    `emptied` are the attributes that somebody left empty on purpose. Attributes stand in the
    vocabulary's order, photos the main one first.
    """

    id: int
    url: str
    title: str
    description: str
    brand: str
    category: str
    category_label: str
    tags: tuple[str, ...]
    status: str
    currency: str
    language: str
    product_url: str = ""
    attributes: tuple[AttributeFact, ...] = ()
    emptied: frozenset[str] = frozenset()
    variants: tuple[VariantFact, ...] = ()
    photos: tuple[PhotoFact, ...] = ()

    def attribute(self, name: str) -> AttributeFact | None:
        """The product's own value of a field."""
        found = (each for each in self.attributes if each.field == name and each.variant is None)
        return next(found, None)

    @property
    def prices(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Lowest and highest price by currency, the catalogue's own currency first."""
        return prices_of(self.variants, self.currency)

    def as_json(self) -> dict[str, Any]:
        """For a prompt, with the keys to cite. What the shop paid is left out."""
        texts = {
            "title": self.title,
            "description": self.description[:MAX_PROMPT_TEXT],
            "brand": self.brand,
            "category": self.category_label,
            "tags": ", ".join(self.tags),
        }
        return {
            **{key: text for key, text in texts.items() if text},
            "attributes": [_attribute_json(each, self.variants) for each in self.attributes],
            "variants": [_variant_json(each) for each in self.variants],
            "photos": [
                {"key": each.key, "role": each.role, "alt_text": each.alt_text}
                for each in self.photos
            ],
        }

    def cites(self) -> Cites:
        """What each key means and where it can be seen, for showing what a claim rests on."""
        named = {
            "title": self.title,
            "description": self.description,
            "brand": self.brand,
            "category": self.category_label,
            "tags": ", ".join(self.tags),
        }
        page = {key: _cite(key.capitalize(), self.url) for key, text in named.items() if text}
        attributes = f"{self.url}#attributes"
        return {
            **page,
            **{a.key: _cite(f"{a.label}: {a.text}", attributes) for a in self.attributes},
            **{
                v.key: _cite(_variant_label(v), f"{self.url}#variants-title") for v in self.variants
            },
            **{
                p.key: _cite(f"Photo {n} ({p.role_label.lower()})", photo_url(p.photo))
                for n, p in enumerate(self.photos, 1)
            },
        }


@dataclass(frozen=True)
class Neighbour:
    """A product of the same catalogue that looks like the product.

    `similarity` is the cosine of their looks, from 0 to 1; `strength` says whether that is more than
    any photo gets ("exact", "strong") or not ("weak"). `prices` are by currency, lowest and highest.
    """

    key: str
    id: int
    url: str
    title: str
    brand: str
    category: str
    category_label: str
    similarity: float
    strength: str
    sku: str = ""
    prices: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    attributes: tuple[AttributeFact, ...] = ()
    photo: int | None = None
    placement: int | None = None

    @property
    def currency(self) -> str:
        """The currency of `price`, the catalogue's own where it has a price in it; "" without one."""
        return next(iter(self.prices), "")

    @property
    def price(self) -> Decimal | None:
        """The lowest price in `currency`."""
        return self.prices[self.currency][0] if self.prices else None

    def attribute(self, name: str) -> AttributeFact | None:
        return next((each for each in self.attributes if each.field == name), None)

    def as_json(self) -> dict[str, Any]:
        """For a prompt, with its key to cite."""
        price = {"price": money_text(self.price), "currency": self.currency} if self.prices else {}
        return {
            "key": self.key,
            "title": self.title,
            "brand": self.brand,
            "category": self.category_label,
            **price,
            "similarity": round(self.similarity, 2),
            "attributes": {each.label: each.text for each in self.attributes},
        }


@dataclass(frozen=True)
class Neighbours(Sequence[Neighbour]):
    """The most alike first. `notice` says what could not be had, "" where nothing is amiss."""

    found: tuple[Neighbour, ...] = ()
    notice: str = ""

    def __getitem__(self, place: Any) -> Any:
        return self.found[place]

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[Neighbour]:
        return iter(self.found)

    def cites(self) -> Cites:
        return {each.key: _cite(each.title, each.url) for each in self.found}


def prices_of(
    variants: Sequence[Variant] | Sequence[VariantFact], first: str
) -> dict[str, tuple[Decimal, Decimal]]:
    """Lowest and highest price by currency; `first` comes first, the others in their order."""
    amounts: dict[str, list[Decimal]] = {}
    for each in variants:
        if each.price is not None:
            amounts.setdefault(each.currency, []).append(each.price)
    order = sorted(amounts, key=lambda currency: currency != first)
    return {currency: (min(amounts[currency]), max(amounts[currency])) for currency in order}


def _attribute_json(fact: AttributeFact, variants: Sequence[VariantFact]) -> dict[str, Any]:
    of = {each.id: each.key for each in variants}
    variant = {"variant": of[fact.variant]} if fact.variant in of else {}
    locale = {"language": fact.locale} if fact.locale else {}
    return {
        "key": fact.key,
        "field": fact.field,
        "attribute": fact.label,
        "value": fact.text[:MAX_PROMPT_TEXT],
        "by": fact.by,
        **locale,
        **variant,
    }


def _variant_json(fact: VariantFact) -> dict[str, Any]:
    price = {"price": money_text(fact.price), "currency": fact.currency} if fact.price else {}
    told = {"sku": fact.sku, "options": dict(fact.options), "weight_grams": fact.weight_grams}
    return {
        "key": fact.key,
        **{name: value for name, value in told.items() if value},
        **price,
        "availability": fact.availability,
        "condition": fact.condition,
    }


def _variant_label(fact: VariantFact) -> str:
    price = f", {money_text(fact.price)} {fact.currency}" if fact.price is not None else ""
    return f"Variant: {fact.label}{price}"


def _cite(label: str, url: str) -> dict[str, str]:
    return {"label": label, "url": url}


def photo_url(photo_id: int) -> str:
    """Where a photo can be looked at in full."""
    return reverse("catalog:photo", args=[photo_id, WIDTHS[-1]])
