"""The vision model's queue in words: what it does just now and why not, its pace, its cost."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from catalog.activity.spending import Spending
from catalog.activity.vision import Vision
from catalog.views.words import count_of, duration, usd
from prodintel.llm.pacing import Limits
from prodintel.llm.types import Ability, ModelFacts

# Where superusers enter the key.
MODELS_URL = "/settings/models/"
# Of `Limits.requests_from`.
ORIGINS = {
    "settings": "set on this site",
    "answers": "as the provider says",
    "experience": "as found out by trying",
}


def shown_vision(vision: Vision) -> dict[str, Any]:
    """For catalog/_vision_queue.html: its state (for components/pill.html) and words."""
    state, label = _state(vision)
    return {
        "state": state,
        "label": label,
        "words": _words(vision),
        "note": _note(vision),
        "limits": _limits(vision.limits) if vision.limits else [],
        "spending": _spending(vision.spending) if vision.spending else [],
        "models": [_model(ability, facts) for ability, facts in vision.models],
    }


def _state(vision: Vision) -> tuple[str, str]:
    queue = vision.queue
    if not vision.configured:
        return "", ""
    if vision.paused_at:
        return "paused", "Paused"
    if queue.waiting and vision.limits and vision.limits.state != "ok":
        return "held", "On hold" if vision.limits.state == "unavailable" else "Waits"
    counts = {"running": queue.running, "pending": queue.pending, "failed": queue.failed}
    counts["done"] = queue.total
    return next((state for state, count in counts.items() if count), ""), ""


def _words(vision: Vision) -> str:
    """What is to be known about it just now."""
    waiting = vision.queue.waiting
    if not vision.configured:
        return ""
    if vision.paused_at:
        by = f" by {vision.paused_by}" if vision.paused_by else ""
        when = timezone.localtime(vision.paused_at)
        return (
            f"Paused{by} on {when:%d %B at %H:%M}. {count_of(waiting)} "
            f"{'waits' if waiting == 1 else 'wait'}; nothing is asked or spent."
        )
    known = vision.limits
    if waiting and known and known.state != "ok":
        until = known.blocked_until
        left = (until - timezone.now()).total_seconds() if until else 0
        again = f" It goes on by itself in {duration(left)}." if left > 1 else ""
        return f"{known.why}{again}"
    return ""


def _note(vision: Vision) -> str:
    """How fast it goes and how long that takes."""
    if not vision.queue.waiting or vision.paused_at or not vision.configured:
        return ""
    rate = vision.queue.rate
    parts = [f"{rate:,.0f} a minute"] if rate >= 1 else []
    if vision.eta_seconds is not None:
        parts.append(f"about {duration(vision.eta_seconds)} left")
    return ", ".join(parts)


def _limits(known: Limits) -> list[dict[str, str]]:
    """For components/key_values.html."""
    items = []
    if known.requests_a_minute:
        origin = ORIGINS.get(known.requests_from, "")
        text = f"{known.requests_a_minute:,.0f} a minute"
        items.append({"label": "Requests", "value": f"{text}, {origin}" if origin else text})
    if known.requests_left_today is not None:
        items.append({"label": "Left today", "value": f"{known.requests_left_today:,} requests"})
    if known.tokens_a_minute:
        items.append({"label": "Tokens", "value": f"{known.tokens_a_minute:,} a minute"})
    return items


def _spending(spending: Spending) -> list[dict[str, str]]:
    """For components/key_values.html."""
    budget, site = spending.budget, spending.site
    parts = [f"{usd(site.usd)} of {usd(budget.usd)}" if budget.usd else usd(site.usd)]
    tokens = f"{site.tokens:,}"
    parts.append(f"{tokens} of {budget.tokens:,} tokens" if budget.tokens else f"{tokens} tokens")
    here = spending.here
    words = f"{usd(here.usd)}, {count_of(here.calls, 'call')}, {here.tokens:,} tokens"
    return [
        {"label": "This catalogue", "value": words},
        {"label": "Whole site", "value": ", ".join(parts)},
    ]


def _model(ability: Ability, facts: ModelFacts) -> dict[str, str]:
    """A configured model and what it can do, for components/key_values.html."""
    able = []
    if ability is Ability.VISION:
        able.append(f"{count_of(facts.images_per_call, 'photo')} a call")
    able.append("strict answers" if facts.strict_schema else "answers checked here")
    if facts.prompt_usd is None:
        able.append("price not known")
    label = "Looks at photos" if ability is Ability.VISION else "Writes texts"
    return {"label": label, "value": f"{facts.id}: {', '.join(able)}"}
