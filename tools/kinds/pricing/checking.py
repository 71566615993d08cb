"""What a text about a result may say in figures."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tools.figures import figures_in
from tools.kinds.pricing.comparables import ENOUGH
from tools.kinds.pricing.figures import Known
from tools.kinds.pricing.ladder import Rung
from tools.kinds.pricing.result import AtPrice, Case, Result

HUNDRED = Decimal(100)


def known_of(case: Case, result: Result) -> Known:
    """Every number that was computed or given. Titles, sellers and dates may be repeated."""
    return Known(
        currency=case.currency,
        amounts=frozenset(_amounts(case, result)),
        percents=frozenset(_percents(case, result)),
        plain=frozenset(_plain(case, result)),
        names=tuple(_names(case, result)),
    )


def _amounts(case: Case, result: Result) -> Iterator[Decimal]:
    costs, spread = case.costs, result.spread
    given = (
        case.variant.price,
        case.variant.compare_at,
        case.minimum,
        costs.cost,
        costs.fee_fixed,
        costs.shipping,
        result.floor,
        result.break_even,
        result.base,
        *((spread.low, spread.middle, spread.high) if spread else ()),
        *(each.price for each in result.sifted.counted),
        *(point.price for point in result.points),
        *(gap.amount for gap in result.gaps),
    )
    yield from (each for each in given if each is not None)
    for row in _left_by(result):
        yield row.price
        if row.profit is not None:
            yield row.profit
    for step in result.steps:
        yield step.amount
        yield step.level


def _percents(case: Case, result: Result) -> Iterator[Decimal]:
    yield from (case.costs.vat_percent, case.costs.fee_percent, case.target_percent)
    yield from (gap.percent for gap in result.gaps)
    yield from (Decimal(rung.discount) for rung in result.rungs)
    for row in _left_by(result):
        if row.margin is not None:
            yield row.margin
    if result.position is not None:
        yield result.position.percent_below
        yield HUNDRED - result.position.percent_below


def _left_by(result: Result) -> list[AtPrice | Rung]:
    return [*result.at_prices, *result.rungs]


def _plain(case: Case, result: Result) -> Iterator[Decimal]:
    sifted, position, spread = result.sifted, result.position, result.spread
    yield from map(
        Decimal, (len(sifted.counted), len(sifted.excluded), len(sifted.left_out), ENOUGH)
    )
    if position is not None:
        yield from map(Decimal, (position.cheaper, position.same, position.dearer))
    if spread is not None:
        yield Decimal(spread.count)
        yield spread.effective
    for text in case.chosen:
        yield from (value for figure in figures_in(text) for value, _ in figure.readings)
    yield from (rung.sales_factor for rung in result.rungs if rung.sales_factor is not None)


def _names(case: Case, result: Result) -> Iterator[str]:
    """Names with a letter, and dates: a title that is a bare number would let that number through
    everywhere.
    """
    yield from filter(_is_name, (case.title, case.variant.label))
    for each in result.sifted.counted:
        yield from filter(_is_name, (each.title, each.seller))
        if each.seen_on:
            yield each.seen_on.isoformat()


def _is_name(text: str) -> bool:
    return any(letter.isalpha() for letter in text)
