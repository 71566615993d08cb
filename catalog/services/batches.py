"""Acts on many products: begun, undone as a whole, restored as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from catalog.models import (
    Batch,
    Catalog,
    Decision,
    DescribeRun,
    DescribeRunState,
    LedgerEntry,
    VisionTask,
)
from catalog.models.describing import NOBODY_ASKED
from catalog.models.sources import MACHINE_SOURCES
from catalog.services.audit import audit
from catalog.services.columns import AFTER, BEFORE, columns_swap
from catalog.services.describe_runs import queueing_jobs
from catalog.services.errors import conflict
from catalog.services.locks import lock_row
from catalog.services.projection import lock_products, project, tell_points
from catalog.services.suggestions import suggestions_decide
from catalog.services.undoing import (
    Undone,
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
def batch_retract(*, batch: Batch, actor: Any) -> Undone:
    """Undo everything one batch did: what it wrote, what it decided, and what that changed.

    What machines had said before is their word again, and columns that accepted texts changed hold
    what they held before, unless somebody changed them since. Raises ValidationError when it is
    undone already, or is still being written.
    """
    rows = batch_rows(batch)
    products = _hold(batch, rows)
    if batch.retracted_at is not None:
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
    fields = set(rows.order_by().values_list("field", flat=True).distinct())
    changed = decided_columns(rows.filter(Q(decision_batch=batch) | Q(decision=Decision.ACCEPTED)))
    kept = columns_swap(entries=changed[::-1], now=AFTER, then=BEFORE, actor=actor)
    batch.retracted_at, batch.retracted_by = timezone.now(), actor
    batch.save(update_fields=["retracted_at", "retracted_by"])
    wrote = batch.entries.filter(retracted_at=None)
    count = wrote.update(retracted_at=batch.retracted_at, retracted_by=actor)
    decided = batch.decisions.filter(retracted_at=None).exclude(decision=Decision.NONE)
    count += decided.update(taken_back=F("decision"), decision=Decision.NONE)
    fields |= bring_back(
        [product.pk for product in products], Q(retraction_batch__retracted_at__isnull=False)
    )
    project(products, fields, told=True)
    _audit("batch.retract", batch, actor, count, kept)
    return Undone(count, kept)


@transaction.atomic
def batch_restore(*, batch: Batch, actor: Any) -> Undone:
    """Do again what a batch did before it was undone.

    What people took back one by one stays taken back, and what a machine has said since counts.
    Raises ValidationError when it is not undone, and for a product that went back to a version: its
    texts, variants and photos are no rows.
    """
    if batch.went_back_to_id is not None:
        raise conflict("", "Go back to the version again, on the page of the product's versions.")
    rows = batch_rows(batch)
    products = _hold(batch, rows)
    if batch.retracted_at is None:
        raise conflict("", "This is not undone.")
    fields = set(rows.order_by().values_list("field", flat=True).distinct())
    undecided = batch.decisions.filter(retracted_at=None, decision=Decision.NONE)
    again = undecided.exclude(taken_back=Decision.NONE)
    redone = list(again.values_list("pk", flat=True))
    back = _not_outdone(batch.entries.filter(retracted_at=batch.retracted_at), products)
    redone += back
    count = again.update(decision=F("taken_back"), taken_back=Decision.NONE)
    for some in chunks(back):
        stand = LedgerEntry.objects.filter(pk__in=some)
        count += stand.update(retracted_at=None, retracted_by=None)
    # What it had replaced, and what stood again while it was undone.
    replaced = batch.retractions.filter(
        retracted_at=None, decision=Decision.NONE, source__in=MACHINE_SOURCES
    )
    fields |= set(replaced.order_by().values_list("field", flat=True).distinct())
    replaced.update(retracted_at=timezone.now())
    changed = [row for row in decided_columns(rows) if row.pk in set(redone)]
    kept = columns_swap(entries=changed, now=BEFORE, then=AFTER, actor=actor)
    batch.retracted_at, batch.retracted_by = None, None
    batch.save(update_fields=["retracted_at", "retracted_by"])
    project(products, fields, told=True)
    _audit("batch.restore", batch, actor, count, kept)
    return Undone(count, kept)


def _hold(batch: Batch, rows: QuerySet[LedgerEntry]) -> list:
    """The products that a batch touched, and then the batch, held until the transaction ends.

    Raises ValidationError when more were touched before the batch was held.
    """
    ids = _touched(batch, rows)
    products = lock_products(ids)
    tell_points(ids)
    lock_row(batch)
    batch.refresh_from_db(fields=["retracted_at", "retracted_by"])
    if _touched(batch, rows) - ids:
        raise conflict("", "This is just being written. Try again in a moment.")
    return products


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


def _audit(action: str, batch: Batch, actor: Any, count: int, kept: int) -> None:
    audit(
        actor=actor,
        action=action,
        target=batch,
        catalog=batch.catalog,
        summary=batch.label,
        data={"values": count, "kept": kept},
    )
