"""What describing some products would take, before anything is asked or spent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from catalog.describe.queue import active_tasks
from catalog.describe.selection import waiting_among, with_photos
from catalog.describe.unchanged import unchanged_products
from catalog.describe.usual import UsualCall, usual_call
from catalog.models import Catalog, Product
from catalog.services.describe_runs import TRIAL_SIZE
from prodintel.llm import budgets
from prodintel.llm.gateway import gateway
from prodintel.llm.types import Ability, Estimate


@dataclass(frozen=True)
class Cost:
    """What some calls take: seconds until the last is answered and dollars, None where unknown.

    `limited_by` says in words what keeps them from going faster. `days` is on how many days they
    are spread by the daily budget: 1 when today's will do, None where there is none.
    """

    calls: int
    tokens: int
    seconds: float | None
    usd: Decimal | None
    limited_by: str = ""
    days: int | None = None


@dataclass(frozen=True)
class Plan:
    """Products that would be asked about, and those left out, with the reason.

    `product_ids` are in the order of the selection. `tokens_a_call` were `measured` on this site's
    own calls, or are worked out from the length of the request. `ahead` calls wait already, and
    come first.
    """

    product_ids: Sequence[int]
    chosen: int
    without_photos: int
    unchanged: int
    tokens_a_call: int
    measured: bool
    ahead: int
    all: Cost
    trial: Cost

    def as_json(self) -> dict[str, Any]:
        """What is kept with a run, and what the API answers."""
        return {
            "products": self.chosen,
            "calls": self.all.calls,
            "without_photos": self.without_photos,
            "unchanged": self.unchanged,
            "tokens_a_call": self.tokens_a_call,
            "tokens_measured": self.measured,
            "ahead": self.ahead,
            **_cost_json(self.all),
            "trial": _cost_json(self.trial),
        }


def _cost_json(cost: Cost) -> dict[str, Any]:
    usd = None if cost.usd is None else f"{cost.usd:.4f}"
    return asdict(cost) | {"usd": usd}


def plan_of(
    catalog: Catalog,
    products: QuerySet[Product],
    *,
    user_id: int | None,
    again: bool = False,
    fields: Collection[str] = (),
) -> Plan:
    """What asking about these products takes. `again`: also about those that are unchanged since
    they were described; `fields`: about these alone.
    """
    chosen = list(products.values_list("pk", flat=True))
    shown = set(with_photos(products).order_by().values_list("pk", flat=True))
    unchanged: set[int] = set() if again else unchanged_products(catalog, products)
    asked = [pk for pk in chosen if pk in shown and pk not in unchanged]
    usual, ahead = usual_call(fields), max(active_tasks().count() - waiting_among(products), 0)
    return Plan(
        product_ids=asked,
        chosen=len(chosen),
        without_photos=len(chosen) - len(shown),
        unchanged=len(unchanged),
        tokens_a_call=usual.tokens,
        measured=usual.measured,
        ahead=ahead,
        all=cost_of(len(asked), usual=usual, ahead=ahead, user_id=user_id),
        trial=cost_of(min(len(asked), TRIAL_SIZE), usual=usual, ahead=ahead, user_id=user_id),
    )


def cost_of(
    calls: int, *, usual: UsualCall | None = None, ahead: int = 0, user_id: int | None = None
) -> Cost:
    """What so many calls take, after those that wait already."""
    usual = usual or usual_call()
    alone = gateway().estimate(Ability.VISION, calls=calls, tokens=usual.tokens)
    waiting = gateway().estimate(Ability.VISION, calls=calls + ahead, tokens=usual.tokens)
    return Cost(
        calls=calls,
        tokens=alone.tokens,
        seconds=waiting.seconds,
        usd=alone.cost_usd,
        limited_by=waiting.limited_by,
        days=days_of(waiting, user_id),
    )


def days_of(known: Estimate, user_id: int | None) -> int | None:
    """On how many days the daily budgets of site and person spread the calls."""
    left = budgets.left(user_id)
    whos = [budgets.SITE] + ([f"user:{user_id}"] if user_id else [])
    daily = [budgets.budget_of(who) for who in whos]
    counts = []
    if left.tokens is not None:
        a_day = min(each.tokens for each in daily if each.tokens)
        counts.append(_spread(known.tokens, left.tokens, a_day))
    if left.usd is not None and known.cost_usd is not None:
        a_day_usd = min(each.usd for each in daily if each.usd)
        counts.append(_spread(known.cost_usd, left.usd, a_day_usd))
    return max(counts, default=None)


def _spread(wanted: int | Decimal, left: int | Decimal, a_day: int | Decimal) -> int:
    return 1 if wanted <= left else 1 + int(-(-(wanted - left) // a_day))
