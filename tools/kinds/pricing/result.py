"""Everything that is computed for a product's price, from what is known and what is left out.

`compute` is pure: the same case and the same excluded comparables give the same result, so that a
page can work it out anew at any time without a model.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from fractions import Fraction

from pydantic import BaseModel, Field

from tools.comparables import Comparable
from tools.kinds.pricing import notices
from tools.kinds.pricing.comparables import (
    Position,
    Sifted,
    Spread,
    position_of,
    sift,
    spread_of,
)
from tools.kinds.pricing.costs import Costs, Step, waterfall
from tools.kinds.pricing.ladder import Rung, ladder
from tools.kinds.pricing.points import PricePoint
from tools.kinds.pricing.suggestion import Goal, Limits, Suggestion, suggest
from tools.money import percent, rounded


class VariantPrice(BaseModel):
    """A variant as it is sold now."""

    id: int
    label: str
    price: Decimal | None = None
    compare_at: Decimal | None = None
    cost: Decimal | None = None
    currency: str


class Case(BaseModel):
    """What is known before anything is computed.

    `variant` is the one whose price is looked for, `siblings` are the product's others. Money of
    `minimum` (the lowest price that may be advertised) and `costs` is in the variant's currency.
    `chosen` says how the comparables were chosen, and what could not be had of them.
    """

    title: str
    variant: VariantPrice
    siblings: list[VariantPrice] = []
    costs: Costs
    target_percent: Decimal
    minimum: Decimal | None = None
    goal: Goal
    comparables: list[Comparable] = []
    chosen: list[str] = []

    @property
    def currency(self) -> str:
        return self.variant.currency


class AtPrice(BaseModel):
    """What a price leaves. Profit and margin are None without a cost."""

    label: str
    price: Decimal
    profit: Decimal | None
    margin: Decimal | None
    under_target: bool
    under_minimum: bool
    loss: bool


class Gap(BaseModel):
    """How far one price is from another, as an amount and in percent of the other; both may be
    below 0.
    """

    label: str
    amount: Decimal
    percent: Decimal


class Result(BaseModel):
    """The numbers. Money is in `currency`, rounded as `money` says; margins are percentages.

    What cannot be computed is None, and `notices` say why. `steps` lead from `steps_price` to its
    profit, `rungs` are discounts on `base`: the suggested price, without one the present one.
    """

    currency: str
    sifted: Sifted
    spread: Spread | None
    position: Position | None
    floor: Decimal | None
    break_even: Decimal | None
    suggestion: Suggestion | None
    no_suggestion: str
    points: list[PricePoint]
    at_prices: list[AtPrice]
    base: Decimal | None
    steps: list[Step]
    rungs: list[Rung]
    gaps: list[Gap] = Field(default=[])
    notices: list[str] = Field(default=[])


def compute(case: Case, excluded: Collection[str] = (), try_price: Decimal | None = None) -> Result:
    """The result for a case without the `excluded` keys, with the margin at `try_price` as well."""
    sifted = sift(case.comparables, case.currency, excluded)
    limits = limits_of(case)
    spread = spread_of(sifted.counted, case.currency)
    suggestion, points, no_suggestion = suggest(case.goal, spread, limits, case.currency)
    price = case.variant.price
    base = suggestion.price if suggestion else price
    result = Result(
        currency=case.currency,
        sifted=sifted,
        spread=spread,
        position=None if price is None else position_of(price, sifted.counted),
        floor=limits.floor,
        break_even=case.costs.price_for(Fraction(0)),
        suggestion=suggestion,
        no_suggestion=no_suggestion,
        points=points,
        at_prices=[],
        base=base,
        steps=[] if base is None else waterfall(case.costs, base),
        rungs=[] if not base else _ladder(base, case, limits),
    )
    result.at_prices = _at_prices(case, result, limits, try_price)
    result.gaps = _gaps(case, result)
    result.notices = notices.of(case, result)
    return result


def limits_of(case: Case) -> Limits:
    """What a suggestion may not go below."""
    floor = case.costs.price_for(Fraction(case.target_percent) / 100)
    return Limits(floor=floor, minimum=case.minimum)


def _ladder(base: Decimal, case: Case, limits: Limits) -> list[Rung]:
    return ladder(base, case.costs, floor=limits.floor, minimum=limits.minimum)


def at_price(label: str, price: Decimal, costs: Costs, limits: Limits) -> AtPrice:
    """What a price leaves, and which limits it falls under."""
    profit, margin = costs.profit(price), costs.margin(price)
    return AtPrice(
        label=label,
        price=rounded(price, costs.currency),
        profit=None if profit is None else rounded(profit, costs.currency),
        margin=None if margin is None else percent(margin),
        under_target=limits.floor is not None and price < limits.floor,
        under_minimum=limits.minimum is not None and price < limits.minimum,
        loss=profit is not None and profit < 0,
    )


def _at_prices(
    case: Case, result: Result, limits: Limits, try_price: Decimal | None
) -> list[AtPrice]:
    """Every price that has a name here, the lowest first; names of the same price share a row."""
    spread, suggestion = result.spread, result.suggestion
    named: list[tuple[str, Decimal | None]] = [
        ("Price to try", try_price),
        ("Suggested", suggestion.price if suggestion else None),
        ("Present price", case.variant.price),
        ("Break-even", result.break_even),
        (f"Target margin of {case.target_percent.normalize():f} %", result.floor),
        ("Minimum advertised price", case.minimum),
        ("Lower quarter", spread.low if spread else None),
        ("Middle of the range", spread.middle if spread else None),
        ("Upper quarter", spread.high if spread else None),
        *(("Price point", point.price) for point in result.points),
    ]
    labels: dict[Decimal, list[str]] = {}
    for label, price in named:
        if price is not None:
            labels.setdefault(price, []).append(label)
    return [
        at_price(", ".join(_names(labels[price])), price, case.costs, limits)
        for price in sorted(labels)
    ]


def _gaps(case: Case, result: Result) -> list[Gap]:
    suggested = result.suggestion.price if result.suggestion else None
    middle = result.spread.middle if result.spread else None
    present = case.variant.price
    pairs = (
        ("Suggested against the present price", suggested, present),
        ("Suggested against the middle of the range", suggested, middle),
        ("Present price against the middle of the range", present, middle),
    )
    return [
        Gap(
            label=label,
            amount=rounded(one - other, case.currency),
            percent=percent(Fraction(one) / Fraction(other) - 1),
        )
        for label, one, other in pairs
        if one is not None and other
    ]


def _names(labels: list[str]) -> list[str]:
    """A price point that has another name needs not say that it is one."""
    return [each for each in labels if each != "Price point"] or labels[:1]
