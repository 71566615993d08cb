"""Numbers, measures, prices and discounts in a text, as far as they can be read without knowing it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

SYMBOLS = {
    "€": {"EUR"},
    "£": {"GBP"},
    "$": {"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"},
    "US$": {"USD"},
    "C$": {"CAD"},
    "A$": {"AUD"},
    "R$": {"BRL"},
    "¥": {"JPY", "CNY"},
    "₹": {"INR"},
    "₩": {"KRW"},
    "₺": {"TRY"},
    "zł": {"PLN"},
    "Kč": {"CZK"},
    "kr": {"SEK", "NOK", "DKK", "ISK"},
    "Fr.": {"CHF"},
    "euro": {"EUR"},
    "euros": {"EUR"},
    "dollars": {"USD", "CAD", "AUD", "NZD"},
    "pounds": {"GBP"},
}
CODES = "EUR|USD|GBP|CHF|CAD|AUD|NZD|JPY|CNY|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|TRY|INR|BRL|MXN|SGD|HKD|KRW|ZAR"
# Each unit with the one it is measured in, and how many of that it is.
UNITS: dict[str, tuple[str, Decimal]] = {
    name: (base, Decimal(factor))
    for base, names in {
        "mm": {"mm": "1", "cm": "10", "m": "1000", "in": "25.4", "inch": "25.4", "inches": "25.4", '"': "25.4", "ft": "304.8", "feet": "304.8"},
        "g": {"mg": "0.001", "g": "1", "gram": "1", "grams": "1", "kg": "1000", "oz": "28.349523125", "lb": "453.59237", "lbs": "453.59237"},
        "ml": {"ml": "1", "cl": "10", "dl": "100", "l": "1000", "litre": "1000", "litres": "1000", "liter": "1000", "liters": "1000"},
        "w": {"w": "1", "watt": "1", "watts": "1", "kw": "1000"},
        "mah": {"mah": "1", "ah": "1000"},
        "v": {"v": "1", "volt": "1", "volts": "1"},
        "%": {"%": "1", "percent": "1", "prozent": "1"},
    }.items()
    for name, factor in names.items()
}  # fmt: skip
DIGITS = r"\d{1,3}(?:[.,'\u2019\u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?"
_SYMBOL = "|".join(re.escape(sign) for sign in sorted(SYMBOLS, key=len, reverse=True))
_MONEY = rf"(?:(?:{_SYMBOL})|\b(?:{CODES})\b)"
_UNIT = "|".join(re.escape(name) for name in sorted(UNITS, key=len, reverse=True))
_SPACE = r"[^\S\n]?"  # what stands on the next line belongs to it
TOKEN = re.compile(
    rf"(?P<before>{_MONEY})?{_SPACE}(?<![\w.,])(?P<digits>{DIGITS})"
    rf"(?:{_SPACE}(?P<after>{_MONEY})(?!\w)|{_SPACE}(?P<unit>{_UNIT})(?![\w]))?",
    re.IGNORECASE,
)
# Numbers as words, but for those that mean something else in another of the languages, and one.
WORDS = {
    word: number
    for number, words in {
        2: "two zwei deux dos",
        3: "three drei trois tres",
        4: "four vier quatre cuatro",
        5: "five fünf cinq cinco",
        6: "six sechs seis",
        7: "seven sieben siete",
        8: "eight acht huit ocho",
        9: "nine neun nueve",
        10: "ten zehn dix diez",
        12: "twelve zwölf douze doce",
        20: "twenty zwanzig vingt veinte",
        50: "fifty fünfzig cinquante cincuenta",
        100: "hundred hundert cent cien",
        1000: "thousand tausend mille mil",
    }.items()
    for word in words.split()
}
WORD = re.compile(rf"(?<!\w)(?:{'|'.join(WORDS)})(?!\w)", re.IGNORECASE)
LIST_MARK = re.compile(r"(?m)^\s*\d{1,2}[.)]\s")
OFF = re.compile(
    r"^\W*(?:off\b|discount|rabatt|reduziert|günstiger|de réduction|de remise|moins cher|de descuento|menos\b)",
    re.IGNORECASE,
)
SAVING = re.compile(
    r"(?:save|saving|sale|spar\w*|économisez|ahorra\w*|rabatt|descuento|remise|réduction)(?:\s+(?:up to|bis zu|hasta|jusqu'à))?\W*$|(?:^|\s)[-\u2212\u2013]\s?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Amount:
    """A number in a text, with what stands at it. `values` are all ways to read its digits."""

    start: int
    end: int
    text: str
    values: frozenset[Decimal]
    unit: str = ""
    currencies: frozenset[str] = frozenset()
    is_saving: bool = False

    def measures(self) -> set[tuple[str, Decimal]]:
        """The amount in the unit that all of its kind are measured in."""
        base, factor = UNITS[self.unit]
        return {(base, value * factor) for value in self.values}


def amounts(text: str) -> Iterator[Amount]:
    """All numbers of a text, in digits or words, but those that number a list."""
    marks = [match.span() for match in LIST_MARK.finditer(text)]
    for match in TOKEN.finditer(text):
        start = match.start("digits")
        if any(begin <= start < end for begin, end in marks):
            continue
        yield _amount(text, match)
    for match in WORD.finditer(text):
        value = Decimal(WORDS[match[0].casefold()])
        yield Amount(match.start(), match.end(), match[0], frozenset({value}))


def _amount(text: str, match: re.Match[str]) -> Amount:
    before, after = match["before"] or "", match["after"] or ""
    unit = (match["unit"] or "").casefold()
    money = _currencies(before) | _currencies(after)
    start = match.start("before") if before else match.start("digits")
    is_saving = (bool(money) or UNITS.get(unit, ("",))[0] == "%") and bool(
        SAVING.search(text[:start]) or OFF.match(text[match.end() :])
    )
    return Amount(
        start,
        match.end(),
        text[start : match.end()].strip(),
        values_of(match["digits"]),
        unit,
        money,
        is_saving,
    )


def _currencies(sign: str) -> frozenset[str]:
    if sign.upper() in CODES.split("|"):
        return frozenset({sign.upper()})
    known = next(
        (codes for name, codes in SYMBOLS.items() if name.casefold() == sign.casefold()), ()
    )
    return frozenset(known)


def values_of(digits: str) -> frozenset[Decimal]:
    """What digits may mean: 1.299 is a bit more than one, or more than a thousand."""
    plain = re.sub(r"['\u2019\u00a0\u202f]", "", digits)
    marks = re.findall(r"[.,]", plain)
    if not marks:
        return frozenset({Decimal(plain)})
    head, tail = re.split(r"[.,](?=\d*$)", plain)
    whole = re.sub(r"[.,]", "", head)
    readings = set()
    if len(marks) == 1 or marks[-1] not in marks[:-1]:
        readings.add(Decimal(f"{whole}.{tail}"))
    if len(tail) == 3:  # noqa: PLR2004 -- digits between two marks of thousands
        readings.add(Decimal(whole + tail))
    return frozenset(readings)
