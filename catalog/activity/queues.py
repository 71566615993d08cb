"""One kind of work, counted: how many rows wait, run, are done and failed, and how fast it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from prodintel.lib.work import WorkState

RATE_WINDOW = timedelta(minutes=3)
# Less says nothing of a minute.
RATE_LEAST_SECONDS = 10.0


@dataclass(frozen=True)
class Queue:
    """The state of one kind of work: numbers of rows, and the last problem.

    `rate` is how many were done a minute over the last minutes; 0.0 when none were.
    """

    label: str
    total: int
    pending: int
    running: int
    done: int
    failed: int
    error: str = ""
    rate: float = 0.0

    @property
    def waiting(self) -> int:
        return self.pending + self.running

    @property
    def percent(self) -> int:
        return 100 if not self.total else int(100 * self.done / self.total)

    @property
    def eta_seconds(self) -> float | None:
        """How long what waits takes at the present rate; None when nothing waits or moves."""
        return 60 * self.waiting / self.rate if self.waiting and self.rate else None


def counted_queue(label: str, tasks: QuerySet, total: int | None = None) -> Queue:
    """The states of some rows of work, read once; `total` where not all have a row yet."""
    since = timezone.now() - RATE_WINDOW
    recent = Q(state=WorkState.DONE, finished_at__gte=since)
    rows = (
        tasks.order_by()
        .values("state")
        .annotate(
            n=Count("pk"),
            recent=Count("pk", filter=recent),
            first=Min("finished_at", filter=recent),
        )
    )
    states = {row["state"]: row for row in rows}
    counts = {state: states[state]["n"] if state in states else 0 for state in WorkState.values}
    known = sum(counts.values())
    total = known if total is None else total
    # Photos whose task is not made yet (the model is being loaded) wait like the others.
    counts["pending"] += max(total - known, 0)
    waiting = tasks.filter(state=WorkState.PENDING).exclude(error="").order_by("-pk").first()
    return Queue(
        label=label,
        total=total,
        error=waiting.error if waiting else "",
        rate=_rate(states.get(WorkState.DONE)),
        **counts,
    )


def _rate(done: dict[str, Any] | None) -> float:
    """Rows a minute since the first of those that were done lately."""
    if not done or not done["recent"]:
        return 0.0
    seconds = (timezone.now() - done["first"]).total_seconds()
    return 60 * done["recent"] / max(seconds, RATE_LEAST_SECONDS)
