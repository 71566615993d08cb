"""Which acts on many products there are, by the kind of their jobs, and how each is undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catalog.grid.edits import EDIT_ACT, PLAN_ACT, UNDO_ACT, grid_undo_event, is_grid_undone
from catalog.models import AuditEvent, Job
from catalog.models.job import BULK, DELETE, GRID_EDIT, MOVE, PUBLISH
from catalog.publishing.many import (
    PUBLISH_ACT,
    UNPUBLISH_ACT,
    is_publishing_undone,
    products_publish_undo,
)
from catalog.services.batches import RESTORE_ACT, RETRACT_ACT
from catalog.services.bulk import Act, Asked, Started
from catalog.services.deleting import (
    DELETE_ACT,
    UNDELETE_ACT,
    is_deletion_undone,
    products_delete_undo,
)
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
    act.kind: act
    for act in (
        MOVE_ACT,
        MOVE_BACK_ACT,
        QUEUE_ACT,
        RETRACT_ACT,
        RESTORE_ACT,
        DELETE_ACT,
        UNDELETE_ACT,
        PUBLISH_ACT,
        UNPUBLISH_ACT,
        PLAN_ACT,
        EDIT_ACT,
        UNDO_ACT,
    )
}


# By the event in the result of the act.
UNDO: dict[str, Callable[..., Started]] = {
    MOVE: products_move_back,
    DELETE: products_delete_undo,
    PUBLISH: products_publish_undo,
    GRID_EDIT: grid_undo_event,
}
IS_UNDONE: dict[str, Callable[[int, int | None], bool]] = {
    MOVE: is_moved_back,
    DELETE: is_deletion_undone,
    PUBLISH: is_publishing_undone,
    GRID_EDIT: is_grid_undone,
}


def register(
    act: Act,
    *,
    undo: Callable[..., Started] | None = None,
    is_undone: Callable[[int, int | None], bool] | None = None,
) -> None:
    """Add an act of another app. For `AppConfig.ready`; its job is for that app to perform."""
    ACTS[act.kind] = act
    BULK.add(act.kind)
    if undo is not None and is_undone is not None:
        UNDO[act.kind], IS_UNDONE[act.kind] = undo, is_undone


def may_act(user: Any, job: Job) -> bool:
    """Whether `user` may stop the job's act, or undo it: who may do it may."""
    asked = Asked.by(job)
    return ACTS[job.kind].may(Asked(asked.catalog, user, asked.arguments))


def is_undoable(job: Job) -> bool:
    """Whether the act has ended and did something that can be undone."""
    return job.kind in UNDO and job.state == WorkState.DONE and bool(job.result.get("event"))


def is_undone(job: Job) -> bool:
    """Whether an act was undone, or is just being undone."""
    return is_undoable(job) and IS_UNDONE[job.kind](job.result["event"], job.catalog_id)


def bulk_undo(*, job: Job, actor: Any) -> Started:
    """Undo what an act did, as far as it came.

    Raises ValidationError while it goes on, when it did nothing, and when it was undone already.
    """
    if job.state != WorkState.DONE:
        raise conflict("", "Stop this first.")
    if not is_undoable(job):
        raise conflict("", "There is nothing to undo.")
    event = AuditEvent.objects.get(pk=job.result["event"])
    return UNDO[job.kind](event=event, actor=actor)
