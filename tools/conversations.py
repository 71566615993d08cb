"""Conversations about a product: runs of the tool "question", each of which may follow another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.models import Product
from tools import selectors
from tools.models import ToolRun

TOOL = "question"
Row = Mapping[str, Any]
# Of what was said before, a model is told the last turns, each cut to what still says what is meant.
MOST_BEFORE, MAX_ANSWER = 6, 800
MOST_TURNS, MOST_RUNS, MOST_SHOWN = 40, 400, 30


@dataclass(frozen=True)
class Conversation:
    """`last` is the run of its newest turn, `title` its first question."""

    last: int
    title: str
    turns: int
    at: datetime


def turns_before(run_id: int) -> list[dict[str, str]]:
    """The questions and answers before this run in its conversation, oldest first, as a prompt has
    them.
    """
    run = ToolRun.objects.filter(pk=run_id).select_related("follows").first()
    before = conversation_of(run.follows, MOST_BEFORE) if run and run.follows else []
    return [{"question": question_of(one), "answer": answer_of(one)[:MAX_ANSWER]} for one in before]


def conversation_of(run: ToolRun, most: int = MOST_TURNS) -> list[ToolRun]:
    """The turns up to this one, at most so many, oldest first. All are of its product."""
    turns: list[ToolRun] = []
    at: ToolRun | None = run
    while at is not None and len(turns) < most and at not in turns:
        turns.append(at)
        same = ToolRun.objects.filter(product_id=run.product_id, tool=TOOL)
        at = same.filter(pk=at.follows_id).first() if at.follows_id else None
    return turns[::-1]


def conversations_of(product: Product) -> list[Conversation]:
    """The product's conversations, the last used first. A turn that was asked in two ways is in two."""
    rows = selectors.runs_of(product, TOOL).values("pk", "follows_id", "options", "created_at")
    by_id = {row["pk"]: row for row in rows[:MOST_RUNS]}
    followed = {row["follows_id"] for row in by_id.values()}
    ends = [row for pk, row in by_id.items() if pk not in followed]
    return [_conversation(end, by_id) for end in ends[:MOST_SHOWN]]


def _conversation(end: Row, by_id: Mapping[int, Row]) -> Conversation:
    turns = [end]
    while (before := by_id.get(turns[-1]["follows_id"] or 0)) and before not in turns:
        turns.append(before)
    title = str(turns[-1]["options"].get("question", ""))
    return Conversation(end["pk"], title, len(turns), end["created_at"])


def questions_asked(turns: Sequence[ToolRun]) -> list[str]:
    return [question_of(turn) for turn in turns]


def question_of(run: ToolRun) -> str:
    return str(run.options.get("question", ""))


def answer_of(run: ToolRun) -> str:
    """The answer, as people edited it; "" where there is none."""
    output: Any = selectors.output_of(run)
    answer = output.get("answer")
    return str(answer.get("text", "")) if isinstance(answer, dict) else ""
