"""Fitting how much machines' words are worth to what people accepted and rejected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from catalog.describe.confidence import PRIORS, Array, Signs, as_json, fitted, prior
from catalog.models import ConfidenceFit, Decision, LedgerEntry

# The latest decisions: people and models change.
READ = 5000
# New decisions since the last fit that are worth another one.
ENOUGH_NEW = 20
# Decisions on one field that say something of that field alone.
ENOUGH_OF_FIELD = 10


def refit_is_due() -> bool:
    """Whether people have decided on enough since the last fit."""
    last = ConfidenceFit.objects.order_by("-fitted_at").values_list("fitted_at", flat=True).first()
    decided = LedgerEntry.objects.filter(
        decided_at__isnull=False, decision_batch=None, source__in=PRIORS
    )
    if last is not None:
        decided = decided.filter(decided_at__gt=last)
    return decided[:ENOUGH_NEW].count() >= ENOUGH_NEW


@transaction.atomic
def confidence_refit() -> int:
    """Fit the weights of every source anew; returns to how many decisions.

    Decisions that one act made on many are left out: nobody looked at each of these values. So are
    those on the words of tools, which do not say how sure they are.
    """
    now = timezone.now()
    rows = LedgerEntry.objects.filter(
        decided_at__isnull=False,
        decision_batch=None,
        decision__in=[Decision.ACCEPTED, Decision.REJECTED],
        source__in=PRIORS,
    )
    by_source: dict[str, list[LedgerEntry]] = defaultdict(list)
    for row in rows.order_by("-decided_at").only(
        "source", "field", "confidence", "said_confidence", "evidence", "decision"
    )[:READ]:
        by_source[row.source].append(row)
    for source, decided in by_source.items():
        centre = _keep(source, "", decided, prior(source), now)
        by_field: dict[str, list[LedgerEntry]] = defaultdict(list)
        for row in decided:
            by_field[row.field].append(row)
        for name, some in by_field.items():
            if len(some) >= ENOUGH_OF_FIELD:
                _keep(source, name, some, centre, now)
    return sum(len(decided) for decided in by_source.values())


def _keep(
    source: str, name: str, rows: Iterable[LedgerEntry], centre: Array, now: datetime
) -> Array:
    signs, right = [], []
    for row in rows:
        found = _signs(row)
        if found is not None:
            signs.append(found)
            right.append(row.decision == Decision.ACCEPTED)
    weights = fitted(signs, right, centre)
    ConfidenceFit.objects.update_or_create(
        source=source,
        field=name,
        defaults={
            "weights": as_json(weights),
            "accepted": sum(right),
            "rejected": len(right) - sum(right),
            "fitted_at": now,
        },
    )
    return weights


def _signs(row: LedgerEntry) -> Signs | None:
    """What spoke for a value when it was said; rows of earlier versions kept its word alone."""
    kept = row.evidence.get("signs") if isinstance(row.evidence, dict) else None
    if isinstance(kept, list) and len(kept) == 3 and all(isinstance(v, (int, float)) for v in kept):  # noqa: PLR2004 -- as Signs
        return Signs(*(float(value) for value in kept))
    said = row.said_confidence if row.said_confidence is not None else row.confidence
    return None if said is None else Signs(said)
