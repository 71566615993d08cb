"""What a reader has to know about the numbers, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tools.kinds.pricing.comparables import ENOUGH
from tools.money import amount_text

if TYPE_CHECKING:
    from tools.kinds.pricing.result import Case, Result

OWN_ONLY = (
    "Only your own assortment is compared. Neighbours in your catalogue show whether a price is "
    "consistent with your other prices, not what the market asks: for that, bring a list of "
    "competitors' prices."
)
MIXED = (
    "The range rests on your own assortment and competitors' rows together, because there are not "
    "enough of either: a guide, not the market."
)
NO_ELASTICITY = (
    "How demand answers to a price is not computed: the catalogue holds no sales, and nothing is "
    "guessed. Numbers of sales that would earn the same are arithmetic and no forecast."
)
LOWEST_PRIOR = (
    "A reduction that is announced in the European Union has to name the lowest price of the last "
    "30 days (Directive 98/6/EC, article 6a). The catalogue keeps no price history, so that price "
    "is not computed here: look it up in your shop before you show a struck-through price."
)
# Fewer than this many of equal weight: one or two comparables decide the range.
FEW_EFFECTIVE = 3


def of(case: Case, result: Result) -> list[str]:
    """Everything to know about a result, the most important first."""
    return [*_about_comparables(case, result), *_about_costs(case, result), NO_ELASTICITY]


def _about_comparables(case: Case, result: Result) -> Iterator[str]:
    counted = result.sifted.counted
    yield from case.chosen
    if not counted:
        yield "Nothing can be compared, so there is neither a distribution nor a range."
    elif result.spread is None:
        what = "comparable counts" if len(counted) == 1 else "comparables count"
        yield (
            f"{len(counted)} {what}. A range needs {ENOUGH}: a quarter of fewer is no more than "
            "one of them."
        )
    if counted and all(each.is_own for each in counted):
        yield OWN_ONLY
    spread = result.spread
    if spread is None:
        return
    if spread.basis == "mixed":
        yield MIXED
    if spread.low == spread.high:
        yield f"The range is one price, {amount_text(spread.low, case.currency)}: it leaves no room."
    if spread.effective < FEW_EFFECTIVE:
        yield (
            f"One or two comparables weigh more than all others: {spread.count} say as much as "
            f"{spread.effective} of equal weight would."
        )


def _about_costs(case: Case, result: Result) -> Iterator[str]:
    price, minimum = case.variant.price, case.minimum
    if price is None:
        yield "The product has no price yet, so it stands nowhere among the comparables."
    if case.costs.cost is None:
        yield (
            "The cost is not known, so there is no floor, no break-even and no margin. Enter it in "
            "the options or with the variant."
        )
    elif result.floor is None:
        yield (
            "Fees and the target margin together take all of any price: no price leaves the margin."
        )
    if not case.costs.vat_percent:
        yield "No VAT rate is given: prices are taken to be without VAT."
    if price is not None and minimum is not None and price < minimum:
        yield "The present price is below the minimum advertised price."
    if result.break_even is not None and price is not None and price < result.break_even:
        yield "The present price is below break-even: each sale is a loss."


def about_reductions(case: Case) -> list[str]:
    """What to know before a struck-through price is shown."""
    price, former = case.variant.price, case.variant.compare_at
    if former is None or price is None:
        return [LOWEST_PRIOR]
    here, before = amount_text(price, case.currency), amount_text(former, case.currency)
    if former <= price:
        note = f"The compare-at price, {before}, is not above the price, {here}: no reduction."
    else:
        note = f"The compare-at price is {before}, the price {here}."
    return [note, LOWEST_PRIOR]
