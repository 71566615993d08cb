"""Describing many products by the vision model because a person asked, tried on some first or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from catalog import selectors
from catalog.describe.fields import chosen_of
from catalog.describe.selection import spread
from catalog.ingest import wake
from catalog.models import (
    Batch,
    Catalog,
    DescribeRun,
    DescribeRunState,
    DescribeTask,
    Job,
    Product,
    TrialResult,
    VisionTask,
)
from catalog.models.job import QUEUE
from catalog.models.outbox import CHUNK
from catalog.services.audit import audit
from catalog.services.bulk import AT_ONCE, Act, Asked, bulk_start, bulk_stop
from catalog.services.describe_requests import request_audit, vision_queue, vision_requested
from catalog.services.errors import conflict
from catalog.services.locks import lock_product_ids, lock_row
from catalog.services.projection import lock_products
from catalog.services.vision_answers import trial_apply
from prodintel.lib.work import WorkQuerySet, WorkState

TRIAL_SIZE = 50
OPEN = (WorkState.PENDING, WorkState.FAILED)
_MOVED_ON = "Somebody else has decided on this meanwhile: look at it again."


@transaction.atomic
def describe_run_start(
    *,
    catalog: Catalog,
    product_ids: Sequence[int],
    actor: Any,
    trial: bool = False,
    forced: bool = False,
    fields: Iterable[str] = (),
    estimate: dict[str, Any] | None = None,
) -> DescribeRun:
    """Queue products for the vision model; what it says goes into one batch.

    `trial`: at most 50 of them, spread over all, whose answers wait for somebody to accept them
    before anything else is asked. `forced`: also those that are as they were when they were last
    described. `fields`: asked about these alone, and nothing else is touched. Raises ValidationError
    when there is nothing to describe, or no such field.
    """
    chosen_fields = chosen_of(fields)
    ids = list(dict.fromkeys(product_ids))
    if not ids:
        raise conflict("", "There is nothing to describe here: choose products that have photos.")
    first = spread(ids, TRIAL_SIZE) if trial else ids
    chosen = set(first)
    run = DescribeRun.objects.create(
        catalog=catalog,
        label=f"Describe {_label(len(ids), chosen_fields)}",
        state=DescribeRunState.TRIAL if trial else DescribeRunState.RUNNING,
        product_ids=[pk for pk in ids if pk not in chosen],
        product_count=len(ids),
        forced=forced,
        fields=chosen_fields,
        estimate=estimate or {},
        batch=None if trial else _batch(catalog, len(ids), actor, chosen_fields),
        created_by=actor,
    )
    if trial:
        _hold_back(run, first)
        products = [Product(pk=pk) for pk in first]
        vision_requested(products=products, actor=actor, run=run, forced=forced, trial=True)
    else:
        _queue(run, first, actor)
    return run


def _hold_back(run: DescribeRun, first: Sequence[int]) -> None:
    """Let products of a trial wait for the decision that of themselves would not, all but the
    `first`; both are held.
    """
    waiting = VisionTask.objects.filter(run=None, state=WorkState.PENDING)
    known = set(waiting.filter(product__catalog=run.catalog_id).values_list("product", flat=True))
    others = sorted(known.intersection(run.product_ids))
    lock_product_ids([*others, *first])
    _withdrawn(waiting, others)


def _queue(run: DescribeRun, product_ids: Sequence[int], actor: Any) -> None:
    """Queue products of a run that goes on; many by a job."""
    bulk_start(
        act=QUEUE_ACT,
        catalog=run.catalog,
        product_ids=product_ids,
        actor=actor,
        label="Queue for describing",
        arguments={"run": run.pk},
    )


@transaction.atomic
def describe_run_accept_trial(*, run: DescribeRun, actor: Any, rest: bool = True) -> int:
    """Write the answers of a trial as they were given, and queue the `rest` of the products.

    Nothing is asked again of what was answered. Without the rest, the run ends with the trial.
    Returns how many products' answers were written. Raises ValidationError when the run is no trial
    any more, or when an answer to it is just being given.
    """
    _hold(run, DescribeRunState.TRIAL)
    answered = list(TrialResult.objects.filter(run=run).values_list("product_id", flat=True))
    lock_products([*answered, *_queued_at_once(run)])
    open_tasks = VisionTask.objects.filter(run=run, trial=True)
    if rest:
        open_tasks.filter(state__in=OPEN).update(trial=False)
    left_out = [] if rest else [*_withdrawn(open_tasks), *run.product_ids]
    # What runs now would answer to a trial that nobody decides on any more.
    if VisionTask.objects.filter(run=run, trial=True, state=WorkState.RUNNING).exists():
        raise conflict("", "An answer is on its way. Try again in a few seconds.")
    count = run.product_count - len(left_out)
    run.batch = _batch(run.catalog, count, actor, run.fields)
    run.state = DescribeRunState.RUNNING if rest else DescribeRunState.STOPPED
    queued, run.product_ids = run.product_ids, left_out
    run.save(update_fields=["batch", "state", "product_ids"])
    written = trial_apply(run=run, actor=actor)
    if rest and queued:
        _queue(run, queued, actor)
    _audit(run, "describe.accept", actor, summary=f"{written} of a trial kept")
    wake.on_commit(wake.VISION)
    return written


@transaction.atomic
def describe_run_discard(*, run: DescribeRun, actor: Any) -> None:
    """Drop what a trial said; nothing was written of it and nothing more is asked.

    `describe_run_reopen` brings it back. Raises ValidationError when the run is no trial any more.
    """
    _hold(run, DescribeRunState.TRIAL)
    run.product_ids = [*_withdrawn(VisionTask.objects.filter(run=run)), *run.product_ids]
    run.state = DescribeRunState.DISCARDED
    run.save(update_fields=["state", "product_ids"])
    _audit(run, "describe.discard", actor)


@transaction.atomic
def describe_run_stop(*, run: DescribeRun, actor: Any) -> int:
    """Ask nothing more for this run; what was said stays. Returns how many products are left out.

    What is being asked at this moment is still written. `describe_run_reopen` goes on with it.
    Raises ValidationError when the run does not run.
    """
    queueing = queueing_jobs([run]).first()
    if queueing is not None:
        bulk_stop(act=QUEUE_ACT, job=queueing, actor=actor)
        run.refresh_from_db()
    if queueing is None or run.state == DescribeRunState.RUNNING:
        _stop(run, actor)
        if queueing_jobs([run]).exists():
            # Begun while the run was waited for: it would go on queueing.
            raise conflict("", _MOVED_ON)
    return len(run.product_ids)


def _stop(run: DescribeRun, actor: Any, unqueued: Sequence[int] = ()) -> None:
    _hold(run, DescribeRunState.RUNNING)
    run.product_ids = [*_withdrawn(VisionTask.objects.filter(run=run)), *unqueued]
    run.state = DescribeRunState.STOPPED
    run.save(update_fields=["state", "product_ids"])
    _audit(run, "describe.stop", actor, summary=f"{_count(len(run.product_ids))} left out")


def queueing_jobs(runs: Iterable[DescribeRun]) -> QuerySet[Job]:
    """The jobs that still queue products of these runs."""
    jobs: QuerySet[Job] = Job.objects.filter(kind=QUEUE, arguments__run__in=[r.pk for r in runs])
    return jobs.exclude(state=WorkState.DONE)


@transaction.atomic
def describe_run_reopen(*, run: DescribeRun, actor: Any) -> None:
    """Undo a stop, or the discarding of a trial.

    Raises ValidationError when the run was neither, or what it wrote was undone: what is said now
    would be written nowhere.
    """
    _hold(run, DescribeRunState.STOPPED, DescribeRunState.DISCARDED)
    lock_products(_queued_at_once(run))
    if run.batch is not None:
        lock_row(run.batch)
        run.batch.refresh_from_db()
    if run.batch is not None and run.batch.retracted_at is not None:
        raise conflict(
            "", "What this run wrote was undone. Restore that first, or start another run."
        )
    if run.state == DescribeRunState.DISCARDED:
        run.state = DescribeRunState.TRIAL
        run.save(update_fields=["state"])
    else:
        queued, run.product_ids = run.product_ids, []
        run.state = DescribeRunState.RUNNING
        run.save(update_fields=["state", "product_ids"])
        if queued:
            _queue(run, queued, actor)
    _audit(run, "describe.reopen", actor)


@transaction.atomic
def zero_shot_request(*, catalog: Catalog, product_ids: Sequence[int], actor: Any) -> int:
    """Have zero-shot look at products again, which costs nothing; returns at how many."""
    count = DescribeTask.objects.filter(
        product__catalog=catalog, product__in=list(product_ids)
    ).redo()
    audit(
        actor=actor,
        action="describe.zero_shot",
        target=catalog,
        catalog=catalog,
        summary=_count(count),
    )
    wake.on_commit(wake.DESCRIBE)
    return count


@transaction.atomic
def vision_drop(*, task: VisionTask, actor: Any) -> bool:
    """Leave a product as it is whose describing failed; False when it failed no longer.

    It counts as never described, or as described when it was described earlier.
    """
    dropped = bool(_withdrawn(VisionTask.objects.filter(pk=task.pk, state=WorkState.FAILED)))
    if dropped:
        product = task.product
        audit(actor=actor, action="describe.drop", target=product, catalog=product.catalog)
    return dropped


def _hold(run: DescribeRun, *states: DescribeRunState) -> None:
    """Lock the run and see it as it is now. Raises ValidationError when it is in no such state."""
    lock_row(run)
    run.refresh_from_db()
    if run.state not in states:
        raise conflict("", _MOVED_ON)


def _withdrawn(tasks: WorkQuerySet, product_ids: Sequence[int] | None = None) -> list[int]:
    """Take back those of the tasks that wait or failed, of these products or of all; the products.

    Who was never described has no task then, as if nobody had asked; who was, is as before.
    """
    waiting = tasks.filter(state__in=OPEN)
    if product_ids is None:
        rows = waiting.select_for_update().order_by("pk")
        product_ids = list(rows.values_list("product_id", flat=True))
    for start in range(0, len(product_ids), CHUNK):
        # Asked anew: without locks (SQLite) somebody may have claimed one since.
        some = waiting.filter(product__in=product_ids[start : start + CHUNK])
        some.exclude(input_key="").withdraw()
        some.filter(input_key="").delete()
    return list(product_ids)


def _queued_at_once(run: DescribeRun) -> list[int]:
    """Products that are queued in the transaction that decides on it, and held before the rest."""
    return run.product_ids if len(run.product_ids) <= AT_ONCE else []


def _batch(catalog: Catalog, count: int, actor: Any, fields: Sequence[str]) -> Batch:
    label = f"Described {_label(count, fields)}"
    return Batch.objects.create(catalog=catalog, label=label, created_by=actor)


def _label(count: int, fields: Sequence[str]) -> str:
    """What of how many: "12 products", "1 product: 3 fields"."""
    only = f"{len(fields)} field{'s' * (len(fields) != 1)}"
    return f"{_count(count)}: {only}" if fields else _count(count)


def _count(number: int) -> str:
    return "1 product" if number == 1 else f"{number:,} products"


def _audit(run: DescribeRun, action: str, actor: Any, summary: str = "") -> None:
    audit(
        actor=actor,
        action=action,
        target=run,
        catalog=run.catalog,
        summary=summary or run.label,
    )


def _run(asked: Asked) -> DescribeRun:
    return DescribeRun.objects.select_related("catalog").get(pk=asked.arguments["run"])


def _step_of_queueing(asked: Asked, ids: list[int]) -> dict[str, Any]:
    run = _run(asked)
    return {"queued": vision_queue(product_ids=ids, actor=asked.actor, run=run, forced=run.forced)}


def _end_of_queueing(asked: Asked, did: list[dict[str, Any]], left: list[int]) -> dict[str, Any]:
    """Who stops the queueing stops the run."""
    run, count = _run(asked), sum(step["queued"] for step in did)
    request_audit(asked.catalog, asked.actor, count, run=run, forced=run.forced)
    if left:
        _stop(run, asked.actor, left)
    return {"changed": count, "left": len(left), "run": run.pk}


def _may_queue(asked: Asked) -> bool:
    return selectors.may(asked.actor, asked.catalog)


# `run`: the run whose products are queued.
QUEUE_ACT = Act(QUEUE, _may_queue, _step_of_queueing, _end_of_queueing)
