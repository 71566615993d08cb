"""The vision model's queue in words: what it does just now and why not, its pace, its cost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone

from catalog.activity.vision import Vision
from catalog.views.words import count_of, duration, usd
from prodintel.llm.account_models import ConfiguredModel
from prodintel.llm.budgets import SITE, Left, budget_of, own_left
from prodintel.llm.pacing import Limits
from prodintel.llm.present import ORIGINS, USES
from prodintel.llm.spend import Spent


def models_url() -> str:
    """Where superusers connect a model."""
    return reverse("llm:models")


def shown_vision(vision: Vision, user: Any) -> dict[str, Any]:
    """For catalog/_vision_queue.html: its state (for components/pill.html) and words.

    What the whole site spent, and may, is shown to superusers alone.
    """
    state, label = _state(vision)
    return {
        "state": state,
        "label": label,
        "words": _words(vision),
        "note": _note(vision),
        "limits": _limits(vision.limits) if vision.limits else [],
        "spending": _spending(vision, user),
        "models": [_model(model) for model in vision.models],
    }


def _state(vision: Vision) -> tuple[str, str]:
    queue = vision.queue
    if not vision.configured:
        return "", ""
    if vision.paused_at:
        return "paused", "Paused"
    if vision.unpaid and not vision.affordable:
        return "held", "Waits"
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
    held = held_words(vision.limits) if waiting and vision.limits else ""
    return held or unpaid_words(vision.unpaid)


def held_words(known: Limits) -> str:
    """Why calls are held up, and for how long; "" when they are not."""
    if known.state == "ok":
        return ""
    until = known.blocked_until
    left = (until - timezone.now()).total_seconds() if until else 0
    again = f" It goes on by itself in {duration(left)}." if left > 1 else ""
    return f"{known.why}{again}"


def unpaid_words(unpaid: Sequence[tuple[str, int]]) -> str:
    """Whose products wait for tomorrow's budget."""
    return " ".join(
        f"{count_of(count)} {'waits' if count == 1 else 'wait'} for tomorrow's budget of {name}."
        for name, count in unpaid
    )


def _note(vision: Vision) -> str:
    """How fast it goes and how long that takes."""
    if not vision.queue.waiting or vision.paused_at or not vision.configured:
        return ""
    if vision.limits and vision.limits.state == "unavailable":
        # Nobody knows for how long.
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
        origin = ORIGINS[known.requests_from]
        text = f"{known.requests_a_minute:,.0f} a minute, {origin}"
        items.append({"label": "Requests", "value": text})
    if known.requests_left_today is not None:
        items.append({"label": "Left today", "value": f"{known.requests_left_today:,} requests"})
    if known.tokens_a_minute:
        items.append({"label": "Tokens", "value": f"{known.tokens_a_minute:,} a minute"})
    return items


def _spending(vision: Vision, user: Any) -> list[dict[str, str]]:
    """For components/key_values.html."""
    here, site = vision.spent, vision.site_spent
    if here is None or site is None:
        return []
    calls = count_of(here.calls, "call")
    items = [
        {"label": "This catalogue", "value": f"{_cost(here)}, {calls}, {here.tokens:,} tokens"},
        {"label": "You have left", "value": left_words(own_left(user.pk)) or "No limit of yours"},
    ]
    if user.is_superuser:
        budget = budget_of(SITE)
        of_money = f" of {usd(budget.usd)}" if budget.usd else ""
        of_tokens = f" of {budget.tokens:,}" if budget.tokens else ""
        text = f"{_cost(site)}{of_money}, {site.tokens:,}{of_tokens} tokens"
        items.append({"label": "Whole site", "value": text})
    return items


def left_words(left: Left) -> str:
    """What is left of a budget; empty where there is no limit."""
    parts = [] if left.usd is None else [usd(left.usd)]
    parts += [] if left.tokens is None else [f"{left.tokens:,} tokens"]
    return " and ".join(parts)


def _cost(spent: Spent) -> str:
    if spent.cost_usd is None:
        return "price not known" if spent.calls else usd(Decimal(0))
    return usd(spent.cost_usd)


def _model(model: ConfiguredModel) -> dict[str, str]:
    """A configured model, what it can do and what is wrong, for components/key_values.html."""
    words = f"{model.facts.id}: {', '.join(model.can)}"
    return {"label": USES[model.ability], "value": f"{words}. {model.problem}".rstrip(". ")}
