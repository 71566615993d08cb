"""What language models have cost: by scope, by person, by purpose, by day.

A call counts on the day it began, in TIME_ZONE, and while it runs as what it may take at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from prodintel.llm.models import Call, Outcome
from prodintel.llm.types import Usage


@dataclass(frozen=True)
class Spent:
    """`cost_usd` leaves out calls whose price is not known; None where that is all of them."""

    tokens: int = 0
    cost_usd: Decimal | None = None
    calls: int = 0


@dataclass(frozen=True)
class SpentFor:
    purpose: str
    spent: Spent


_SUMS = {"all_tokens": Sum("tokens"), "all_usd": Sum("cost_usd"), "calls": Count("pk")}


def spent_today(*, scope: str | None = None, user_id: int | None = None) -> Spent:
    """What was spent today: by everybody, or for one scope, by one person."""
    return _spent(_calls(scope, user_id).filter(day=timezone.localdate()).aggregate(**_SUMS))


def used_by(ref: str) -> Usage:
    """What the calls that belong to `ref` took, those that failed or were stopped included.

    `cost_usd` is None where the price of one of them is not known.
    """
    calls = Call.objects.filter(ref=ref).exclude(outcome=Outcome.OPEN)
    sums = calls.aggregate(
        prompt=Sum("prompt_tokens"), completion=Sum("completion_tokens"), usd=Sum("cost_usd")
    )
    priced = not calls.filter(cost_usd=None).exists()
    cost = (sums["usd"] or Decimal(0)) if priced else None
    return Usage(sums["prompt"] or 0, sums["completion"] or 0, cost)


def spent_by_purpose(*, scope: str | None = None) -> list[SpentFor]:
    """What was spent today for each purpose, most first."""
    rows = _calls(scope).filter(day=timezone.localdate()).order_by().values("purpose")
    found = [SpentFor(row["purpose"], _spent(row)) for row in rows.annotate(**_SUMS)]
    return sorted(found, key=lambda one: one.spent.tokens, reverse=True)


def spend_by_day(scope: str | None, days: int) -> list[tuple[date, Spent]]:
    """What was spent on each of the last days, today last, days without calls included."""
    today = timezone.localdate()
    first = today - timedelta(days=days - 1)
    rows = _calls(scope).filter(day__gte=first).order_by().values("day").annotate(**_SUMS)
    found = {row["day"]: _spent(row) for row in rows}
    every = (first + timedelta(days=number) for number in range(days))
    return [(day, found.get(day, Spent())) for day in every]


def _calls(scope: str | None, user_id: int | None = None) -> QuerySet[Call]:
    calls = Call.objects.all()
    if scope is not None:
        calls = calls.filter(scope=scope)
    return calls.filter(user_id=user_id) if user_id is not None else calls


def _spent(row: Mapping[str, Any]) -> Spent:
    return Spent(row["all_tokens"] or 0, row["all_usd"], row["calls"])
