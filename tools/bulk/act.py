"""Running a tool over many products as an act on them: what each step did, and the whole undone.

A step is one product. Its run is made and performed outside of any transaction, and looked up by
the job when the step is taken: a run that is there is not made again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db.models import QuerySet

from catalog import selectors
from catalog.models import AuditEvent, Batch, Product
from catalog.services.audit import audit
from catalog.services.batches import batch_retract
from catalog.services.bulk import LABEL, Act, Asked, Started
from catalog.services.errors import conflict
from tools.models import RunState, ToolRun
from tools.services.using import fields_suggest_all

KIND = "tool-runs"
TOOL, OPTIONS, BATCH, WRITER = "tool", "options", "batch", "writer"
# What a step says of a product that was deleted meanwhile.
GONE = "gone"


def runs_of(job_id: int | None, product_id: int) -> QuerySet[ToolRun]:
    """The runs that a job has of a product, the newest first."""
    return ToolRun.objects.filter(job=job_id, product=product_id).order_by("-pk")


def _may(asked: Asked) -> bool:
    return asked.actor is not None and selectors.may(asked.actor, asked.catalog)


def _step(asked: Asked, ids: list[int]) -> dict[str, Any]:
    """What came of the product's run; what it suggests waits for review, as part of the batch."""
    run = runs_of(asked.job_id, ids[0]).select_related("product__catalog").first()
    if run is None or not Product.objects.alive().filter(pk=ids[0]).exists():
        return {"run": run.pk if run else None, "state": GONE}
    did: dict[str, Any] = {"run": run.pk, "state": run.state}
    if run.state != RunState.DONE:
        return did
    batch = Batch.objects.get(pk=asked.arguments[BATCH])
    return did | fields_suggest_all(run=run, actor=asked.actor, batch=batch)


def _end(asked: Asked, did: list[dict[str, Any]], left: list[int]) -> dict[str, Any]:
    states = [each["state"] for each in did]
    result = {
        "changed": states.count(RunState.DONE),
        "failed": states.count(RunState.FAILED),
        "stopped": states.count(RunState.STOPPED),
        "gone": states.count(GONE),
        "suggested": sum(each.get("suggested", 0) for each in did),
        "refused": sum(len(each.get("refused", ())) for each in did),
        "left": len(left),
    }
    event = audit(
        actor=asked.actor,
        action="tool.runs",
        target=asked.catalog,
        catalog=asked.catalog,
        summary=str(asked.arguments[LABEL]),
        data={**result, "tool": asked.arguments[TOOL], BATCH: asked.arguments[BATCH]},
    )
    # There is something to undo only where something was suggested.
    return {**result, "event": event.pk if result["suggested"] else None}


ACT = Act(KIND, _may, _step, _end)


def undo(*, event: AuditEvent, actor: Any) -> Started:
    """Take back all that was suggested. Raises ValidationError when it was undone already."""
    batch = Batch.objects.filter(pk=event.data[BATCH]).select_related("catalog").first()
    if batch is None:
        raise conflict("", "There is nothing to undo.")
    started = batch_retract(batch=batch, actor=actor)
    if started.job is not None:
        return started
    # As all acts on many products say how much they undid.
    return replace(started, result={**started.result, "changed": started.result["values"]})


def is_undone(event: int, catalog: int | None) -> bool:
    """Whether what the event tells of was undone, or is just being undone."""
    found = AuditEvent.objects.filter(pk=event, catalog=catalog).first()
    batches = Batch.objects.filter(pk=found.data[BATCH]) if found else Batch.objects.none()
    return not batches.filter(retracted_at=None).exists()
