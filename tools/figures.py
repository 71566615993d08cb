"""Finds the numbers in a text, and every number that each may mean.

"34,99" and "34.99", "1.299" (which is two numbers), "1 234", "12k", "20-30 %", "twenty percent" and
"half" are read; number words in English. What names and does not measure can be blanked out before:
list numbers, ordinals, names. Digits that belong to a word (A4) are none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from tools.competitors.cells import CODES

PERCENT, MONEY, PLAIN = "%", "money", ""
# Words up to this count things in passing: "two of them".
SMALL = 10

_SPACES = " \u00a0\u2009\u202f"
_GROUPING = rf"[{_SPACES}.,'’]"
_DIGITS = rf"\d{{1,3}}(?:{_GROUPING}\d{{3}})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?|[.,]\d+"
# Signs and words by what they may stand for.
_SIGNS = {
    "$": {"USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN", "ARS", "CLP", "COP"},
    "US$": {"USD"},
    "dollar": {"USD", "AUD", "CAD", "NZD", "SGD", "HKD"},
    "dollars": {"USD", "AUD", "CAD", "NZD", "SGD", "HKD"},
    "kr": {"SEK", "NOK", "DKK", "ISK"},
    "£": {"GBP", "EGP"},
    "pounds": {"GBP", "EGP"},
    "¥": {"JPY", "CNY"},
    "yen": {"JPY"},
    "€": {"EUR"},
    "euro": {"EUR"},
    "euros": {"EUR"},
    "₹": {"INR"},
    "₩": {"KRW"},
    "₺": {"TRY"},
    "₫": {"VND"},
    "₴": {"UAH"},
    "₪": {"ILS"},
    "฿": {"THB"},
    "zł": {"PLN"},
    "Kč": {"CZK"},
}
_UNIT = "|".join(sorted(map(re.escape, (*CODES, *_SIGNS)), key=lambda each: (-len(each), each)))
_PERCENT = r"(?i:%|per\s?cent\b|percentage points?\b|Prozent\b|pour ?cent\b)"
_TENS = ["ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_TEENS = [
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_ONES = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_WORDS = {
    **{word: 10 * n for n, word in enumerate(_TENS, 1)},
    **{word: n for n, word in enumerate(_TEENS, 11)},
    **{word: n for n, word in enumerate(_ONES, 1)},
}
_LARGE = {"hundred": 100, "thousand": 1000, "million": 10**6}
_FACTORS = {
    **dict.fromkeys(["half", "halve"], Decimal("0.5")),
    **dict.fromkeys(["twice", "double"], Decimal(2)),
    "triple": Decimal(3),
}
_ANY_WORD = "|".join([*_WORDS, *_LARGE])
_NUMBER = re.compile(
    rf"(?:(?P<before>(?<![A-Za-z])(?:{_UNIT})[{_SPACES}]?)|(?<!\w))(?P<digits>{_DIGITS})"
    rf"(?P<large>[{_SPACES}]?(?:k|K|m|M|thousand|million)\b)?"
    rf"(?P<after>[{_SPACES}]?(?:{_PERCENT}|(?:{_UNIT})(?![A-Za-z])))?"
)
_WORDED = re.compile(
    rf"(?<![\w-])(?P<words>(?:{_ANY_WORD})(?:[ -](?:and )?(?:{_ANY_WORD}))*)\b"
    rf"(?P<after>[{_SPACES}-]?(?:{_PERCENT}|(?:{_UNIT})(?![A-Za-z])))?",
    re.IGNORECASE,
)
_FACTOR = re.compile(rf"(?<![\w-])(?P<words>{'|'.join(_FACTORS)}|[¼½¾⅐-⅞])", re.IGNORECASE)
_LIST_NUMBER = re.compile(r"^[ \t>]*\d{1,3}[.)](?=\s)", re.MULTILINE)
_ORDINAL = re.compile(r"(?<![\w.,])\d{1,3}(?:st|nd|rd|th|er|ère|e|º|ª)\b|#\d{1,3}\b")
_RANGE = frozenset({"-", "–", "—", "to", "and", "bis", "à"})


@dataclass(frozen=True)
class Figure:
    """A number in a text: where it stands, and every way to read it as (value, written places)."""

    start: int
    end: int
    text: str
    kind: str
    currencies: frozenset[str]
    readings: tuple[tuple[Decimal, int], ...]


def figures_in(
    text: str, *, words_from: int | None = SMALL + 1, factors: bool = True
) -> list[Figure]:
    """Every number of a text, in their order. Both ends of a range ("20-30 %") have its unit.

    Number words without a unit count from `words_from` on, None for no words; `factors` are words
    such as "half" and "twice".
    """
    found = [_from_digits(match) for match in _NUMBER.finditer(text)]
    if words_from is not None:
        free = (match for match in _WORDED.finditer(text) if not _overlaps(match, found))
        found += filter(None, [_from_words(match, words_from) for match in free])
    if factors:
        free = (match for match in _FACTOR.finditer(text) if not _overlaps(match, found))
        found += [_from_factor(match) for match in free]
    return _with_units_of_ranges(sorted(found, key=lambda each: each.start), text)


def _overlaps(match: re.Match[str], figures: Iterable[Figure]) -> bool:
    return any(each.start < match.end() and match.start() < each.end for each in figures)


def masked(text: str, names: Iterable[str] = ()) -> str:
    """The text with what only names blanked out; every character keeps its place."""
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", _blank, text, flags=re.IGNORECASE)
    return _ORDINAL.sub(_blank, _LIST_NUMBER.sub(_blank, text))


def _blank(match: re.Match[str]) -> str:
    return "\n".join("_" * len(line) for line in match[0].split("\n"))


def _from_digits(match: re.Match[str]) -> Figure:
    kind, currencies = _unit_of(match["before"] or "", match["after"] or "")
    large = (match["large"] or "").strip()
    zeros = 0 if not large else 3 if large[0] in "kKt" else 6
    plain = _readings(match["digits"])
    readings = [(value.scaleb(zeros), places - zeros) for value, places in plain]
    # "5 m" without a currency may as well be metres.
    if large in {"m", "M"} and kind != MONEY:
        readings += plain
    return Figure(match.start(), match.end(), match[0], kind, currencies, tuple(readings))


def _unit_of(before: str, after: str) -> tuple[str, frozenset[str]]:
    """The kind of a number by what stands next to it, and the currencies that this may be."""
    after = after.strip(f"{_SPACES}-")
    if re.fullmatch(_PERCENT, after):
        return PERCENT, frozenset()
    for unit in (before.strip(_SPACES), after):
        if unit in _SIGNS or unit in CODES:
            return MONEY, frozenset(_SIGNS.get(unit, {unit}))
    return PLAIN, frozenset()


def _readings(digits: str) -> list[tuple[Decimal, int]]:
    """Every number that such digits may mean, with its places: 1.234 is 1234 and 1.234."""
    found = []
    for decimal_mark in (".", ",", ""):
        whole, mark, part = digits.rpartition(decimal_mark) if decimal_mark else (digits, "", "")
        if decimal_mark and (not mark or re.search(r"\D", part)):
            continue
        if re.fullmatch(rf"\d*|\d{{1,3}}(?:{_GROUPING}\d{{3}})+", whole):
            bare = re.sub(r"\D", "", whole) or "0"
            found.append((Decimal(f"{bare}.{part}" if part else bare), len(part)))
    return found


def _from_words(match: re.Match[str], least: int) -> Figure | None:
    """A number in words; None for one below `least`, or within a word (two-tone), without a unit."""
    kind, currencies = _unit_of("", match["after"] or "")
    value = _value_of(match["words"].lower())
    goes_on = match.string[match.end() : match.end() + 1] == "-"
    if kind == PLAIN and (value < least or goes_on):
        return None
    return Figure(match.start(), match.end(), match[0], kind, currencies, ((value, 0),))


def _from_factor(match: re.Match[str]) -> Figure:
    words = match["words"].lower()
    value = _FACTORS.get(words) or Decimal(str(unicodedata.numeric(words)))
    return Figure(match.start(), match.end(), match[0], PLAIN, frozenset(), ((value, 2),))


def _value_of(words: str) -> Decimal:
    """What English number words mean: "one hundred and twenty-five" is 125."""
    total = current = 0
    for word in re.split(r"[ -]", words.replace(" and ", " ")):
        if word == "hundred":
            current = max(current, 1) * _LARGE[word]
        elif word in _LARGE:
            total, current = total + max(current, 1) * _LARGE[word], 0
        else:
            current += _WORDS[word]
    return Decimal(total + current)


def _with_units_of_ranges(figures: list[Figure], text: str) -> list[Figure]:
    done = list(figures)
    for place, (one, other) in enumerate(pairwise(figures)):
        if text[one.end : other.start].strip() not in _RANGE:
            continue
        if one.kind == PLAIN:
            done[place] = replace(one, kind=other.kind, currencies=other.currencies)
        elif other.kind == PLAIN:
            done[place + 1] = replace(other, kind=one.kind, currencies=one.currencies)
    return done
