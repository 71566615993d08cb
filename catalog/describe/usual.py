"""What one call of the vision model takes on this site, from the record of those that were made."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Avg, Count, F

from prodintel.llm.gateway import gateway
from prodintel.llm.models import Call, Outcome
from prodintel.llm.types import Ability

PURPOSE = "describe"
# Calls that are averaged: enough to even out, few enough to follow a change of the vocabulary.
LOOKED_AT = 200
# Fewer say little.
ENOUGH = 5
# Where none were made yet: instructions and schema, a short product, the answer with its texts.
TEXT_TOKENS = 2600
ANSWER_TOKENS = 700


@dataclass(frozen=True)
class UsualCall:
    """How many tokens a call takes. `measured`: real ones did, with the model of now."""

    tokens: int
    measured: bool


def usual_call() -> UsualCall:
    """What a product is likely to take with the model that is configured now."""
    facts = gateway().facts(Ability.VISION)
    answered = Call.objects.filter(purpose=PURPOSE, model=facts.id, outcome=Outcome.ANSWERED)
    newest = list(answered.order_by("-pk").values_list("pk", flat=True)[:LOOKED_AT])
    seen = Call.objects.filter(pk__in=newest).aggregate(
        count=Count("pk"), tokens=Avg(F("prompt_tokens") + F("completion_tokens"))
    )
    if seen["count"] >= ENOUGH:
        return UsualCall(round(seen["tokens"]), measured=True)
    worked_out = TEXT_TOKENS + facts.image_tokens + ANSWER_TOKENS + facts.reasoning_tokens
    return UsualCall(worked_out, measured=False)
