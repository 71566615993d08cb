"""Acts on many products: begun, undone as a whole, restored as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from catalog import selectors
from catalog.models import (
    Batch,
    Catalog,
    Decision,
    DescribeRun,
    DescribeRunState,
    GridEdit,
    Job,
    LedgerEntry,
    VisionTask,
)
from catalog.models.describing import NOBODY_ASKED
from catalog.models.job import ACCEPT_REST, RESTORE, RETRACT
from catalog.models.sources import MACHINE_SOURCES
from catalog.services.audit import audit
from catalog.services.bulk import AT_ONCE, Act, Asked, Started, bulk_start
from catalog.services.columns import AFTER, BEFORE, columns_swap
from catalog.services.describe_runs import queueing_jobs
from catalog.services.errors import conflict
from catalog.services.locks import lock_row
from catalog.services.projection import lock_products, project, tell_points
from catalog.services.suggestions import suggestions_decide
from catalog.services.undoing import (
    bring_back,
    chunks,
    decided_columns,
    machine_place,
    newest_words,
)
from prodintel.lib.work import WorkState


def batch_start(*, catalog: Catalog, label: str, actor: Any) -> Batch:
    """A name for what is about to be written as one act of a person."""
    return Batch.objects.create(catalog=catalog, label=label[:200], created_by=actor)


@transaction.atomic
def batch_decide(
    *, catalog: Catalog, entries: Iterable[LedgerEntry], accept: bool, actor: Any, label: str
) -> tuple[Batch | None, dict[int, ValidationError]]:
    """Accept or reject suggestions of a catalogue as a batch of their own; returns it with those
    refused, as `suggestions_decide` does, or None in its place where nothing was decided.
    """
    batch = batch_start(catalog=catalog, label=label, actor=actor)
    refused = suggestions_decide(entries=entries, accept=accept, actor=actor, batch=batch)
    if batch.decisions.exists():
        return batch, refused
    batch.delete()
    return None, refused


def batch_rows(batch: Batch) -> QuerySet[LedgerEntry]:
    """What a batch wrote and what it decided on, whatever became of it."""
    return LedgerEntry.objects.filter(Q(batch=batch) | Q(decision_batch=batch))


@transaction.atomic
def batch_retract(*, batch: Batch, actor: Any) -> Started:
    """Undo everything one batch did: what it wrote, what it decided, and what that changed.

    What machines had said before is their word again, and columns that accepted texts changed hold
    what they held before, unless somebody changed them since. What an undo that was stopped has left
    is undone by the next. The result says how many `values` and decisions were taken back, and how
    many texts were `kept` since somebody changed them. Raises ValidationError when it is undone
    already, or is still being written.
    """
    rows = batch_rows(batch)
    ids = _hold(batch, rows)
    left = batch.entries.filter(retracted_at=None).exists() or _decided(batch).exists()
    if batch.retracted_at is not None and not left:
        raise conflict("", "This was undone already.")
    running = VisionTask.objects.filter(
        run__batch=batch,
        run__state=DescribeRunState.RUNNING,
        state__in=[WorkState.PENDING, WorkState.RUNNING],
    )
    queueing = queueing_jobs(DescribeRun.objects.filter(batch=batch))
    if running.exists() or queueing.exists():
        raise conflict("", "Products of this are still being described. Stop that first.")
    # Tried anew, they would be asked about for an act that is undone.
    failed = VisionTask.objects.filter(run__batch=batch, state=WorkState.FAILED)
    failed.update(**NOBODY_ASKED)
    if batch.retracted_at is None:
        batch.retracted_at, batch.retracted_by = timezone.now(), actor
        batch.save(update_fields=["retracted_at", "retracted_by"])
    return _start(RETRACT_ACT, batch, ids, actor, label="Undo")


@transaction.atomic
def batch_restore(*, batch: Batch, actor: Any) -> Started:
    """Do again what a batch did before it was undone.

    What people took back one by one stays taken back, and what a machine has said since counts. The
    result is as that of `batch_retract`. Raises ValidationError when it is not undone, and for an
    import and a product that went back to a version: texts, variants and photos are no rows.
    """
    if batch.went_back_to_id is not None:
        raise conflict("", "Go back to the version again, on the page of the product's versions.")
    if GridEdit.objects.filter(batch=batch).exists():
        raise conflict(
            "", "Do it again in the grid: what it changed of columns is no part of this."
        )
    if batch.imports.exists():
        raise conflict("", "This was an import: bring the file again.")
    ids = _hold(batch, batch_rows(batch))
    if batch.retracted_at is None:
        raise conflict("", "This is not undone.")
    started = _start(RESTORE_ACT, batch, ids, actor, label="Restore")
    batch.refresh_from_db(fields=["retracted_at", "retracted_by"])
    return started


def _start(act: Act, batch: Batch, ids: Iterable[int], actor: Any, *, label: str) -> Started:
    return bulk_start(
        act=act,
        catalog=batch.catalog,
        product_ids=ids,
        actor=actor,
        label=f"{label} “{batch.label}”",
        arguments={"batch": batch.pk},
    )


def _decided(batch: Batch) -> QuerySet[LedgerEntry]:
    return batch.decisions.filter(retracted_at=None).exclude(decision=Decision.NONE)


def _retract_some(asked: Asked, ids: list[int]) -> dict[str, Any]:
    batch = _batch(asked)
    rows = batch_rows(batch).filter(product__in=ids)
    products = lock_products(ids)
    tell_points(ids)
    fields = set(rows.order_by().values_list("field", flat=True).distinct())
    changed = decided_columns(rows.filter(Q(decision_batch=batch) | Q(decision=Decision.ACCEPTED)))
    kept = columns_swap(entries=changed[::-1], now=AFTER, then=BEFORE, actor=asked.actor)
    wrote = batch.entries.filter(retracted_at=None, product__in=ids)
    count = wrote.update(retracted_at=batch.retracted_at, retracted_by=asked.actor)
    decided = _decided(batch).filter(product__in=ids)
    count += decided.update(taken_back=F("decision"), decision=Decision.NONE)
    fields |= bring_back(ids, Q(retraction_batch__retracted_at__isnull=False))
    project(products, fields, told=True)
    return {"values": count, "kept": kept}


def _restore_some(asked: Asked, ids: list[int]) -> dict[str, Any]:
    batch = _batch(asked)
    rows = batch_rows(batch).filter(product__in=ids)
    products = lock_products(ids)
    tell_points(ids)
    fields = set(rows.order_by().values_list("field", flat=True).distinct())
    undecided = batch.decisions.filter(retracted_at=None, decision=Decision.NONE, product__in=ids)
    again = undecided.exclude(taken_back=Decision.NONE)
    redone = list(again.values_list("pk", flat=True))
    gone = batch.entries.filter(retracted_at=batch.retracted_at, product__in=ids)
    back = _not_outdone(gone, products)
    redone += back
    count = again.update(decision=F("taken_back"), taken_back=Decision.NONE)
    for some in chunks(back):
        stand = LedgerEntry.objects.filter(pk__in=some)
        count += stand.update(retracted_at=None, retracted_by=None)
    # What it had replaced, and what stood again while it was undone.
    replaced = batch.retractions.filter(
        retracted_at=None,
        decision=Decision.NONE,
        source__in=MACHINE_SOURCES,
        product__in=ids,
    )
    fields |= set(replaced.order_by().values_list("field", flat=True).distinct())
    replaced.update(retracted_at=timezone.now())
    changed = [row for row in decided_columns(rows) if row.pk in set(redone)]
    kept = columns_swap(entries=changed, now=BEFORE, then=AFTER, actor=asked.actor)
    project(products, fields, told=True)
    return {"values": count, "kept": kept}


def _batch(asked: Asked) -> Batch:
    return Batch.objects.get(pk=asked.arguments["batch"])


def _may_undo(asked: Asked) -> bool:
    return bool(selectors.undoable(asked.actor, asked.catalog, [_batch(asked)]))


def _end_of_retracting(asked: Asked, did: list[dict[str, Any]], left: list[int]) -> dict[str, Any]:
    return _noted("batch.retract", asked, did, left)


def _end_of_restoring(asked: Asked, did: list[dict[str, Any]], left: list[int]) -> dict[str, Any]:
    if not left:
        # Only now: what the other steps restore is known by when it was undone.
        Batch.objects.filter(pk=asked.arguments["batch"]).update(
            retracted_at=None, retracted_by=None
        )
    return _noted("batch.restore", asked, did, left)


def _noted(action: str, asked: Asked, did: list[dict[str, Any]], left: list[int]) -> dict[str, Any]:
    batch = _batch(asked)
    result = {name: sum(step[name] for step in did) for name in ("values", "kept")}
    audit(
        actor=asked.actor,
        action=action,
        target=batch,
        catalog=asked.catalog,
        summary=batch.label,
        data=result,
    )
    return {**result, "left": len(left)}


# `batch`: which is undone or restored.
RETRACT_ACT = Act(RETRACT, _may_undo, _retract_some, _end_of_retracting)
RESTORE_ACT = Act(RESTORE, _may_undo, _restore_some, _end_of_restoring)


def _hold(batch: Batch, rows: QuerySet[LedgerEntry]) -> set[int]:
    """The products that a batch touched; the batch is held until the transaction ends, and before it
    the products, unless they are so many that they are held step by step.

    Raises ValidationError when more were touched before the batch was held, and while a job undoes
    or restores it.
    """
    ids = _touched(batch, rows)
    if len(ids) <= AT_ONCE:
        lock_products(ids)
    lock_row(batch)
    batch.refresh_from_db(fields=["retracted_at", "retracted_by"])
    if _touched(batch, rows) - ids:
        raise conflict("", "This is just being written. Try again in a moment.")
    jobs = Job.objects.filter(kind__in=[RETRACT, RESTORE], arguments__batch=batch.pk)
    if jobs.exclude(state=WorkState.DONE).exists():
        raise conflict("", "This is just being undone or restored. Stop that first.")
    # Accepting the rest of a sample ends by itself once its batch is taken back.
    others = [RETRACT, RESTORE, ACCEPT_REST]
    writing = Job.objects.filter(arguments__batch=batch.pk).exclude(kind__in=others)
    if writing.exclude(state=WorkState.DONE).exists():
        raise conflict("", "This is still being written. Stop that first.")
    return ids


def _touched(batch: Batch, rows: QuerySet[LedgerEntry]) -> set[int]:
    replaced = batch.retractions.order_by().values_list("product_id", flat=True)
    return set(rows.order_by().values_list("product_id", flat=True).distinct()) | set(replaced)


def _not_outdone(rows: QuerySet[LedgerEntry], products: list) -> list[int]:
    """The ids of the rows, but for those whose machine has said something newer since."""
    found = list(rows.order_by("pk").defer("value", "evidence"))
    fields = {row.field for row in found if row.source in MACHINE_SOURCES}
    newest = newest_words([product.pk for product in products], fields) if fields else {}
    return [
        row.pk
        for row in found
        if row.source not in MACHINE_SOURCES or row.pk > newest.get(machine_place(row), 0)
    ]
