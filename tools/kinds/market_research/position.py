"""Where a price stands among others: counted and measured, nothing guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from statistics import median

from catalog.views.present import amount
from tools.comparables import Comparable
from tools.facts import ProductFacts
from tools.money import half_up, rounded


@dataclass(frozen=True)
class Spread:
    """Lowest, middle and highest of some prices of one currency."""

    count: int
    low: Decimal
    middle: Decimal
    high: Decimal


@dataclass(frozen=True)
class Position:
    """A price among prices of its own currency.

    `price` is None where the product has none; then nothing is cheaper or dearer. `elsewhere` counts
    comparables with a price in another currency, which are left out, `unpriced` those without one.
    """

    currency: str
    price: Decimal | None
    priced: tuple[Comparable, ...]
    elsewhere: int
    unpriced: int
    cheaper: int = 0
    same: int = 0
    dearer: int = 0

    @property
    def spread(self) -> Spread | None:
        prices = [each.price for each in self.priced if each.price is not None]
        return spread_of(prices, self.currency)

    def spread_by(self, standing: str) -> Spread | None:
        """As `spread`, of the comparables that stand like this alone."""
        prices = [each.price for each in self.priced if each.standing == standing]
        return spread_of([price for price in prices if price is not None], self.currency)

    @property
    def above_middle(self) -> Decimal | None:
        """How far the price lies above the middle one; below zero when it is lower."""
        spread = self.spread
        if self.price is None or spread is None:
            return None
        return self.price - spread.middle

    @property
    def above_middle_percent(self) -> int | None:
        spread, above = self.spread, self.above_middle
        if spread is None or above is None or not spread.middle:
            return None
        return percent(above, spread.middle)

    def money(self, value: Decimal) -> str:
        return amount(value, self.currency)

    def stretch(self, low: Decimal, high: Decimal) -> str:
        """From one price to another, or the one that both are."""
        return self.money(low) if low == high else f"{self.money(low)} to {self.money(high)}"


def percent(part: Decimal, whole: Decimal) -> int:
    """A share in whole percent, halves away from zero."""
    return int(half_up(Fraction(part) * 100 / Fraction(whole), 0))


def position_of(facts: ProductFacts, comparables: Sequence[Comparable]) -> Position:
    """Where the product's lowest price stands, in its own currency alone."""
    currency, price = facts.currency, None
    if facts.prices:
        currency, (price, _) = next(iter(facts.prices.items()))
    priced = [each for each in comparables if each.price is not None]
    here = tuple(each for each in priced if each.currency == currency)
    prices = [each.price for each in here if each.price is not None]
    return Position(
        currency=currency,
        price=price,
        priced=here,
        elsewhere=len(priced) - len(here),
        unpriced=len(comparables) - len(priced),
        cheaper=0 if price is None else sum(each < price for each in prices),
        same=0 if price is None else sum(each == price for each in prices),
        dearer=0 if price is None else sum(each > price for each in prices),
    )


def spread_of(prices: Sequence[Decimal], currency: str) -> Spread | None:
    """None without any price. The middle is rounded half up, as the currency's money is."""
    if not prices:
        return None
    middle = rounded(Decimal(median(prices)), currency)
    return Spread(len(prices), min(prices), middle, max(prices))
