"""Acts on many products that jobs do: how far they are, stopped, undone."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from catalog import selectors
from catalog.activity.acts import bulk_acts_of
from catalog.models import Job
from catalog.services.bulk import bulk_stop
from catalog.services.bulk_acts import ACTS, bulk_undo, is_undoable, is_undone, may_act
from catalog.views.activity import forget_activity
from catalog.views.bulk_acts import act_label, told
from prodintel.lib.work import WorkState

router = Router(tags=["jobs"])


class JobOut(Schema):
    """An act on many products, and how far it is."""

    id: int
    kind: str
    label: str
    state: str = Field(description="pending, running, done, stopped, or failed: see error")
    done: int = Field(description="Products that were dealt with")
    total: int
    message: str = Field(description="What it did, once it has ended")
    error: str
    undoable: bool = Field(description="POST /jobs/{id}/undo undoes it")
    created_by: str | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> JobOut:
        ended = job.state == WorkState.DONE
        return cls(
            id=job.pk,
            kind=job.kind,
            label=act_label(job),
            state="stopped" if ended and job.result["why"] else job.state,
            done=job.progress_done,
            total=job.progress_total,
            message=told(job.kind, job.arguments, job.result) if ended else "",
            error=job.error,
            undoable=is_undoable(job) and not is_undone(job),
            created_by=job.created_by.get_username() if job.created_by else None,
            created_at=job.created_at,
            finished_at=job.finished_at,
        )


class UndoneOut(Schema):
    """What was undone at once."""

    changed: int
    left: int = Field(description="How many somebody changed since: they stay as they are")


def accepted(job: Job) -> Any:
    """The answer to who asked for more than is done at once."""
    assert job.catalog is not None
    forget_activity(job.catalog)
    return Status(int(HTTPStatus.ACCEPTED), JobOut.of(job))


@router.get("/catalogs/{slug:slug}/jobs", response=list[JobOut])
def jobs_list(request: HttpRequest, slug: str) -> Any:
    """The acts on many products that go on, and those that ended within a day, newest first."""
    catalog = selectors.catalog_for(request.user, slug)
    return [JobOut.of(act.job) for act in bulk_acts_of(catalog)]


@router.get("/jobs/{int:pk}", response=JobOut)
def job_get(request: HttpRequest, pk: int) -> Any:
    """How far an act on many products is."""
    return JobOut.of(selectors.bulk_job_for(request.user, pk))


def _job(request: HttpRequest, pk: int) -> Job:
    job = selectors.bulk_job_for(request.user, pk)
    if not may_act(request.user, job):
        raise PermissionDenied(selectors.READ_ONLY)
    return job


@router.post("/jobs/{int:pk}/stop", response=JobOut)
def job_stop(request: HttpRequest, pk: int) -> Any:
    """End an act where it is. What it did stays, and can be undone."""
    job = _job(request, pk)
    ended = bulk_stop(act=ACTS[job.kind], job=job, actor=request.user)
    assert ended.catalog is not None
    forget_activity(ended.catalog)
    return JobOut.of(selectors.bulk_job_for(request.user, pk))


@router.post("/jobs/{int:pk}/undo", response={200: UndoneOut, 202: JobOut})
def job_undo(request: HttpRequest, pk: int) -> Any:
    """Undo what an act did, as far as it came; more than 500 products by another job: 202."""
    started = bulk_undo(job=_job(request, pk), actor=request.user)
    if started.job is not None:
        return accepted(started.job)
    return Status(200, UndoneOut(**started.result))
