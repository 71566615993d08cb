"""The queue for the vision model: how far it is, what it waits for, what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from catalog import selectors
from catalog.activity.queues import Queue, counted_queue
from catalog.activity.runs import Progress, progress_of
from catalog.activity.worklist import UNFINISHED
from catalog.describe.queue import (
    PURPOSES,
    active_tasks,
    is_describing,
    scope_of,
    vision_tasks,
)
from catalog.describe.selection import with_photos
from catalog.describe.usual import usual_call
from catalog.models import Catalog, DescribeRun, DescribeRunState, VisionTask
from prodintel.lib.work import WorkState
from prodintel.llm import credentials
from prodintel.llm.account_models import ConfiguredModel, configured_models, kept_listing
from prodintel.llm.budgets import spent_out
from prodintel.llm.gateway import gateway
from prodintel.llm.pacing import Limits, limits
from prodintel.llm.spend import Spent, spent_today
from prodintel.llm.types import Ability

User = get_user_model()
RUNS_SHOWN = 10
# A limit of a minute passes by itself while one looks on; what takes longer is no work under way.
SHORT_WAIT = timedelta(minutes=2)


@dataclass(frozen=True)
class Vision:
    """`never` products have a photo and were never described by the vision model, nor wait for it.

    `unpaid` are names and how many products of theirs wait for tomorrow's budget.
    `paused_by` is a name, "" where nobody is known. `spent` is what this catalogue took today,
    `site_spent` what all did, which is for superusers. Without a key these and `limits` are None and
    there are no `models`.
    `eta_seconds` is how long what waits takes, at the present rate or else at the limits that are
    known; None where nobody can tell.
    """

    queue: Queue
    configured: bool
    never: int = 0
    paused_at: datetime | None = None
    paused_by: str = ""
    unpaid: list[tuple[str, int]] = field(default_factory=list)
    runs: list[tuple[DescribeRun, Progress]] = field(default_factory=list)
    limits: Limits | None = None
    spent: Spent | None = None
    site_spent: Spent | None = None
    models: list[ConfiguredModel] = field(default_factory=list)
    eta_seconds: float | None = None

    @property
    def busy(self) -> bool:
        """Whether it goes on by itself, soon: not without a key, nor paused, nor held up for long."""
        return bool(
            self.affordable
            and self.configured
            and not self.paused_at
            and not _is_held_up(self.limits)
        )

    @property
    def affordable(self) -> int:
        """How many products wait, without those that nobody can pay today."""
        return self.queue.waiting - sum(count for _, count in self.unpaid)


def vision_of(catalog: Catalog) -> Vision:
    """The catalogue's queue, counted."""
    configured = is_describing()
    now = Catalog.objects.select_related("describing_paused_by").get(pk=catalog.pk)
    queue = counted_queue("Products", vision_tasks(catalog))
    products = selectors.products_in(catalog).order_by()
    waiting = vision_tasks(catalog).filter(state=WorkState.PENDING)
    unpaid = unpaid_of(waiting) if configured else []
    unasked = ~Exists(VisionTask.objects.filter(product=OuterRef("pk")))
    return Vision(
        queue=queue,
        configured=configured,
        never=with_photos(products.filter(unasked)).count(),
        paused_at=now.describing_paused_at,
        paused_by=now.describing_paused_by.get_username() if now.describing_paused_by else "",
        runs=_open_runs(catalog),
        limits=limits(Ability.VISION) if configured else None,
        spent=spent_today(scope=scope_of(catalog)) if configured else None,
        site_spent=spent_today() if configured else None,
        models=_models(),
        unpaid=unpaid,
        eta_seconds=_eta(queue)
        if configured and queue.waiting > sum(count for _, count in unpaid)
        else None,
    )


def unpaid_of(waiting: QuerySet[VisionTask]) -> list[tuple[str, int]]:
    """Whose budget of today is spent, by name, and how many of the tasks wait because of it."""
    people = {person.pk: person for person in User.objects.filter(pk__in=spent_out(PURPOSES))}
    if not people:
        return []
    counted = (
        waiting.filter(requested_by__in=people)
        .order_by()
        .values_list("requested_by")
        .annotate(Count("pk"))
    )
    return sorted((people[pk].get_username(), count) for pk, count in counted)


def _models() -> list[ConfiguredModel]:
    """The models of the settings, held against the account's list as it was last seen."""
    active = credentials.current()
    return configured_models(kept_listing(active.account)) if active else []


def _eta(queue: Queue) -> float | None:
    """At the rate of the last minutes; before there is one, or over days, at what is allowed."""
    allowed = gateway().estimate(
        Ability.VISION, calls=active_tasks().count() or queue.waiting, tokens=usual_call().tokens
    )
    lasting = allowed.seconds is not None and allowed.seconds > timedelta(days=1).total_seconds()
    return allowed.seconds if lasting or not queue.rate else queue.eta_seconds


def _is_held_up(known: Limits | None) -> bool:
    until = known.blocked_until if known else None
    return until is not None and until > timezone.now() + SHORT_WAIT


def _open_runs(catalog: Catalog) -> list[tuple[DescribeRun, Progress]]:
    """Trials that wait for a decision, and runs that still have something to do."""
    tasks = VisionTask.objects.filter(run=OuterRef("pk"), state__in=UNFINISHED)
    runs = DescribeRun.objects.filter(catalog=catalog)
    open_runs = runs.filter(state=DescribeRunState.TRIAL) | runs.filter(
        Exists(tasks), state=DescribeRunState.RUNNING
    )
    shown = list(open_runs.select_related("created_by")[:RUNS_SHOWN])
    progress = progress_of(shown)
    return [(run, progress[run.pk]) for run in shown]


def vision_is_busy(catalog: Catalog) -> bool:
    """As `Vision.busy`; quick, however large the catalogue is."""
    return active_tasks(catalog).exists() and not _is_held_up(limits(Ability.VISION))
