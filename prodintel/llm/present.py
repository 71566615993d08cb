"""Language models in words and numbers, as the page of superusers shows them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.timesince import timeuntil

from prodintel.llm import account_models, budgets, credentials, facts, pacing, spend
from prodintel.llm.account_models import ConfiguredModel, Listing
from prodintel.llm.pacing import Limits
from prodintel.llm.spend import SpentFor
from prodintel.llm.types import Ability, Estimate
from prodintel.llm.waiting import Waiting, waiting_work

USES = {
    Ability.VISION: "Looks at photos",
    Ability.TEXT: "Writes text",
    Ability.SEARCH: "Searches the web",
}
ORIGINS = {
    "settings": "as LLM_REQUESTS_PER_MINUTE says",
    "answers": "as the provider says",
    "experience": "as experience says; the provider does not",
}
MINUTE, HOUR, DAY = 60, 3600, 86_400
CENT = Decimal("0.01")


def page() -> dict[str, Any]:
    """The values of the page. Asks the provider for two seconds at most, every five minutes."""
    models, listing = account_models.overview()
    limits = {ability: pacing.limits(ability) for ability in facts.abilities()}
    return {
        "key": key(),
        "state": state(limits),
        "models": [_model(model) for model in models],
        "listing": _listing(listing),
        "limits": [_limits(ability, one) for ability, one in limits.items()],
        "figures": _figures(),
        "budgets": _budgets(),
        "purposes": [_purpose(one) for one in spend.spent_by_purpose()],
        "waiting": [_waiting(one, estimate) for one, estimate in waiting_work()],
        "settings": settings,
    }


def key() -> dict[str, Any]:
    """Which key is in use, without saying it."""
    active, stored = credentials.current(), credentials.stored()
    return {
        "configured": active is not None,
        "from_environment": active is not None and active.from_environment,
        "hint": active.key.get_secret_value()[-4:] if active else "",
        "stored": stored,
        "unreadable": active is None and stored is not None,
    }


def state(limits: dict[Ability, Limits]) -> dict[str, str]:
    """The banner of the page: what is wrong, if anything."""
    for ability, one in limits.items():
        if one.state == "unavailable":
            return {"level": "error", "title": f"{USES[ability]}: unavailable.", "text": one.why}
    for ability, one in limits.items():
        if one.state == "waiting":
            return {"level": "warning", "title": f"{USES[ability]}: waiting.", "text": one.why}
    return {}


def usd(value: Decimal | None) -> str:
    """Dollars as people read them; small sums keep two digits that say something."""
    if value is None:
        return "price unknown"
    if not value or value >= CENT:
        return f"${value:,.2f}"
    return f"${value:.4f}" if value >= CENT / 100 else "< $0.0001"


def duration(seconds: float | None) -> str:
    """As "about 3 hours"; empty where nobody knows."""
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return "less than a minute"
    for length, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= length:
            number = round(seconds / length)
            return f"about {number} {name}{'' if number == 1 else 's'}"
    raise AssertionError(seconds)


def _model(model: ConfiguredModel) -> dict[str, Any]:
    known = model.facts
    price = ""
    if known.prompt_usd is not None and known.completion_usd is not None:
        price = f"{usd(known.prompt_usd)} in, {usd(known.completion_usd)} out"
    return {
        "use": USES[model.ability],
        "id": known.id,
        "setting": model.setting,
        "can": ", ".join(model.can),
        "available": model.available,
        "problem": model.problem,
        "price": price,
        "checked": known.checked,
    }


def _listing(listing: Listing) -> dict[str, Any]:
    return {"fetched_at": listing.fetched_at, "error": listing.error}


def _limits(ability: Ability, limits: Limits) -> dict[str, Any]:
    rows = []
    if limits.requests_a_minute:
        number = f"{limits.requests_a_minute:,.0f} a minute"
        rows.append({"label": "Requests", "value": f"{number}, {ORIGINS[limits.requests_from]}"})
    else:
        rows.append({"label": "Requests", "value": "no limit known yet"})
    if limits.requests_left_today is not None:
        rows.append({"label": "Requests left today", "value": f"{limits.requests_left_today:,}"})
    if limits.tokens_a_minute:
        rows.append({"label": "Tokens", "value": f"{limits.tokens_a_minute:,} a minute"})
    if limits.blocked_until:
        left = limits.blocked_until - timezone.now()
        until = timeuntil(limits.blocked_until) if left.total_seconds() >= MINUTE else "a moment"
        rows.append({"label": "Held for", "value": f"{until}. {limits.why}"})
    return {"use": USES[ability], "rows": rows}


def _figures() -> list[dict[str, str]]:
    today = spend.spent_today()
    return [
        {"label": "Spent today", "value": usd(today.cost_usd if today.calls else Decimal(0))},
        {"label": "Calls", "value": f"{today.calls:,}"},
        {"label": "Tokens", "value": f"{today.tokens:,}"},
    ]


def _purpose(one: SpentFor) -> dict[str, Any]:
    spent = one.spent
    cost = usd(spent.cost_usd)
    return {"purpose": one.purpose, "calls": spent.calls, "tokens": spent.tokens, "usd": cost}


def _budgets() -> list[dict[str, Any]]:
    """A bar for each budget of the site that has a limit."""
    budget, rest = budgets.budget_of(budgets.SITE), budgets.left()
    bars = []
    if rest.usd is not None:
        used = budget.usd - rest.usd
        note = f"{usd(used)} of {usd(budget.usd)}"
        bars.append(
            {"label": "Money", "value": float(used), "max": float(budget.usd), "note": note}
        )
    if rest.tokens is not None:
        taken = budget.tokens - rest.tokens
        note = f"{taken:,} of {budget.tokens:,}"
        bars.append({"label": "Tokens", "value": taken, "max": budget.tokens, "note": note})
    return bars


def _waiting(work: Waiting, estimate: Estimate) -> dict[str, str]:
    parts = [f"{work.calls:,} {work.what}", usd(estimate.cost_usd), duration(estimate.seconds)]
    text = ", ".join(part for part in parts if part)
    limited = f" (limited by {estimate.limited_by})" if estimate.limited_by else ""
    return {"text": f"{text}{limited}"}
