"""How long some calls would take, and what they would cost, by the limits and prices as known."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db.models import Avg, Sum

from prodintel.llm import budgets, facts, pacing
from prodintel.llm.models import Call, Outcome
from prodintel.llm.types import Ability, Estimate

RECENT = 100
# Of a call's tokens, where no call has shown it yet: photos and instructions are most of it.
USUAL_COMPLETION = Decimal("0.15")
DAY = 86_400.0


def estimate(ability: Ability, *, calls: int, tokens: int) -> Estimate:
    """What so many calls of so many tokens each would take."""
    model = facts.facts_of(facts.model_for(ability), ability)
    share, latency = _experience(model.id)
    total = calls * tokens
    completion = int(total * share)
    cost = facts.cost(model, prompt=total - completion, completion=completion)
    seconds, limited_by = _duration(ability, calls, tokens, latency)
    days = _days(total, cost)
    if days > 0 and (seconds is None or seconds < days * DAY):
        seconds, limited_by = days * DAY, "the daily budget"
    return Estimate(calls, total, seconds if calls else 0.0, cost, limited_by)


def _experience(model: str) -> tuple[Decimal, float | None]:
    """The completion's share of the tokens, and the seconds of a call, over the last ones."""
    recent = Call.objects.filter(model=model, outcome=Outcome.ANSWERED).order_by("-started_at")
    seen = Call.objects.filter(pk__in=list(recent.values_list("pk", flat=True)[:RECENT])).aggregate(
        prompt=Sum("prompt_tokens"), completion=Sum("completion_tokens"), latency=Avg("latency_ms")
    )
    total = (seen["prompt"] or 0) + (seen["completion"] or 0)
    share = Decimal(seen["completion"]) / total if total else USUAL_COMPLETION
    return share, seen["latency"] / 1000 if seen["latency"] is not None else None


def _duration(
    ability: Ability, calls: int, tokens: int, latency: float | None
) -> tuple[float | None, str]:
    limits = pacing.limits(ability)
    bounds: list[tuple[float, str]] = []
    if limits.requests_a_minute:
        words = f"{limits.requests_a_minute:,.0f} requests a minute"
        bounds.append((calls * 60 / limits.requests_a_minute, words))
    if limits.tokens_a_minute:
        words = f"{limits.tokens_a_minute:,} tokens a minute"
        bounds.append((calls * tokens * 60 / limits.tokens_a_minute, words))
    if latency is not None:
        words = f"{settings.LLM_CONCURRENCY} calls at once"
        bounds.append((calls * latency / settings.LLM_CONCURRENCY, words))
    if limits.requests_left_today is not None and calls > limits.requests_left_today:
        bounds.append((DAY, "the account's requests of a day"))
    if not bounds:
        return None, ""
    return max(bounds)


def _days(tokens: int, cost: Decimal | None) -> int:
    """How many midnights the site's daily budget would make the work wait for."""
    rest, budget = budgets.left(), budgets.budget_of(budgets.SITE)
    days = 0
    if rest.tokens is not None and tokens > rest.tokens:
        days = -(-(tokens - rest.tokens) // budget.tokens)
    if rest.usd is not None and cost is not None and cost > rest.usd:
        days = max(days, int(-(-(cost - rest.usd) // budget.usd)))
    return days
