"""Bands of prices with round bounds for a histogram."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise

MOST_BANDS = 10
# Where the dearest costs so many times what the cheapest does, bounds grow by factors.
WIDE = 20
STEPS = (Decimal(1), Decimal(2), Decimal(5))


def price_bounds(low: Decimal, high: Decimal) -> list[tuple[Decimal, Decimal]]:
    """Bands that cover prices from `low` to `high`, the cheapest first; an upper bound is not in
    its band. Even ones, or for a wide spread ones that grow (10, 20, 50, 100 ...), so that a few
    dear things do not press all others into the first.
    """
    bounds = _growing(low, high) if high > WIDE * max(low, Decimal(1)) else _even(low, high)
    return list(pairwise(bounds))


def _even(low: Decimal, high: Decimal) -> list[Decimal]:
    step = _round_up((high - low) / MOST_BANDS or max(high, Decimal(1)) / MOST_BANDS)
    start = (low / step).to_integral_value(ROUND_FLOOR) * step
    bounds = [start]
    while bounds[-1] <= high:
        bounds.append(bounds[-1] + step)
    return bounds


def _growing(low: Decimal, high: Decimal) -> list[Decimal]:
    first = max(low, high / 10**4)
    exponent = first.adjusted() if first else 0
    bounds = [Decimal(0)]
    while bounds[-1] <= high:
        bounds += [step.scaleb(exponent) for step in STEPS]
        exponent += 1
    # Of the bounds below all prices the last alone, and the first above them all.
    start = max((each for each in bounds if each <= low), default=Decimal(0))
    end = min(each for each in bounds if each > high)
    return [each for each in bounds if start <= each <= end]


def _round_up(step: Decimal) -> Decimal:
    """The least of 1, 2 and 5 times a power of ten that is no less."""
    exponent = step.adjusted()
    return next(
        round_step
        for power in (exponent, exponent + 1)
        for each in STEPS
        if (round_step := each.scaleb(power)) >= step
    )
