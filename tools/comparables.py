"""What a product is compared with: others' offers, and products of its own catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from catalog.models import Product
from catalog.models.sources import MACHINE_SOURCES
from catalog.money import money_text
from catalog.services.attribute_values import CATEGORY
from tools.evidence import AWAY, PARTLY, neighbours_of
from tools.facts import Neighbour, ProductFacts

Standing = Literal["confirmed", "suggested", "similar", "own"]
CONFIRMED: Standing = "confirmed"
SUGGESTED: Standing = "suggested"
SIMILAR: Standing = "similar"
OWN: Standing = "own"
STANDINGS = (CONFIRMED, SUGGESTED, SIMILAR)
WORDS: Mapping[str, str] = {
    CONFIRMED: "Confirmed match",
    SUGGESTED: "Suggested, not confirmed",
    SIMILAR: "Similar, not the same",
    OWN: "Your own assortment",
}
LEAST_WEIGHT = Decimal("0.001")
# With fewer of its own category, what looks most like it in the category above fills up to so many.
FEW = 5
NO_CATEGORY = (
    "Nothing of your own assortment is compared: only products of the same category say something "
    "about its price, and this one has no category yet."
)
UNSURE = "A machine chose this category and nobody has confirmed it: if it is wrong, so is this."


class Comparable(BaseModel):
    """An offer of others, or a product of the own catalogue.

    `key` is unique among those of a run. `attributes` are texts by label, `similarity` is from 0 to 1,
    `seen_on` the day of the price, and `price_note` says which of several prices it is. `url` is an
    address on this site; `address` is what others wrote, and text.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    standing: Standing
    title: str
    brand: str = ""
    seller: str = ""
    price: Decimal | None = None
    currency: str = ""
    price_note: str = ""
    attributes: Mapping[str, str] = {}
    claims: tuple[str, ...] = ()
    source: str = ""
    seen_on: date | None = None
    similarity: float | None = Field(default=None, ge=0, le=1)
    url: str = ""
    address: str = ""

    @property
    def is_own(self) -> bool:
        return self.standing == OWN

    @property
    def weight(self) -> Decimal:
        """What it counts, over 0 up to 1: the same product whole, any other as far as it is alike."""
        if self.standing == CONFIRMED:
            return Decimal(1)
        alike = Decimal(str(self.similarity or 0)).quantize(LEAST_WEIGHT, ROUND_HALF_UP)
        return max(alike, LEAST_WEIGHT)

    def as_json(self) -> dict[str, Any]:
        """For a prompt and for the run's evidence; what there is not is left out."""
        amount = money_text(self.price)
        price = {} if amount is None else {"price": amount, "currency": self.currency}
        told = {
            "standing": self.standing,
            "title": self.title,
            "brand": self.brand,
            "seller": self.seller,
            "attributes": dict(self.attributes),
            "claims": list(self.claims),
            "source": self.source,
            "seen_on": self.seen_on.isoformat() if self.seen_on else "",
        }
        return {"key": self.key, **{name: value for name, value in told.items() if value}, **price}


@dataclass(frozen=True)
class OwnProducts:
    """Products of the own catalogue to compare with, the most alike first.

    `chosen` says in a sentence how they were chosen, or why there are none; `notice` what could not
    be had, "" where nothing is amiss.
    """

    found: tuple[Comparable, ...] = ()
    chosen: str = ""
    notice: str = ""


def own_products(product: Product, facts: ProductFacts, currency: str, most: int) -> OwnProducts:
    """What may be compared of the own catalogue, at most `most`, at prices in `currency`.

    Looks alone make nothing comparable: a pouf may look like a headphone. Products of the same
    category are, however they look; where these are few, so are the ones of the category above that look
    most like it.
    """
    if not facts.category:
        return OwnProducts(chosen=NO_CATEGORY)
    near = neighbours_of(product, most, weak=True, category=facts.category)
    notice = near.notice if near.notice in {AWAY, PARTLY} else ""
    same, above = list(near), facts.category.rpartition("/")[0]
    wider: list[Neighbour] = []
    if len(same) < FEW and above and notice != AWAY:
        known = {each.id for each in same}
        found = neighbours_of(product, most, category=above)
        wider = [each for each in found if each.id not in known][: min(most, FEW) - len(same)]
    chosen = "" if notice == AWAY else _chosen(facts, len(same), len(wider), above=bool(above))
    if chosen and not _is_sure(product):
        chosen = f"{chosen} {UNSURE}"
    return OwnProducts(
        found=tuple(_own(each, currency) for each in (*same, *wider)), chosen=chosen, notice=notice
    )


def _is_sure(product: Product) -> bool:
    """Whether a person or an import stands behind the product's category."""
    current = product.current_attributes.filter(field=CATEGORY, variant=None).first()
    return current is None or current.locked or current.source not in MACHINE_SOURCES


def _chosen(facts: ProductFacts, same: int, wider: int, *, above: bool) -> str:
    category = facts.category_label
    if not above or same >= FEW:
        if not same:
            return (
                f"Of your own assortment, nothing else in {category} can be compared by its photos."
            )
        return (
            f"Of your own assortment, what is in {category} is compared ({same}), weighted by how "
            "alike the photos are."
        )
    parent = category.rpartition(" › ")[0]
    few = f"only {same} can" if same else "nothing can"
    if not wider:
        return (
            f"Of your own assortment, {few} be compared in {category}, and nothing else in {parent} "
            "looks like it."
        )
    return (
        f"Of your own assortment, {few} be compared in {category}, so what looks most like it in "
        f"{parent} is compared, too ({wider}), weighted by how alike the photos are."
    )


def _own(neighbour: Neighbour, currency: str) -> Comparable:
    """A neighbour at its lowest price in `currency`, or else in the one that it has."""
    priced_in = currency if currency in neighbour.prices else neighbour.currency
    low, high = neighbour.prices.get(priced_in, (None, None))
    return Comparable(
        key=f"own-{neighbour.id}",
        standing=OWN,
        title=neighbour.title,
        brand=neighbour.brand,
        price=low,
        currency=priced_in,
        price_note="the lowest of its variants" if low != high else "",
        attributes={fact.label: fact.text for fact in neighbour.attributes},
        similarity=neighbour.similarity,
        url=neighbour.url,
    )


def numbered(comparables: Iterable[Comparable], letter: str) -> list[Comparable]:
    """The same with short keys to cite: r1, r2 ..."""
    return [
        each.model_copy(update={"key": f"{letter}{number}"})
        for number, each in enumerate(comparables, 1)
    ]
