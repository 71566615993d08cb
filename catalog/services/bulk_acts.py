"""Which acts on many products there are, by the kind of their jobs, and how each is undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catalog.models import AuditEvent, Job
from catalog.models.job import MOVE
from catalog.services.batches import RESTORE_ACT, RETRACT_ACT
from catalog.services.bulk import Act, Asked, Started
from catalog.services.describe_runs import QUEUE_ACT
from catalog.services.errors import conflict
from catalog.services.statuses import (
    MOVE_ACT,
    MOVE_BACK_ACT,
    is_moved_back,
    products_move_back,
)
from prodintel.lib.work import WorkState

ACTS: dict[str, Act] = {
    act.kind: act for act in (MOVE_ACT, MOVE_BACK_ACT, QUEUE_ACT, RETRACT_ACT, RESTORE_ACT)
}


def _move_back(job: Job, actor: Any) -> Started:
    return products_move_back(event=AuditEvent.objects.get(pk=job.result["event"]), actor=actor)


UNDO: dict[str, Callable[[Job, Any], Started]] = {MOVE: _move_back}


def may_act(user: Any, job: Job) -> bool:
    """Whether `user` may stop the job's act, or undo it: who may do it may."""
    asked = Asked.by(job)
    return ACTS[job.kind].may(Asked(asked.catalog, user, asked.arguments))


def is_undoable(job: Job) -> bool:
    """Whether the act has ended and did something that can be undone."""
    return job.kind in UNDO and job.state == WorkState.DONE and bool(job.result.get("event"))


def is_undone(job: Job) -> bool:
    """Whether an act was undone, or is just being undone."""
    return is_undoable(job) and is_moved_back(job.result["event"], job.catalog_id)


def bulk_undo(*, job: Job, actor: Any) -> Started:
    """Undo what an act did, as far as it came.

    Raises ValidationError while it goes on, when it did nothing, and when it was undone already.
    """
    if job.state != WorkState.DONE:
        raise conflict("", "Stop this first.")
    if not is_undoable(job):
        raise conflict("", "There is nothing to undo.")
    return UNDO[job.kind](job, actor)
