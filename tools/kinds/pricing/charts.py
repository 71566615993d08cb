"""Charts of a result, as `tools.charts` takes them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from catalog.insights.bands import price_bounds
from tools.block_data import Table
from tools.charts import AxisPoint, Band, Bin, Histogram, Marker, Range, Strip
from tools.comparables import Comparable
from tools.kinds.base import Data
from tools.kinds.pricing.result import Case, Result
from tools.money import amount_text, percent_text

# From so many on, bars say more than points that lie upon each other.
MANY = 20
MOST_MARKERS = 6


def distribution(case: Case, result: Result) -> Data | None:
    """What counts on one axis with the product's own price; None where nothing counts."""
    counted = result.sifted.counted
    if not counted:
        return None
    label, summary = f"Prices in {case.currency}", _summary(case, result)
    markers, band, table = _markers(case, result), _band(result), _table(counted)
    prices = [each.price for each in counted if each.price is not None]
    if len(prices) < MANY:
        points = [_point(each) for each in counted if each.price is not None]
        strip = Strip(
            label=label,
            summary=summary,
            unit=case.currency,
            table=table,
            points=points,
            markers=markers,
            band=band,
        )
        return strip.model_dump(mode="json")
    histogram = Histogram(
        label=label,
        summary=summary,
        unit=case.currency,
        table=table,
        bins=_bins(prices),
        markers=markers,
        band=band,
    )
    return histogram.model_dump(mode="json")


def _bins(prices: Sequence[Decimal]) -> list[Bin]:
    return [
        Bin(low=float(low), high=float(high), count=sum(low <= price < high for price in prices))
        for low, high in price_bounds(min(prices), max(prices))
    ]


def _point(comparable: Comparable) -> AxisPoint:
    assert comparable.price is not None
    return AxisPoint(
        value=float(comparable.price),
        label=comparable.title,
        text=amount_text(comparable.price, comparable.currency),
        weight=float(comparable.weight),
    )


def _markers(case: Case, result: Result) -> list[Marker]:
    suggested = result.suggestion.price if result.suggestion else None
    named = (
        ("Present price", case.variant.price, True),
        ("Suggested", suggested, False),
        ("Target margin", result.floor, False),
        ("Break-even", result.break_even, False),
        ("Minimum advertised", case.minimum, False),
    )
    return [
        Marker(value=float(price), label=label, text=amount_text(price, case.currency), mark=is_it)
        for label, price, is_it in named
        if price is not None
    ][:MOST_MARKERS]


def _band(result: Result) -> Band | None:
    spread = result.spread
    if spread is None:
        return None
    low, high = (amount_text(each, result.currency) for each in (spread.low, spread.high))
    return Band(
        low=float(spread.low),
        mid=float(spread.middle),
        high=float(spread.high),
        label="Range",
        text=f"{low} to {high}",
    )


def _summary(case: Case, result: Result) -> str:
    counted, position = result.sifted.counted, result.position
    prices = [each.price for each in counted if each.price is not None]
    low, high = (amount_text(each, case.currency) for each in (min(prices), max(prices)))
    many = "One comparable costs" if len(prices) == 1 else f"{len(prices)} comparables cost"
    asked = f"{many} {low}" if low == high else f"{many} from {low} to {high}"
    if position is None or case.variant.price is None:
        return f"{asked}; the product has no price."
    own = amount_text(case.variant.price, case.currency)
    return (
        f"{asked}; the product costs {own}. Cheaper: {position.cheaper}, the same: {position.same}, "
        f"dearer: {position.dearer}."
    )


def _table(counted: Sequence[Comparable]) -> Table:
    return Table.model_validate(
        {
            "columns": [
                {"key": "title", "label": "Comparable"},
                {"key": "price", "label": "Price", "numeric": True},
                {"key": "weight", "label": "Weight", "numeric": True},
            ],
            "rows": [
                {
                    "title": {"text": each.title, "url": each.url},
                    "price": amount_text(each.price or 0, each.currency),
                    "weight": percent_text(each.weight * 100),
                }
                for each in sorted(counted, key=lambda each: each.price or 0)
            ],
        }
    )


def waterfall_chart(result: Result) -> Data | None:
    """The way from the price to its profit, step under step; None where there is none."""
    steps, currency = result.steps, result.currency
    if not steps:
        return None
    bands = []
    for number, step in enumerate(steps):
        whole = number in {0, len(steps) - 1}
        ends = sorted((Decimal(0) if whole else step.level - step.amount, step.level))
        text = amount_text(step.amount, currency)
        bands.append(Band(low=float(ends[0]), high=float(ends[1]), label=step.label, text=text))
    rows = [{"step": each.label, "amount": amount_text(each.amount, currency)} for each in steps]
    columns = [
        {"key": "step", "label": "Step"},
        {"key": "amount", "label": "Amount", "numeric": True},
    ]
    chart = Range(
        label=f"From price to profit in {currency}",
        summary=(
            f"Of {amount_text(steps[0].amount, currency)}, "
            f"{amount_text(steps[-1].amount, currency)} are left."
        ),
        unit=currency,
        table=Table.model_validate({"columns": columns, "rows": rows}),
        bands=bands,
    )
    return chart.model_dump(mode="json")
