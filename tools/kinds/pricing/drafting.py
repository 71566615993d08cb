"""The result in sentences, by rules: what is shown where there is no language model."""

from __future__ import annotations

from collections.abc import Iterator

from tools.kinds.pricing.result import Case, Result
from tools.money import amount_text, percent_text

BASES = {
    "market": "what competitors ask",
    "own": "what you ask for similar products, which is not the market",
    "mixed": "your own similar products and competitors together",
}


def draft(case: Case, result: Result) -> str:
    """Markdown. Every number in it is one of the result's."""
    parts = (
        _suggested(case, result),
        _compared(case, result),
        _earned(case, result),
        _reduced(result),
    )
    return "\n\n".join(" ".join(part) for part in map(list, parts) if part)


def _suggested(case: Case, result: Result) -> Iterator[str]:
    if result.suggestion is None:
        yield f"**No price is suggested.** {result.no_suggestion}"
        return
    yield f"**Suggested price: {amount_text(result.suggestion.price, case.currency)}.**"
    yield from result.suggestion.reasons


def _compared(case: Case, result: Result) -> Iterator[str]:
    spread, position = result.spread, result.position
    if spread is not None:
        low, middle, high = (
            amount_text(each, case.currency) for each in (spread.low, spread.middle, spread.high)
        )
        yield f"The range rests on {BASES[spread.basis]}: {low} to {high}, with {middle} in the middle."
    else:
        yield "There are too few comparables for a range."
    if position is not None:
        yield (
            f"Comparables against its present price: {position.cheaper} cheaper, {position.same} the "
            f"same, {position.dearer} dearer."
        )


def _earned(case: Case, result: Result) -> Iterator[str]:
    if case.costs.cost is None:
        yield "What a price earns cannot be said without the cost."
        return
    for row in result.at_prices:
        asked = {"Suggested", "Present price"} & set(row.label.split(", "))
        if asked and row.profit is not None and row.margin is not None:
            yield (
                f"{amount_text(row.price, case.currency)} leaves "
                f"{amount_text(row.profit, case.currency)}, a margin of {percent_text(row.margin)}."
            )
    if result.break_even is not None:
        yield f"Below {amount_text(result.break_even, case.currency)} a sale is a loss."


def _reduced(result: Result) -> Iterator[str]:
    bad = next((rung for rung in result.rungs if rung.under_target or rung.under_minimum), None)
    if bad is None:
        return
    what = "minimum advertised price" if bad.under_minimum else "target margin"
    yield (
        f"From a discount of {bad.discount} % on, the price of "
        f"{amount_text(bad.price, result.currency)} is below the {what}."
    )
