"""What one call of the vision model takes on this site, from the record of those that were made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Avg, Count

from catalog.describe import vocabulary
from catalog.describe.queue import PURPOSE
from catalog.describe.schema import PHOTO_TEXT, AnswerSchema, answer_schema
from catalog.describe.vision import instructions_of
from prodintel.llm.gateway import gateway
from prodintel.llm.models import Call, Outcome
from prodintel.llm.types import Ability

# Calls that are averaged: enough to even out, few enough to follow a change of the vocabulary.
LOOKED_AT = 200
# Fewer say little.
ENOUGH = 5
# Where none were made yet: instructions and schema, a short product, the answer with its texts.
TEXT_TOKENS = 2600
ANSWER_TOKENS = 700
# About what the answer to each field is; to an attribute as `A_VALUE`.
TEXTS = {"title": 30, "description": 130, "alt_text": 130, PHOTO_TEXT: 40}
A_VALUE = 25


@dataclass(frozen=True)
class UsualCall:
    """How many tokens a call takes. `measured`: real ones did, with the model of now."""

    tokens: int
    measured: bool


def usual_call(fields: Collection[str] = ()) -> UsualCall:
    """What a product is likely to take with the model that is configured now, asked about all fields
    or about some: then it is what of the whole form's tokens is about these.
    """
    facts = gateway().facts(Ability.VISION)
    answered = Call.objects.filter(purpose=PURPOSE, model=facts.id, outcome=Outcome.ANSWERED)
    newest = list(answered.order_by("-pk").values_list("pk", flat=True)[:LOOKED_AT])
    seen = Call.objects.filter(pk__in=newest).aggregate(
        count=Count("pk"), prompt=Avg("prompt_tokens"), completion=Avg("completion_tokens")
    )
    measured = seen["count"] >= ENOUGH
    prompt = seen["prompt"] if measured else TEXT_TOKENS + facts.image_tokens
    completion = seen["completion"] if measured else ANSWER_TOKENS + facts.reasoning_tokens
    if not fields:
        return UsualCall(round(prompt + completion), measured=measured)
    photos = min(facts.image_tokens, prompt)
    said = facts.reasoning_tokens + sum(TEXTS.get(field, A_VALUE) for field in fields)
    tokens = photos + (prompt - photos) * _share(fields) + min(said, completion)
    return UsualCall(round(tokens), measured=False)


def _share(fields: Collection[str]) -> float:
    """How long what is said of these fields is, as a share of what is said of all."""
    words = vocabulary.current()
    part, whole = answer_schema(words, fields=fields), answer_schema(words)
    return _characters(part) / _characters(whole)


def _characters(schema: AnswerSchema) -> int:
    return len(instructions_of(schema, "en")) + schema.characters
