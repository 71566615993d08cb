"""What the model is told. It gets the numbers as people read them, to repeat and not to reckon."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.models import Catalog
from prodintel.llm.types import Message
from tools.comparables import WORDS
from tools.evidence import data_block, system_prompt
from tools.figures import Figure
from tools.kinds.base import Data
from tools.kinds.pricing.blocks import evidence_blocks
from tools.kinds.pricing.drafting import BASES
from tools.kinds.pricing.result import Case, Result
from tools.money import amount_text

VERSION = "pricing/2"
MAX_TOKENS = 900
MOST_TITLES = 12

TASK = """\
You put a price worked out by code into words for the person who sets prices.

Write 150 to 300 words of Markdown under these headings: "### The price", "### Compared with \
others", "### What it leaves", "### Risks and next steps".

- Every figure has been computed. Use only figures that stand in <numbers>, exactly as they are \
written there. Do not add, subtract, divide, round, estimate, convert or count anything yourself, \
and use no number of your own, also not in words: a program checks every one.
- Where <numbers> say that something is not known, say so and what would be needed.
- The comparables are of the basis that <numbers> name. Never call the shop's own products the market.
- There are no sales data: say nothing of demand, elasticity, conversion or of how many would buy.
- Never advise a price below the minimum advertised price or below break-even.
"""

REPAIR = """\
These figures of your text are in none of the numbers: {figures}. Write the whole text again with the \
same headings, without them: use only figures from <numbers>, exactly as written, or words that \
name no number."""


def messages_for(catalog: Catalog, case: Case, result: Result) -> list[Message]:
    """The first round."""
    return [
        Message("system", system_prompt(catalog, TASK)),
        Message("user", data_block("numbers", numbers_of(case, result))),
    ]


def repair(messages: Sequence[Message], text: str, figures: Sequence[Figure]) -> list[Message]:
    """The second round, after a text with figures that nobody computed."""
    named = ", ".join(dict.fromkeys(f'"{figure.text.strip()}"' for figure in figures))
    return [*messages, Message("assistant", text), Message("user", REPAIR.format(figures=named))]


def numbers_of(case: Case, result: Result) -> Data:
    """The result as a model reads it: what pages show, without addresses and what cannot count."""
    shown = {block.id: block.data for block in evidence_blocks(case, result)}
    suggestion, spread = result.suggestion, result.spread
    return {
        "product": case.title,
        "variant": case.variant.label,
        "currency": case.currency,
        "goal": case.goal,
        "suggested_price": amount_text(suggestion.price, case.currency) if suggestion else None,
        "reasons": suggestion.reasons if suggestion else [result.no_suggestion],
        "basis": BASES[spread.basis] if spread else "too few comparables for a range",
        "figures": shown["figures"]["items"],
        "prices": _rows(shown["prices"]),
        "discounts": _rows(shown["ladder"]),
        "comparables": [
            {
                "title": each.title,
                "price": amount_text(each.price or 0, each.currency),
                "source": WORDS[each.standing],
                "seller": each.seller,
                "seen": each.seen_on.isoformat() if each.seen_on else "",
            }
            for each in result.sifted.counted[:MOST_TITLES]
        ],
        "to_know": result.notices,
    }


def _rows(table: Data) -> list[Data]:
    """The rows of a table with plain texts."""
    return [
        {key: cell["text"] if isinstance(cell, dict) else cell for key, cell in row.items()}
        for row in table["rows"]
    ]
