"""Jobs for imports. In the caller's transaction."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from catalog.importing.progress import PACE
from catalog.ingest import wake
from catalog.models import Import, ImportState, Job
from catalog.models.job import IMPORT_RUN
from catalog.services.audit import audit
from catalog.services.batches import batch_start
from catalog.services.bulk import LABEL
from prodintel.lib.work import WorkState


def job_queue(
    *,
    source: Import,
    kind: str,
    state: str,
    label: str,
    actor: Any,
    total: int = 0,
    **arguments: Any,
) -> None:
    """Have a job bring the import on; its row says so."""
    job_end(source)
    source.job = Job.objects.create(
        kind=kind,
        catalog=source.catalog,
        created_by=actor,
        arguments={"import": source.pk, LABEL: f"{label} {source.name}"[:200], **arguments},
        progress_total=total,
    )
    source.state, source.error, source.finished_at = state, "", None
    source.counts = {name: each for name, each in source.counts.items() if name != PACE}
    source.save(update_fields=["job", "state", "error", "finished_at", "counts", "batch"])
    wake.on_commit(wake.IMPORTS)


def job_end(source: Import) -> None:
    """Whoever does something with the import now finds that it is over."""
    if source.job_id is not None:
        Job.objects.filter(pk=source.job_id).exclude(state=WorkState.DONE).end()


def run_begin(*, source: Import, actor: Any) -> None:
    """Have what is planned written, as one act that can be undone."""
    if source.batch is None:
        source.batch = batch_start(
            catalog=source.catalog, label=f"Import of {source.name}", actor=actor
        )
        source.started_at = timezone.now()
        source.save(update_fields=["started_at"])
    job_queue(
        source=source, kind=IMPORT_RUN, state=ImportState.RUNNING, label="Import", actor=actor
    )
    audit(
        actor=actor,
        action="import.start",
        target=source,
        catalog=source.catalog,
        summary=source.name,
    )
