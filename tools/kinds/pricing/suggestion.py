"""Which price follows from the range, the costs and the goal."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel

from tools.kinds.pricing.comparables import Spread
from tools.kinds.pricing.points import PricePoint, price_points
from tools.money import amount_text

Goal = Literal["margin", "match", "premium"]


class Limits(BaseModel):
    """What no suggestion goes below: `floor`, the lowest price with the target margin, and
    `minimum`, the lowest that may be advertised. None where there is none.
    """

    floor: Decimal | None = None
    minimum: Decimal | None = None

    @property
    def lowest(self) -> Decimal | None:
        return max((each for each in (self.floor, self.minimum) if each is not None), default=None)


class Suggestion(BaseModel):
    """A price and how it came about, in sentences."""

    price: Decimal
    reasons: list[str]


def suggest(
    goal: Goal, spread: Spread | None, limits: Limits, currency: str
) -> tuple[Suggestion | None, list[PricePoint], str]:
    """A price for a goal, the price points around it, and why there is none where there is none.

    The suggestion is the price point nearest to what the goal asks for, at or above the limits.
    """
    anchor, reasons = _anchor(goal, spread, limits, currency)
    if anchor is None or anchor <= 0:
        return None, [], _missing(goal, spread)
    lowest = limits.lowest or Decimal(0)
    if anchor < lowest:
        anchor = lowest
        reasons.append(_lifted(limits, currency))
    points = price_points(anchor, currency, low=lowest)
    price = points[0].price
    reasons.append(f"{amount_text(price, currency)} is the nearest price point.")
    return Suggestion(price=price, reasons=reasons), points, ""


def _anchor(
    goal: Goal, spread: Spread | None, limits: Limits, currency: str
) -> tuple[Decimal | None, list[str]]:
    """The price that a goal asks for before limits and endings, and the sentence that says so."""
    if goal == "margin" and limits.floor is None:
        return None, []
    if spread is None:
        return limits.floor, [
            "No range of comparables speaks here: the lowest price with the target margin alone."
        ]
    if goal == "match":
        return spread.middle, _because("the middle of the range", spread.middle, currency)
    if goal == "premium":
        return spread.high, _because("the upper quarter of the range", spread.high, currency)
    assert limits.floor is not None
    if limits.floor >= spread.low:
        return limits.floor, _because(
            "the lowest price with the target margin", limits.floor, currency
        )
    reason = (
        f"The target margin is reached from {amount_text(limits.floor, currency)} on; below the "
        f"lower quarter of the range, {amount_text(spread.low, currency)}, only margin is given away."
    )
    return spread.low, [reason]


def _because(what: str, amount: Decimal, currency: str) -> list[str]:
    return [f"The goal is {what}, {amount_text(amount, currency)}."]


def _lifted(limits: Limits, currency: str) -> str:
    if limits.minimum is not None and limits.minimum == limits.lowest:
        minimum = amount_text(limits.minimum, currency)
        return f"Raised to the minimum advertised price, {minimum}."
    assert limits.floor is not None
    return (
        f"Raised to the lowest price with the target margin, {amount_text(limits.floor, currency)}."
    )


def _missing(goal: Goal, spread: Spread | None) -> str:
    if goal == "margin":
        return "There is no lowest price with the target margin, so no price is suggested for it."
    if spread is None:
        return (
            "There is neither a range of comparables nor a lowest price with the target margin, so "
            "no price is suggested."
        )
    return "The comparables cost nothing, so no price is suggested."
