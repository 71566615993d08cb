"""Products as what is offered for sale, one offer a variant: what Google's and Meta's feeds share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from hashlib import sha256

from django.utils.text import slugify

from catalog.channels.facts import Facts
from catalog.exporting.formats.base import Choice, Writing
from catalog.interchange.records import CATEGORY, PhotoRecord, ProductRecord, VariantRecord
from catalog.models import PhotoRole, Source
from prodintel.lib.graphemes import cut

MAX_ID = 50
DIGEST = 8
MAX_COLORS = 3
MAX_COLOR = 40
WITH_OPTIONS = "options"
TITLES = Choice(
    "titles",
    "Titles of variants",
    (("", "As they are"), (WITH_OPTIONS, "With their options: Mug – Red / L")),
    "Channels like titles that tell variants apart. Such a file does not come back in as it went out.",
)
# Size charts and boxes do not show what is sold.
_SHOWS_NO_PRODUCT = frozenset({PhotoRole.CHART, PhotoRole.PACKAGING})
_AI = frozenset({Source.VISION_LLM, Source.TOOL})
# Names of variants that differ also as parts of an id.
_SAYABLE = re.compile(r"[a-z0-9]+(?:(?: / | )[a-z0-9]+)*")
_SPACE = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


@dataclass(frozen=True)
class Offer:
    """One variant of a product, as channels ask for it. Texts are cut where they say how long."""

    record: ProductRecord
    variant: VariantRecord
    facts: Facts
    writing: Writing

    def field(self, name: str) -> str:
        """A field of the product, in one line."""
        return one_line(self.record.fields.get(name) or "")

    def of_variant(self, name: str) -> str:
        """A field of the variant, in one line."""
        return one_line(self.variant.fields.get(name) or "")

    @cached_property
    def id(self) -> str:
        """Its SKU; without one that fits, the product's number, and its options where it has some.

        What an id cannot say in full is told apart by its digest, which stays the same while that
        does, whatever its siblings are.
        """
        sku = self.of_variant("sku")
        if sku and len(sku) <= MAX_ID:
            return sku
        stem = f"p{self.record.id or self.record.key}"
        name = one_line(self.variant.name) if self.has_siblings else ""
        if not name:
            place = f"_{self._place + 1}" if self._place else ""
            return stem[: MAX_ID - len(place)] + place
        plain = f"{stem}-{slugify(name)}"
        if _SAYABLE.fullmatch(name.casefold()) and len(plain) <= MAX_ID:
            return plain
        digest = sha256(name.encode()).hexdigest()[:DIGEST]
        return f"{plain[: MAX_ID - DIGEST - 1].rstrip('-')}-{digest}"

    @cached_property
    def _place(self) -> int:
        places = (n for n, each in enumerate(self.record.variants) if each is self.variant)
        return next(places, 0)

    @cached_property
    def has_siblings(self) -> bool:
        return len(self.record.variants) > 1

    @property
    def group(self) -> str:
        """What it has in common with the other variants of its product; empty without any."""
        if not self.has_siblings:
            return ""
        key = self.record.key
        return key if key and len(key) <= MAX_ID else f"p{self.record.id or key}"[:MAX_ID]

    def is_ai_written(self, name: str) -> bool:
        """Whether a language model wrote this text, whoever accepted it."""
        return self.record.written_by.get(name) in _AI

    def title(self, limit: int) -> str:
        """In one line; where that was chosen with the options that tell it from its siblings."""
        title = self.field("title")
        if not self.has_siblings or self.writing.options.get(TITLES.name) != WITH_OPTIONS:
            return cut(title, limit)
        values = [value for _, value in self.options]
        # Options that the title says already are not said twice.
        told = [value for value in values if value and value.casefold() not in title.casefold()]
        ending = f" – {' / '.join(told)}" if told and title else ""
        whole = title + ending
        return whole if len(whole) <= limit else cut(title, limit)

    def description(self, limit: int) -> str:
        text = self.record.fields.get("description") or ""
        return cut(_CONTROL.sub("", text).strip(), limit)

    @cached_property
    def options(self) -> list[tuple[str, str]]:
        """What tells it from its siblings, by the options' names."""
        pairs = (
            (self.of_variant(f"option{n}_name"), self.of_variant(f"option{n}_value"))
            for n in (1, 2, 3)
        )
        return [(name, value) for name, value in pairs if value] if self.has_siblings else []

    def text(self, name: str, limit: int) -> str:
        """An attribute's first value as people read it."""
        return next(iter(self.texts(name, limit)), "")

    def texts(self, name: str, limit: int) -> list[str]:
        found = self.facts.values(f"attribute.{name}", self.variant)
        return [cut(one_line(self.writing.label(name, value)), limit) for value in found]

    def key(self, name: str) -> str:
        """An attribute's first value as the vocabulary's key."""
        return next(iter(self.facts.values(f"attribute.{name}", self.variant)), "")

    def colors(self) -> str:
        """At most three, as both channels want them: Red/Green/Blue."""
        colors = (color.replace("/", " ") for color in self.texts("color", MAX_COLOR))
        return "/".join(list(colors)[:MAX_COLORS])

    @property
    def google_category(self) -> str:
        return self.facts.google_category

    @property
    def product_type(self) -> str:
        path = next(iter(self.record.attributes.get(CATEGORY) or []), "")
        return self.writing.trail(path)

    @cached_property
    def prices(self) -> tuple[str, str]:
        """The price and the sale price: what was asked before is the price of what is on sale."""
        price, before = self.of_variant("price"), self.of_variant("compare_at_price")
        if price and before and Decimal(before) > Decimal(price):
            return self._money(before), self._money(price)
        return self._money(price), ""

    def _money(self, amount: str) -> str:
        return f"{amount} {self.of_variant('currency')}" if amount else ""

    @cached_property
    def photos(self) -> list[str]:
        """Addresses: the variant's own photos first, the face of the product before others.

        Without those of other variants, and without size charts and boxes.
        """
        fitting = [
            photo
            for photo in self.record.photos
            if photo.variant in ("", self.variant.name) and photo.role not in _SHOWS_NO_PRODUCT
        ]
        found = sorted(fitting or self.record.photos, key=self._rank)
        # Where several stand in one cell, commas part them.
        return list(dict.fromkeys(photo.source.replace(",", "%2C") for photo in found))

    def _rank(self, photo: PhotoRecord) -> tuple[bool, bool]:
        own = self.has_siblings and bool(photo.variant) and photo.variant == self.variant.name
        return (not own, photo.role != PhotoRole.MAIN)


def offers(record: ProductRecord, writing: Writing) -> Iterator[Offer]:
    """What of a product is sold."""
    facts = Facts(record, writing.known)
    for variant in record.variants or [VariantRecord()]:
        yield Offer(record, variant, facts, writing)


def one_line(text: str) -> str:
    return _SPACE.sub(" ", _CONTROL.sub("", text)).strip()
