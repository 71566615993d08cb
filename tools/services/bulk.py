"""Tools run over many products: begun, and begun anew for those that failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from catalog.models import Batch, Catalog, Job
from catalog.services.batches import batch_start
from catalog.services.bulk import bulk_queue
from catalog.services.errors import conflict
from prodintel.lib.work import WorkState
from prodintel.llm.gateway import gateway
from tools.bulk.act import ACT, BATCH, OPTIONS, TOOL, WRITER
from tools.kinds.base import Tool
from tools.models import RESUMABLE, ToolRun, Writer
from tools.options import checked_options
from tools.services.runs import run_resume

NONE_CHOSEN = "Choose at least one product."


@transaction.atomic
def tool_runs_start(
    *,
    catalog: Catalog,
    tool: Tool,
    options: Mapping[str, Any],
    product_ids: Iterable[int],
    actor: Any,
) -> Job:
    """Have a tool run on each of these products, with the same options, in the background.

    What it suggests waits for review, as one batch. Raises ValidationError without products, for
    options that are not the tool's, and for those that name something of one product.
    """
    ids = list(dict.fromkeys(product_ids))
    if not ids:
        raise conflict("", NONE_CHOSEN)
    for name in sorted(tool.one_products & options.keys()):
        if options[name]:
            raise conflict(f"options.{name}", "This is of one product. Leave it out for many.")
    batch = batch_start(catalog=catalog, label=tool.title, actor=actor)
    return _queue(catalog, tool, checked_options(tool, options), ids, actor, batch)


@transaction.atomic
def tool_runs_retry(*, job: Job, tool: Tool, actor: Any) -> Job:
    """Go on with the runs of an ended job that failed or were stopped, by another job.

    What such a run had finished is not asked again. What comes of them is part of the first job's
    batch. Raises ValidationError when there is none, while the job goes on, and when what it
    suggested was undone.
    """
    if job.state != WorkState.DONE:
        raise conflict("", "Stop this first.")
    batch = Batch.objects.filter(pk=job.arguments[BATCH]).first()
    if batch is None or batch.retracted_at is not None:
        raise conflict("", "What this suggested was undone. Start the tool anew.")
    runs = unfinished_runs(job)
    if not runs:
        raise conflict("", "No run of this has failed.")
    assert job.catalog is not None
    ids = [run.product_id for run in runs]
    again = _queue(job.catalog, tool, job.arguments[OPTIONS], ids, actor, batch)
    ToolRun.objects.filter(pk__in=[run.pk for run in runs]).update(job=again)
    for run in runs:
        run_resume(run=run)
    return again


def unfinished_runs(job: Job) -> Sequence[ToolRun]:
    """The runs of a job that can be gone on with, of products that are there."""
    runs = ToolRun.objects.filter(job=job, state__in=RESUMABLE, product__deleted_at=None)
    return list(runs.defer("blocks", "evidence", "output").order_by("product_id", "pk"))


def _queue(
    catalog: Catalog,
    tool: Tool,
    options: Mapping[str, Any],
    ids: Sequence[int],
    actor: Any,
    batch: Batch,
) -> Job:
    arguments = {
        TOOL: tool.key,
        OPTIONS: dict(options),
        BATCH: batch.pk,
        # One that began with a model waits for it, rather than go on with drafts.
        WRITER: Writer.GROQ if gateway().is_configured() else Writer.DRAFT,
    }
    return bulk_queue(
        act=ACT,
        catalog=catalog,
        product_ids=ids,
        actor=actor,
        label=tool.title,
        arguments=arguments,
        step=1,
    )
