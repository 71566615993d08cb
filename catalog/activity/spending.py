"""What was spent on language models today, against the budget."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.models import Catalog
from prodintel.llm.budgets import SITE, Budget, budget_of
from prodintel.llm.spend import Spent, spent_today


@dataclass(frozen=True)
class Spending:
    """Today's, of one catalogue and of the whole site, and what the site may spend a day."""

    here: Spent
    site: Spent
    budget: Budget


def spending_today(catalog: Catalog) -> Spending:
    """What today's calls took, those under way with what they may take at most."""
    return Spending(
        here=spent_today(scope=f"catalog:{catalog.pk}"),
        site=spent_today(),
        budget=budget_of(SITE),
    )
