"""Where a product stands among those that look like it: what they say and it does not, and prices."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

from catalog.money import money_text
from tools.evidence import Neighbours, ProductFacts

# An attribute that one similar product alone has is that product's own.
ENOUGH = 2
MOST_VALUES = 3
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Gap:
    """An attribute that `have` of the similar products have and the product does not."""

    key: str
    field: str
    label: str
    have: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class PriceStanding:
    """The product's lowest price among those of similar products, all in one currency.

    `others` are (title, price, key), the cheapest first.
    """

    currency: str
    own: Decimal
    others: tuple[tuple[str, Decimal, str], ...]

    @property
    def middle(self) -> Decimal:
        return Decimal(median(price for _, price, _ in self.others)).quantize(CENT)

    @property
    def cheaper(self) -> int:
        """How many of them cost less."""
        return sum(price < self.own for _, price, _ in self.others)

    @property
    def text(self) -> str:
        low, high = self.others[0][1], self.others[-1][1]
        return (
            f"{money_text(self.own)} {self.currency}; {len(self.others)} similar products of this "
            f"catalogue cost {money_text(low)} to {money_text(high)}, {self.cheaper} of them less, "
            f"with a median of {money_text(self.middle)}"
        )


@dataclass(frozen=True)
class Standing:
    """`unlike` are the product's own attributes that no similar product has a value in."""

    neighbours: Neighbours
    gaps: tuple[Gap, ...] = ()
    unlike: tuple[str, ...] = ()
    price: PriceStanding | None = None

    def as_json(self) -> dict[str, Any]:
        price = {"price": {"key": "price", "standing": self.price.text}} if self.price else {}
        return {
            "compared_with": len(self.neighbours),
            "attributes_others_have_and_it_lacks": [
                {
                    "key": each.key,
                    "attribute": each.label,
                    "how_many_have_it": each.have,
                    "values": list(each.values),
                }
                for each in self.gaps
            ],
            "attributes_only_it_has": list(self.unlike),
            **price,
        }


def standing_of(facts: ProductFacts, neighbours: Neighbours) -> Standing:
    own = {each.field for each in facts.attributes}
    values: dict[str, Counter[str]] = {}
    labels: dict[str, str] = {}
    have: Counter[str] = Counter()
    for neighbour in neighbours:
        have.update({each.field for each in neighbour.attributes})
        for each in neighbour.attributes:
            labels[each.field] = each.label
            values.setdefault(each.field, Counter()).update(each.labels)
    lacking = [
        name
        for name, number in have.most_common()
        if number >= ENOUGH and name not in own | facts.emptied
    ]
    return Standing(
        neighbours,
        gaps=tuple(
            Gap(
                key=f"g{number}",
                field=name,
                label=labels[name],
                have=have[name],
                values=tuple(value for value, _ in values[name].most_common(MOST_VALUES)),
            )
            for number, name in enumerate(lacking, 1)
        ),
        unlike=tuple(each.key for each in facts.attributes if neighbours and not have[each.field]),
        price=_price(facts, neighbours),
    )


def _price(facts: ProductFacts, neighbours: Neighbours) -> PriceStanding | None:
    """None without a price of its own, or with fewer than two in its currency beside it."""
    currency, (own, _) = next(iter(facts.prices.items()), ("", (Decimal(0), Decimal(0))))
    others = sorted(
        (
            (each.title, each.prices[currency][0], each.key)
            for each in neighbours
            if currency in each.prices
        ),
        key=lambda each: each[1],
    )
    return PriceStanding(currency, own, tuple(others)) if len(others) >= ENOUGH else None
