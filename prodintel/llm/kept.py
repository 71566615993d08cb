"""Answers that were paid for: what is asked again within 30 days is not paid again."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from prodintel.llm import structured
from prodintel.llm.models import KeptAnswer
from prodintel.llm.types import Answer, M, Usage

KEEP = timedelta(days=30)


def kept_answer(key: str, schema: type[M]) -> Answer[M] | None:
    """The answer that was paid for under this key, unless it no longer fits the schema."""
    row = KeptAnswer.objects.filter(key=key).first() if key else None
    if row is None:
        return None
    try:
        value = structured.read(row.text, schema)
    except structured.NotValidError:
        return None
    usage = Usage(row.prompt_tokens, row.completion_tokens, row.cost_usd)
    return Answer(value, usage, row.model, kept=True)


def answer_keep(key: str, answer: Answer[M]) -> None:
    """Keep an answer before anybody uses it."""
    if not key:
        return
    values = {
        "text": answer.value.model_dump_json(),
        "model": answer.model,
        "prompt_tokens": answer.usage.prompt_tokens,
        "completion_tokens": answer.usage.completion_tokens,
        "cost_usd": answer.usage.cost_usd,
        "created_at": timezone.now(),
    }
    KeptAnswer.objects.update_or_create(key=key, defaults=values)


def kept_answers_purge() -> int:
    """Forget answers of more than 30 days ago; returns how many."""
    return KeptAnswer.objects.filter(created_at__lt=timezone.now() - KEEP).delete()[0]
