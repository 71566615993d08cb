"""The figures that the evidence has, and whether the figures of a text are among them.

A number in a statement must be one of the rows or computed figures that the statement cites. What is
not is flagged where it stands: nothing is corrected, nothing is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tools.figures import Figure, figures_in, masked

Numbers = frozenset[Decimal]
_KEY = re.compile(r"\[?\b[a-z]{1,2}\d{1,3}\b\]?")
UNCITED = "no row is cited for it"
WRONG = "it is not in what is cited"
UNCHECKED = "general knowledge: no row says it"


@dataclass(frozen=True)
class Computed:
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
    found = figures_in(text, words_from=1, factors=False)
    return frozenset(number for figure in found for number in _readings(figure))


def _readings(figure: Figure) -> Numbers:
    return normal(value for value, _ in figure.readings)


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
    named = masked(_KEY.sub(lambda found: " " * len(found.group()), text))
    found = figures_in(named, words_from=2 if words else None, factors=False)
    faults = [
        (figure.start, figure.end) for figure in found if general or not _readings(figure) & allowed
    ]
    return list(_parts(text, faults, why))


def _counts(cites: Collection[str]) -> set[int]:
    """How many are cited: in all, and of each kind."""
    kinds = [key.rstrip("0123456789") for key in cites]
    return {len(kinds), *(kinds.count(kind) for kind in kinds)}


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
