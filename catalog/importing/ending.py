"""How a stage of an import ends: what its row says then, and who is told. In the caller's transaction."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from catalog.importing.applying import actor_of
from catalog.importing.previewing import counts_of
from catalog.importing.queueing import run_begin
from catalog.models import Import, ImportState, ItemState
from catalog.publishing.addresses import absolute
from catalog.services.audit import audit
from catalog.webhooks.events import IMPORT_DONE
from catalog.webhooks.services import event_record

EVERYTHING_REFUSED = "Nothing of this file can be imported: every row is refused."


def import_failed(*, source: Import, why: str) -> None:
    """The file could not be read."""
    Import.objects.filter(pk=source.pk, state=ImportState.READING).update(
        state=ImportState.FAILED, error=why, finished_at=timezone.now()
    )


def import_ready(*, source: Import, start: bool) -> None:
    """The plan is made; where it was asked for, it is carried out, if there is anything to do."""
    source.state = ImportState.READY
    source.error = ""
    work = source.counts["create"] + source.counts["update"] + source.counts["unchanged"]
    if start and not work:
        source.error = EVERYTHING_REFUSED
    source.save(update_fields=["state", "counts", "error"])
    if start and work:
        run_begin(source=source, actor=actor_of(source))


def import_broken_off(*, source: Import, why: str) -> None:
    """It may not go on. What was written stays, and can be undone."""
    was_reading = source.state == ImportState.READING
    source.state = ImportState.FAILED if was_reading else ImportState.STOPPED
    source.error = why
    _end(source, "import.stop", None)
    _tell(source)


def import_stopped(*, source: Import, actor: Any) -> None:
    """A person stopped it."""
    source.state = ImportState.STOPPED
    source.error = f"Stopped by {actor}."
    _end(source, "import.stop", actor)
    _tell(source)


def import_done(*, source: Import) -> None:
    """All of it is in the catalogue."""
    source.state = ImportState.DONE
    source.error = ""
    _end(source, "import.done", actor_of(source))
    _tell(source)


def _end(source: Import, action: str, actor: Any) -> None:
    source.finished_at = timezone.now()
    source.counts = {**source.counts, **done_counts(source)}
    source.save(update_fields=["state", "error", "finished_at", "counts"])
    audit(
        actor=actor,
        action=action,
        target=source,
        catalog=source.catalog,
        summary=source.name,
        data={name: source.counts.get(name, 0) for name in ("created", "updated", "refused")},
    )


def _tell(source: Import) -> None:
    """Tell webhooks that want to know how the import ended."""
    names = ("created", "updated", "unchanged", "refused", "skipped", "photos")
    event_record(
        catalog=source.catalog,
        event=IMPORT_DONE,
        payload={
            "import": source.pk,
            "name": source.name,
            "state": source.state,
            "counts": {name: source.counts.get(name, 0) for name in names},
            "url": absolute(source.get_absolute_url()),
        },
    )


def import_undone(*, source: Import, actor: Any) -> None:
    """All that could be was taken back."""
    now = timezone.now()
    batch = source.batch
    if batch is not None and batch.retracted_at is None:
        batch.retracted_at, batch.retracted_by = now, actor
        batch.save(update_fields=["retracted_at", "retracted_by"])
    source.state = ImportState.UNDONE
    source.error = ""
    _end(source, "import.undo", actor)


def done_counts(source: Import) -> dict[str, Any]:
    """What was done so far, beside what was planned, which stays as it was."""
    done = counts_of(source)
    states = (ItemState.CREATED, ItemState.UPDATED, ItemState.UNDONE, ItemState.KEPT)
    items = {str(state): done[state] for state in (*states, ItemState.REFUSED)}
    names = ("problems", "photos", "photo_states")
    return {**items, **{name: done[name] for name in names}}
