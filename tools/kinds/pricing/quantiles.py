"""Quantiles of weighted prices."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

Weighted = Sequence[tuple[Decimal, Decimal]]
LOWER, MIDDLE, UPPER = Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)


def weighted_quantile(rows: Weighted, share: Fraction) -> Decimal:
    """The price up to which `share` (0 to 1) of the weight lies; rows are (price, weight > 0).

    Where the weight up to a price is the share exactly, the middle between that price and the next:
    so the median of two is their mean, and a row that stands there twice counts as one of twice its
    weight. Raises ValueError without rows.
    """
    if not rows:
        raise ValueError("no rows, no quantile")
    ordered = sorted(rows)
    wanted = share * sum(Fraction(weight) for _, weight in ordered)
    reached = Fraction(0)
    for place, (price, weight) in enumerate(ordered):
        reached += Fraction(weight)
        if reached == wanted and place + 1 < len(ordered):
            return (price + ordered[place + 1][0]) / 2
        if reached >= wanted:
            return price
    return ordered[-1][0]


def effective_count(rows: Weighted) -> Fraction:
    """How many rows of equal weight would say as much (Kish): 5 for five alike, 1 where one
    outweighs all others.
    """
    weights = [Fraction(weight) for _, weight in rows]
    squares = sum(weight**2 for weight in weights)
    return Fraction(sum(weights)) ** 2 / squares if squares else Fraction(0)


def share_below(rows: Weighted, price: Decimal) -> Fraction:
    """The share of the weight at lower prices, what costs the same counted half. Without rows 1/2."""
    total = sum(Fraction(weight) for _, weight in rows)
    below = sum(Fraction(weight) for each, weight in rows if each < price)
    same = sum(Fraction(weight) for each, weight in rows if each == price)
    return (below + Fraction(same) / 2) / total if total else Fraction(1, 2)
