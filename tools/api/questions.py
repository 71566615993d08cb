"""Conversations about a product over the API. A turn is a run: begun, followed, stopped as any."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema
from pydantic import Field

from catalog import selectors as catalog_selectors
from tools.conversations import (
    TOOL,
    answer_of,
    conversation_of,
    conversations_of,
    question_of,
    questions_asked,
)
from tools.evidence import product_facts
from tools.facts import Neighbours
from tools.kinds.question.evidence import as_facts
from tools.kinds.question.suggesting import suggested
from tools.models import ToolRun

router = Router(tags=["tools"])


class ConversationOut(Schema):
    """`last` is the run of the newest turn: send it as `follows` to ask on."""

    last: int
    title: str = Field(description="The first question")
    turns: int
    at: datetime


class QuestionsOut(Schema):
    conversations: list[ConversationOut]
    suggested: list[str] = Field(description="Questions worth asking, by rules")


class TurnOut(Schema):
    run: int
    question: str
    answer: str = Field(description="Markdown; what it rests on stands in square brackets")
    cites: list[dict[str, str]]
    grounded: bool = Field(description="Whether it names anything of the catalogue")
    state: str
    writer: str
    created_at: datetime


@router.get("/products/{int:pk}/questions", response=QuestionsOut)
def questions_list(request: HttpRequest, pk: int) -> Any:
    """The conversations about a product, the last used first, and what could be asked.

    Ask with POST /products/{id}/runs: {"tool": "question", "options": {"question": "..."}}, and
    `follows` for a question that goes on from another.
    """
    product = catalog_selectors.product_for(request.user, pk)
    facts = product_facts(product)
    return QuestionsOut(
        conversations=[
            ConversationOut(last=one.last, title=one.title, turns=one.turns, at=one.at)
            for one in conversations_of(product)
        ],
        suggested=suggested(as_facts(facts, Neighbours()), facts.category, _asked(product)),
    )


@router.get("/products/{int:pk}/questions/{int:run}", response=list[TurnOut])
def conversation(request: HttpRequest, pk: int, run: int) -> Any:
    """The turns of the conversation that this run ends, oldest first."""
    product = catalog_selectors.product_for(request.user, pk)
    last = ToolRun.objects.filter(product=product, tool=TOOL, pk=run).first()
    if last is None:
        raise Http404
    return [_turn(turn) for turn in conversation_of(last)]


def _asked(product: Any) -> list[str]:
    last = ToolRun.objects.filter(product=product, tool=TOOL).first()
    return questions_asked(conversation_of(last)) if last else []


def _turn(run: ToolRun) -> TurnOut:
    return TurnOut(
        run=run.pk,
        question=question_of(run),
        answer=answer_of(run),
        cites=run.output.get("cites", []),
        grounded=bool(run.output.get("grounded")),
        state=run.state,
        writer=run.writer,
        created_at=run.created_at,
    )
