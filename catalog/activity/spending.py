"""What was spent on language models today, against the budget."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from catalog.models import Catalog
from prodintel.llm.budgets import SITE, Budget, budget_of
from prodintel.llm.models import Call


@dataclass(frozen=True)
class Spent:
    calls: int
    tokens: int
    usd: Decimal


@dataclass(frozen=True)
class Spending:
    """Today's, of one catalogue and of the whole site."""

    here: Spent
    site: Spent
    budget: Budget


def spending_today(catalog: Catalog) -> Spending:
    """What today's calls took, those under way with what they may take at most."""
    today = Call.objects.filter(day=timezone.localdate()).order_by()
    return Spending(
        here=_spent(today.filter(scope=f"catalog:{catalog.pk}")),
        site=_spent(today),
        budget=budget_of(SITE),
    )


def _spent(calls: QuerySet[Call]) -> Spent:
    sums = calls.aggregate(n=Count("pk"), tokens=Sum("tokens"), usd=Sum("cost_usd"))
    return Spent(sums["n"], sums["tokens"] or 0, sums["usd"] or Decimal(0))
