"""Says which figures of a text nobody computed.

A figure counts as computed when some way to read it is a known number to the places that were
written, and its unit fits: percentages are only looked for among percentages, amounts with a currency
only among amounts in that currency. The check cannot tell whether a computed number is used for the
right thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tools.figures import MONEY, PERCENT, Figure, figures_in, masked
from tools.money import half_up

UNSUPPORTED = "[unsupported figure]"


@dataclass(frozen=True)
class Known:
    """What code computed: amounts in `currency`, percentages, other numbers (counts, factors), and
    names that may hold digits.
    """

    currency: str
    amounts: frozenset[Decimal] = frozenset()
    percents: frozenset[Decimal] = frozenset()
    plain: frozenset[Decimal] = frozenset()
    names: tuple[str, ...] = ()


def unsupported(text: str, known: Known) -> list[Figure]:
    """The numbers of a text that nobody computed, in their order."""
    return [
        figure for figure in figures_in(masked(text, known.names)) if not _supported(figure, known)
    ]


def flagged(text: str, figures: Sequence[Figure]) -> str:
    """The text with every one of the figures marked as unsupported behind it."""
    for figure in sorted(figures, key=lambda each: each.end, reverse=True):
        text = f"{text[: figure.end]} {UNSUPPORTED}{text[figure.end :]}"
    return text


def _supported(figure: Figure, known: Known) -> bool:
    candidates = known.amounts | known.percents | known.plain
    if figure.kind == PERCENT:
        candidates = known.percents
    elif figure.kind == MONEY:
        candidates = known.amounts if known.currency in figure.currencies else frozenset()
    return any(
        half_up(abs(candidate).scaleb(places), 0) == value.scaleb(places)
        for value, places in figure.readings
        for candidate in candidates
    )
