"""A result as rows for a CSV file."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tools.comparables import Comparable
from tools.kinds.pricing.comparables import notes_of
from tools.kinds.pricing.ladder import Rung
from tools.kinds.pricing.result import Result

HEADINGS = [
    "part",
    "title",
    "price",
    "currency",
    "weight",
    "source",
    "seller",
    "seen",
    "discount_percent",
    "profit",
    "margin_percent",
    "note",
]


def table_of(result: Result) -> list[list[Any]]:
    """Headings, the comparables with what became of each, then the discounts."""
    sifted = result.sifted
    return [
        HEADINGS,
        *(_comparable(each, "counts") for each in sifted.counted),
        *(_comparable(each, "taken out") for each in sifted.excluded),
        *(_comparable(each.comparable, f"left out: {each.reason}") for each in sifted.left_out),
        *(_rung(rung, result.currency) for rung in result.rungs),
    ]


def _comparable(each: Comparable, note: str) -> list[Any]:
    notes = "; ".join([note, *notes_of(each)])
    source, seen = "own" if each.is_own else "competitor", each.seen_on or ""
    row = ["comparable", each.title, _text(each.price), each.currency, _text(each.weight)]
    return [*row, source, each.seller, str(seen), "", "", "", notes]


def _rung(rung: Rung, currency: str) -> list[Any]:
    row = ["discount", "", _text(rung.price), currency, "", "", "", ""]
    return [*row, rung.discount, _text(rung.profit), _text(rung.margin), ", ".join(_wrong(rung))]


def _wrong(rung: Rung) -> Iterator[str]:
    if rung.loss:
        yield "a loss"
    if rung.under_minimum:
        yield "below the minimum advertised price"
    if rung.under_target:
        yield "below the target margin"


def _text(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"
