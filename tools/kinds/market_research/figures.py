"""The figures that the evidence has, and whether the figures of a text are among them.

A number in a statement must be one of the rows or computed figures that the statement cites. What is
not is flagged where it stands: nothing is corrected, nothing is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

Numbers = frozenset[Decimal]
# A number that is no part of a word or key: 12, 1,299.00, 12,50, 2026-05-31 (three of them).
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,'’\u00a0\u202f]\d+)*(?![\d])")
_KEY = re.compile(r"\[?\b[a-z]{1,2}\d{1,3}\b\]?")
_ENUMERATION = re.compile(r"^\s*\d{1,2}[.)]\s")
_WORD = re.compile(r"\b[A-Za-z]+\b(?!-)")
COUNTED = {
    word: Decimal(number)
    for number, word in enumerate(
        (
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ),
        start=2,
    )
}
UNCITED = "no row is cited for it"
WRONG = "it is not in what is cited"
UNCHECKED = "general knowledge: no row says it"


@dataclass(frozen=True)
class Figure:
    """A number that code computed: its key, its name in code, what it is, and how it is written."""

    key: str
    name: str
    label: str
    text: str
    numbers: Numbers

    def as_json(self) -> dict[str, str]:
        return {"key": self.key, "name": self.name, "figure": self.label, "value": self.text}


@dataclass(frozen=True)
class Part:
    """A stretch of a text; `why` says what is wrong with the figure that it is, "" for no fault."""

    text: str
    why: str = ""


def numbers_in(text: str) -> Numbers:
    """All numbers of a text, in each way in which it may be read: 1.299 is two of them."""
    return frozenset(number for found in _NUMBER.findall(text) for number in _readings(found))


def _readings(text: str) -> set[Decimal]:
    """What a number as written may mean, its sign for thousands and for decimals unknown."""
    digits = re.sub(r"['’\u00a0\u202f]", "", text)
    signs = [sign for sign in digits if sign in ".,"]
    forms = {digits.replace(".", "").replace(",", "")} if _may_be_whole(digits) else set()
    if signs:
        whole, _, decimals = digits.rpartition(signs[-1])
        forms.add(f"{re.sub('[.,]', '', whole)}.{decimals}")
    found = set()
    for form in forms:
        try:
            found.add(Decimal(form).normalize())
        except InvalidOperation:
            continue
    return found


def _may_be_whole(digits: str) -> bool:
    """Whether all signs in it may separate thousands."""
    return all(len(group) == 3 for group in re.split("[.,]", digits)[1:])  # noqa: PLR2004 -- thousands


def checked(
    text: str, cites: Collection[str], known: Mapping[str, Numbers], *, general: bool, words: bool
) -> list[Part]:
    """The text in parts, those that are figures without support with the reason.

    `cites` are the keys that the statement rests on, `known` the numbers of each key. How many are
    cited is a figure too. `general` says that it claims to be general knowledge, `words` that number
    words are English.
    """
    allowed = {number for key in cites for number in known.get(key, ())}
    allowed |= {Decimal(count).normalize() for count in _counts(cites)}
    why = UNCHECKED if general else WRONG if cites else UNCITED
    faults = [
        (start, end)
        for start, end, readings in _figures(text, words=words)
        if general or not readings & allowed
    ]
    return list(_parts(text, faults, why))


def _counts(cites: Collection[str]) -> set[int]:
    """How many are cited: in all, and of each kind."""
    kinds = [key.rstrip("0123456789") for key in cites]
    return {len(kinds), *(kinds.count(kind) for kind in kinds)}


def _figures(text: str, *, words: bool) -> list[tuple[int, int, set[Decimal]]]:
    """Where the text has figures, and what each may mean; keys and list numbers are none."""
    blank = _KEY.sub(lambda found: " " * len(found.group()), text)
    blank = _ENUMERATION.sub(lambda found: " " * len(found.group()), blank)
    found = [(m.start(), m.end(), _readings(m.group())) for m in _NUMBER.finditer(blank)]
    if words:
        found += [
            (m.start(), m.end(), {COUNTED[m.group().lower()]})
            for m in _WORD.finditer(blank)
            if m.group().lower() in COUNTED
        ]
    return sorted(found, key=lambda one: one[:2])


def _parts(text: str, faults: Sequence[tuple[int, int]], why: str) -> Iterable[Part]:
    done = 0
    for start, end in faults:
        if start > done:
            yield Part(text[done:start])
        yield Part(text[start:end], why)
        done = end
    if done < len(text) or not text:
        yield Part(text[done:])


def normal(values: Iterable[Decimal | int | None]) -> Numbers:
    """Numbers as they are compared: 5.00 and 5 are the same."""
    return frozenset(abs(Decimal(value)).normalize() for value in values if value is not None)
