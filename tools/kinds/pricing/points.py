"""Prices as shops write them: 34.99, 34.95, 35.00; 3,480 yen; 349 kroner.

Which endings a currency's shops use is a habit and not a rule; the tool offers them, never more.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal
from typing import Literal

from pydantic import BaseModel

from tools.money import minor_unit

MOST = 6
# The smallest step between prices where it is not the minor unit: coins of 1 and 2 rappen and below
# a krone or koruna are gone, and shops price in what can be paid.
_PRICE_STEPS = {
    "CHF": Decimal("0.05"),
    **dict.fromkeys(["CZK", "NOK", "SEK", "TWD"], Decimal(1)),
    "HUF": Decimal(5),
    "KRW": Decimal(10),
    **dict.fromkeys(["IDR", "VND"], Decimal(100)),
}
# By how many hundredths of the second digit a price stays below a round one: 34.99, 34.95, 34.90.
_OFFSETS = (1, 5, 10)
# Yen prices rather end in 80 than in 99.
_OFFSETS_OF = {"JPY": (10, 20), "KRW": (10,)}
ROUND_DIGITS = 5
# Prices in hundreds end in 9.99 as well as in 9.
_TENS, _CENT = Decimal(10), Decimal("0.01")


class PricePoint(BaseModel):
    """A price that reads well: just below a round one ("charm"), or round itself."""

    price: Decimal
    kind: Literal["charm", "round"]


def price_step(currency: str) -> Decimal:
    """The smallest step between two prices that shops of a currency use."""
    return _PRICE_STEPS.get(currency, minor_unit(currency))


def price_points(wanted: Decimal, currency: str, *, low: Decimal) -> list[PricePoint]:
    """Price points around `wanted`, the nearest first and of two as near the higher one; none below
    `low`, which `wanted` is raised to. At least one, at most `MOST`, a round one among them.
    `wanted` must be above 0.
    """
    around = max(wanted, low)
    step = price_step(currency)
    points = {
        point.price: point
        for point in _candidates(around, currency)
        if point.price >= low and point.price > 0 and point.price % step == 0
    }
    nearest = sorted(points.values(), key=lambda point: (abs(point.price - around), -point.price))
    first_round = next(point for point in nearest if point.kind == "round")
    # Charm prices stand close together and would crowd the round ones out.
    return nearest[:MOST] if first_round in nearest[:MOST] else [*nearest[: MOST - 1], first_round]


def _candidates(around: Decimal, currency: str) -> Iterator[PricePoint]:
    """Charm prices first: where both are the same, the round one replaces it."""
    unit = max(Decimal(1).scaleb(around.adjusted() - 1), price_step(currency))
    first = (around / unit).to_integral_value(ROUND_FLOOR)
    places = minor_unit(currency)
    for count in range(int(first) - 1, int(first) + 4):
        for offset in _offsets(unit, currency):
            yield PricePoint(price=(count * unit - offset).quantize(places), kind="charm")
    for count in range(int(first) - ROUND_DIGITS, int(first) + ROUND_DIGITS + 1):
        if count % ROUND_DIGITS == 0:
            yield PricePoint(price=(count * unit).quantize(places), kind="round")


def _offsets(unit: Decimal, currency: str) -> Iterator[Decimal]:
    """How far below a round price charm prices stand; none where no step is small enough."""
    step = price_step(currency)
    offsets = {max(unit * each / 100, step) for each in _OFFSETS_OF.get(currency, _OFFSETS)}
    if unit == _TENS and step <= _CENT:
        offsets.add(_CENT)
    yield from (offset for offset in offsets if offset < unit)
