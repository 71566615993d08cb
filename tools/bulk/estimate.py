"""What running a tool over some products would take, before anything is asked or spent."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Avg, Count

from catalog.describe.estimate import Cost, days_of
from prodintel.llm.gateway import gateway
from prodintel.llm.models import Call
from prodintel.llm.types import Ability
from tools.bulk.performing import runs_at_once
from tools.kinds.base import Tool
from tools.models import RunState, ToolRun, Writer
from tools.services.runs import ref_of

# Runs that are averaged, and fewer than say anything.
LOOKED_AT = 50
ENOUGH = 5


@dataclass(frozen=True)
class UsualRun:
    """What one run takes: tokens, calls, and seconds from its begin to its end (None: not known).

    `measured`: runs of this tool on this site did, with the model of now; else the tool's own word.
    """

    tokens: int
    calls: float
    seconds: float | None
    measured: bool


def usual_run(tool: Tool) -> UsualRun:
    """What a run of the tool is likely to take with the model that is configured now."""
    model = gateway().facts(Ability.TEXT).id
    done = ToolRun.objects.filter(
        tool=tool.key, writer=Writer.GROQ, state=RunState.DONE, model=model
    )
    newest = list(done.order_by("-pk").values_list("pk", flat=True)[:LOOKED_AT])
    if len(newest) < ENOUGH:
        return UsualRun(tool.tokens_a_run, max(tool.max_calls, 1), None, measured=False)
    seen = ToolRun.objects.filter(pk__in=newest).aggregate(
        prompt=Avg("prompt_tokens"), completion=Avg("completion_tokens"), ms=Avg("total_ms")
    )
    calls = Call.objects.filter(ref__in=[ref_of(pk) for pk in newest]).aggregate(n=Count("pk"))["n"]
    return UsualRun(
        round(seen["prompt"] + seen["completion"]),
        max(calls / len(newest), 1.0),
        seen["ms"] / 1000 if seen["ms"] is not None else None,
        measured=True,
    )


def cost_of(usual: UsualRun, runs: int, user_id: int | None) -> Cost:
    """What so many runs take, at the limits, prices and budgets of now."""
    calls = round(usual.calls * runs)
    each = -(-usual.tokens * runs // calls) if calls else 0
    known = gateway().estimate(Ability.TEXT, calls=calls, tokens=each)
    seconds, limited_by = known.seconds, known.limited_by
    if usual.seconds is not None:
        alone = usual.seconds * runs / runs_at_once()
        if seconds is None or alone > seconds:
            seconds, limited_by = alone, f"{runs_at_once()} runs at once"
    return Cost(
        calls=calls,
        tokens=known.tokens,
        seconds=seconds,
        usd=known.cost_usd,
        limited_by=limited_by,
        days=days_of(known, user_id),
    )
