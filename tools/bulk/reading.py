"""How far tools that run over many products are."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum
from django.http import Http404

from catalog import selectors
from catalog.models import Batch, Catalog, Job
from prodintel.lib.work import WorkState
from tools.bulk.act import BATCH, KIND
from tools.models import RunState, ToolRun

STOPPED = "stopped"


@dataclass(frozen=True)
class BulkState:
    """A job and how far it is. `state` is that of its work, or "stopped".

    `suggested` values wait for review or were decided on, `waiting` of them wait. `cost_usd` leaves
    out runs whose price is not known; None where that is all of them.
    """

    job: Job
    batch: Batch | None
    state: str
    failed: int
    suggested: int
    waiting: int
    tokens: int
    cost_usd: Decimal | None

    @property
    def goes_on(self) -> bool:
        return self.job.state in {WorkState.PENDING, WorkState.RUNNING}


def bulk_job_in(catalog: Catalog, pk: int) -> Job:
    """A job of the catalogue that runs a tool. Raises Http404 when there is none."""
    job = selectors.bulk_job_in(catalog, pk)
    if job.kind != KIND:
        raise Http404
    return job


def bulk_job_for(user: object, pk: int, roles: frozenset = selectors.VIEW) -> Job:
    """As `bulk_job_in`, by its id alone. Raises Http404 to strangers, PermissionDenied to wrong roles."""
    job = selectors.bulk_job_for(user, pk)
    assert job.catalog is not None
    selectors.catalog_for(user, job.catalog.slug, roles)
    return bulk_job_in(job.catalog, pk)


def runs_of_job(job: Job) -> QuerySet[ToolRun]:
    """The runs of a job, those that failed first, then the newest, without their blocks."""
    failed = Q(state=RunState.FAILED)
    runs = ToolRun.objects.filter(job=job).select_related("product", "catalog")
    return (
        runs.defer("blocks", "evidence", "output")
        .annotate(has_failed=failed)
        .order_by("-has_failed", "-pk")
    )


def bulk_state_of(job: Job) -> BulkState:
    """How far a job is, and what it took so far."""
    runs = ToolRun.objects.filter(job=job).aggregate(
        failed=Count("pk", filter=Q(state=RunState.FAILED)),
        prompt=Sum("prompt_tokens"),
        completion=Sum("completion_tokens"),
        usd=Sum("cost_usd"),
    )
    batch = Batch.objects.filter(pk=job.arguments[BATCH]).first()
    said = batch.entries.filter(retracted_at=None) if batch else None
    ended = job.state == WorkState.DONE
    return BulkState(
        job=job,
        batch=batch,
        state=STOPPED if ended and job.result.get("why") else job.state,
        failed=runs["failed"],
        suggested=said.count() if said is not None else 0,
        waiting=said.filter(awaits_review=True).count() if said is not None else 0,
        tokens=(runs["prompt"] or 0) + (runs["completion"] or 0),
        cost_usd=runs["usd"],
    )
