"""What a product is compared with, and what their prices say together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel

from tools.comparables import SUGGESTED, Comparable
from tools.kinds.pricing.quantiles import (
    LOWER,
    MIDDLE,
    UPPER,
    Weighted,
    effective_count,
    share_below,
    weighted_quantile,
)
from tools.money import half_up, percent, rounded

# A quarter of fewer than five is no more than one of them.
ENOUGH = 5
Basis = Literal["market", "own", "mixed"]


class LeftOut(BaseModel):
    """A comparable that cannot count, and why in words."""

    comparable: Comparable
    reason: str


class Sifted(BaseModel):
    """Comparables by what becomes of them: `counted`, taken out by a person, or left out by rule."""

    counted: list[Comparable]
    excluded: list[Comparable]
    left_out: list[LeftOut]


class Spread(BaseModel):
    """The range of a basis: the quarter, the middle and three quarters of the weight by price.

    `count` comparables say so, which is as much as `effective` ones of equal weight.
    """

    basis: Basis
    low: Decimal
    middle: Decimal
    high: Decimal
    count: int
    effective: Decimal


class Position(BaseModel):
    """Where a price stands among the comparables; `percent_below` is by weight, ties half."""

    cheaper: int
    same: int
    dearer: int
    percent_below: Decimal


def notes_of(comparable: Comparable) -> list[str]:
    """What to know about a comparable's price."""
    unsure = comparable.standing == SUGGESTED and "alike, not confirmed to be the same"
    return [note for note in (unsure, comparable.price_note) if note]


def sift(comparables: Sequence[Comparable], currency: str, excluded: Collection[str]) -> Sifted:
    """Sort comparables out for a product in `currency`. Prices of other currencies never count."""
    counted, taken_out, left_out = [], [], []
    for each in comparables:
        reason = _unfit(each, currency)
        if reason:
            left_out.append(LeftOut(comparable=each, reason=reason))
        elif each.key in excluded:
            taken_out.append(each)
        else:
            counted.append(each)
    return Sifted(counted=counted, excluded=taken_out, left_out=left_out)


def _unfit(comparable: Comparable, currency: str) -> str:
    if comparable.price is None:
        return "has no price"
    if comparable.price <= 0:
        return "its price is 0"
    if comparable.currency != currency:
        return f"its price is in {comparable.currency}, and currencies are not compared"
    return ""


def rows_of(comparables: Sequence[Comparable]) -> Weighted:
    """Price and weight of each that has a price."""
    return [(each.price, each.weight) for each in comparables if each.price is not None]


def basis_of(counted: Sequence[Comparable]) -> tuple[Basis, list[Comparable]] | None:
    """What a range may rest on: competitors where there are enough, else own neighbours, else both
    together; None where even these are too few.
    """
    market = [each for each in counted if not each.is_own]
    own = [each for each in counted if each.is_own]
    if len(market) >= ENOUGH:
        return "market", market
    if len(own) >= ENOUGH:
        return "own", own
    return ("mixed", list(counted)) if len(counted) >= ENOUGH else None


def spread_of(counted: Sequence[Comparable], currency: str) -> Spread | None:
    """The range of what counts, None under `ENOUGH` comparables."""
    found = basis_of(counted)
    if found is None:
        return None
    basis, members = found
    rows = rows_of(members)
    low, middle, high = (
        rounded(weighted_quantile(rows, share), currency) for share in (LOWER, MIDDLE, UPPER)
    )
    return Spread(
        basis=basis,
        low=low,
        middle=middle,
        high=high,
        count=len(members),
        effective=half_up(effective_count(rows), 1),
    )


def position_of(price: Decimal, counted: Sequence[Comparable]) -> Position | None:
    """Where a price stands; None where nothing counts."""
    rows = rows_of(counted)
    if not rows:
        return None
    prices = [each for each, _ in rows]
    return Position(
        cheaper=sum(each < price for each in prices),
        same=sum(each == price for each in prices),
        dearer=sum(each > price for each in prices),
        percent_below=percent(share_below(rows, price)),
    )
