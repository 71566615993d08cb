"""Weights, in grams."""

from __future__ import annotations

import re
from decimal import Decimal

from catalog.importing.values.misread import Misread
from catalog.importing.values.money import number

GRAMS = {
    **dict.fromkeys(("g", "gr", "gram", "grams", "gramm", "gramme", "grammes", "gramos"), "1"),
    **dict.fromkeys(("kg", "kgs", "kilo", "kilos", "kilogram", "kilograms", "kilogramm"), "1000"),
    **dict.fromkeys(("lb", "lbs", "pound", "pounds"), "453.59237"),
    **dict.fromkeys(("oz", "ounce", "ounces"), "28.349523125"),
    **dict.fromkeys(("mg",), "0.001"),
    **dict.fromkeys(("t",), "1000000"),
}
_WEIGHT = re.compile(r"\s*([\d.,\s'’\xa0]+?)\s*([^\W\d_]*)\.?\s*")
_PLAIN = re.compile(r"[0-9]{1,9}")
_MOST_GRAMS = 2_000_000_000


def grams(text: str, unit: str = "g", mark: str = "") -> str:
    """A weight in whole grams; `unit` is meant where the cell names none. Raises Misread."""
    if unit == "g" and _PLAIN.fullmatch(text):
        return str(int(text))
    found = _WEIGHT.fullmatch(text)
    factor = GRAMS.get((found[2] or unit).lower()) if found else None
    if found is None or factor is None:
        raise Misread(
            f"“{text[:40]}” is no weight. Write a number with g, kg, oz or lb, such as 250 g."
        )
    amount, _ = number(found[1], mark)
    weight = (amount * Decimal(factor)).to_integral_value(rounding="ROUND_HALF_UP")
    if not 0 <= weight <= _MOST_GRAMS:
        raise Misread(f"“{text[:40]}” is no weight of a product.")
    return str(weight)
