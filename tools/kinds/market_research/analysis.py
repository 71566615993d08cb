"""What a model says of the evidence: its form, and the check of every figure in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, Field

from tools.kinds.market_research.figures import Numbers, checked
from tools.prompts import Cites, cited, unknown_cites

ROWS, GENERAL, WEB = "rows", "general knowledge", "web"
SECTIONS = {
    "situation": "Situation",
    "gaps": "Gaps",
    "opportunities": "Opportunities",
    "risks": "Risks",
    "recommendations": "Recommendations",
}
GENERAL_NOTE = "General knowledge of the model, not from your rows."
WEB_NOTE = "From the web, not from your rows."
NOTHING_CITED = "Nothing is cited for this."
UNKNOWN = "It cites what is not there"


class Statement(BaseModel):
    text: str = Field(max_length=700)
    cites: list[str] = Field(
        default=[], max_length=16, description="Keys of what it rests on, such as r3, e2 or a1"
    )
    basis: Literal["rows", "general knowledge", "web"] = "rows"


class Analysis(BaseModel):
    situation: list[Statement] = Field(min_length=1, max_length=5)
    gaps: list[Statement] = Field(max_length=6)
    opportunities: list[Statement] = Field(max_length=6)
    risks: list[Statement] = Field(max_length=6)
    recommendations: list[Statement] = Field(min_length=1, max_length=6)


class Sources:
    """What may be cited: what each key means, and which numbers it has."""

    def __init__(self, keys: Mapping[str, Mapping[str, Any]], *, english: bool) -> None:
        self.cites: Cites = {
            key: {"label": str(one["label"]), "url": str(one["url"])} for key, one in keys.items()
        }
        self.numbers: dict[str, Numbers] = {
            key: frozenset(Decimal(number).normalize() for number in one["numbers"])
            for key, one in keys.items()
        }
        self.english = english

    def point(self, statement: Mapping[str, Any]) -> dict[str, Any]:
        """A statement as a page shows it, each figure without support flagged where it stands.

        `parts` are the text in pieces, `why` says what is wrong with one. One that is still being
        written, without a basis so far, is not judged yet.
        """
        text = str(statement.get("text") or "")
        if "basis" not in statement:
            return {"text": text, "parts": [], "cites": [], "notes": [], "tone": "", "basis": ""}
        keys = [str(key).strip("[] ") for key in statement.get("cites") or ()]
        known = [key for key in keys if key in self.cites]
        basis = _basis(str(statement["basis"]), known)
        parts = checked(text, known, self.numbers, general=basis == GENERAL, words=self.english)
        wrong = [part for part in parts if part.why]
        notes = _notes(basis, known, unknown_cites(keys, self.cites))
        notes += [f"“{part.text}”: {part.why}." for part in wrong]
        return {
            "text": text,
            "parts": [{"text": part.text, "why": part.why} for part in parts],
            "cites": cited(known, self.cites),
            "notes": notes,
            "tone": "warning" if wrong or (basis == ROWS and not known) else "",
            "basis": basis,
        }


def _basis(said: str, known: Sequence[str]) -> str:
    """What a statement rests on: what is cited speaks louder than what is said."""
    if any(key.startswith("w") for key in known):
        return WEB
    return ROWS if known or said == ROWS else GENERAL


def _notes(basis: str, known: Sequence[str], unknown: Sequence[str]) -> list[str]:
    notes = {GENERAL: [GENERAL_NOTE], WEB: [WEB_NOTE], ROWS: []}[basis]
    if basis == ROWS and not known:
        notes = [NOTHING_CITED]
    if unknown:
        notes = [*notes, f"{UNKNOWN}: {', '.join(unknown)[:120]}."]
    return list(notes)


def sections(answer: Mapping[str, Any], sources: Sources) -> dict[str, Any]:
    """The answer, or what there is of it so far, as the data of its block."""
    return {
        "sections": [
            {
                "key": key,
                "title": title,
                "points": [
                    sources.point(one) for one in answer.get(key) or () if isinstance(one, Mapping)
                ],
            }
            for key, title in SECTIONS.items()
            if answer.get(key)
        ]
    }
