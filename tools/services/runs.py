"""Everything that is written of a run: begun, claimed, told of in events, ended, edited."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from catalog.models import Product
from catalog.publishing.addresses import absolute
from catalog.services.attribute_values import check_text
from catalog.services.errors import conflict
from catalog.webhooks.events import RUN_DONE
from catalog.webhooks.services import event_record
from prodintel.llm.spend import used_by
from tools.kinds.base import DONE
from tools.models import RESUMABLE, UNFINISHED, RunEvent, RunState, ToolRun
from tools.runs.course import STATE, Course, Step, storable
from tools.selectors import course_of

LEASE = timedelta(seconds=30)
MOST_EDITED = 20_000
INTERRUPTED = "The process that wrote this was ended. What it had written is kept."


@transaction.atomic
def run_create(
    *,
    product: Product,
    tool: str,
    options: Mapping[str, Any],
    actor: Any,
    prompt_version: str,
    follows: ToolRun | None = None,
    redone_from: ToolRun | None = None,
    job: Any = None,
) -> ToolRun:
    """A run that waits to be performed; whoever made it starts it (`tools.runs.start`).

    `options` have been validated. A run that nobody starts is interrupted when its lease ends.
    """
    return ToolRun.objects.create(
        catalog_id=product.catalog_id,
        product=product,
        tool=tool,
        options=dict(options),
        prompt_version=prompt_version,
        follows=follows,
        redone_from=redone_from,
        job=job,
        created_by=actor,
        leased_until=timezone.now() + LEASE,
    )


def run_claim(*, run_id: int, owner: str, writer: str) -> ToolRun | None:
    """The run, now this owner's; None when it is somebody else's, has ended or is gone."""
    now = timezone.now()
    waiting = ToolRun.objects.filter(pk=run_id, state=RunState.QUEUED, stop_asked_at=None)
    claimed = waiting.update(
        state=RunState.RUNNING,
        owner=owner,
        writer=writer,
        leased_until=now + LEASE,
        started_at=now,
    )
    if not claimed:
        return None
    runs = ToolRun.objects.select_related("catalog", "created_by")
    return runs.filter(pk=run_id, owner=owner).first()


def evidence_keep(*, run_id: int, owner: str, facts: Mapping[str, Any]) -> None:
    """What was computed from the catalogue, kept before any model is asked."""
    held = ToolRun.objects.filter(pk=run_id, owner=owner, state=RunState.RUNNING)
    held.update(evidence=storable(facts))


@transaction.atomic
def leases_renew(*, owner: str, run_ids: Collection[int]) -> None:
    """The runs go on being this owner's for a while, or waiting for their turn with it."""
    kept = Q(pk__in=_held(owner, run_ids)) | Q(pk__in=run_ids, state=RunState.QUEUED)
    ToolRun.objects.filter(kept).update(leased_until=timezone.now() + LEASE)


@transaction.atomic
def events_add(*, owner: str, events: Mapping[int, Sequence[Step]]) -> set[int]:
    """Write events of several runs; returns the ids of those that are no longer this owner's.

    What such a run's owner has to say is dropped: somebody has declared it interrupted. The same
    events may come again, from one who does not know whether they were written.
    """
    ours = _held(owner, events)
    RunEvent.objects.bulk_create(
        (
            RunEvent(run_id=run_id, number=step.number, kind=step.kind, data=step.data)
            for run_id, steps in events.items()
            if run_id in ours
            for step in steps
        ),
        # Written before, where the answer to that was lost on its way.
        ignore_conflicts=True,
    )
    return set(events) - ours


def _held(owner: str, run_ids: Iterable[int]) -> set[int]:
    """Those of the runs that are this owner's, locked in one order so that nobody waits in a ring."""
    rows = ToolRun.objects.filter(pk__in=run_ids, owner=owner, state=RunState.RUNNING)
    return set(rows.select_for_update().order_by("pk").values_list("pk", flat=True))


@dataclass(frozen=True)
class Ending:
    """How a run ended, and what there is to keep of it beside its events."""

    state: str
    error: str = ""
    error_code: str = ""
    output: Mapping[str, Any] | None = None
    model: str = ""
    first_token_ms: int | None = None


@transaction.atomic
def run_end(*, run_id: int, owner: str, ending: Ending) -> Course | None:
    """Write down how a run ended, with all its blocks. None if it is no longer this owner's."""
    run = ToolRun.objects.select_for_update().filter(pk=run_id, owner=owner).first()
    if run is None or run.state != RunState.RUNNING:
        return None
    return _end(run, ending)


def _end(run: ToolRun, ending: Ending) -> Course:
    """The course with its last event, all of it in the run's row. In the caller's transaction."""
    course = course_of(run)
    error = storable(ending.error)
    step = Step(course.number + 1, STATE, {"state": ending.state, "error": error})
    RunEvent.objects.create(run=run, number=step.number, kind=step.kind, data=step.data)
    course = course.after(step)
    _keep(run, course, ending)
    _tell(run)
    return course


def _tell(run: ToolRun) -> None:
    """Webhooks are told that a run has ended, whichever way."""
    event_record(
        catalog=run.catalog,
        event=RUN_DONE,
        payload={
            "run": run.pk,
            "tool": run.tool,
            "state": run.state,
            "product": run.product_id,
            "url": absolute(run.get_absolute_url()),
        },
    )


def _keep(run: ToolRun, course: Course, ending: Ending) -> None:
    used = used_by(ref_of(run.pk))
    now = timezone.now()
    run.state, run.error, run.error_code = course.state, course.error, ending.error_code
    run.blocks, run.last_event = list(course.blocks.values()), course.number
    if ending.output is not None:
        run.output = storable(ending.output)
    run.model = ending.model or run.model
    run.first_token_ms = ending.first_token_ms or run.first_token_ms
    run.prompt_tokens, run.completion_tokens = used.prompt_tokens, used.completion_tokens
    run.cost_usd = used.cost_usd
    run.ended_at, run.leased_until, run.owner = now, None, ""
    run.total_ms = (run.total_ms or 0) + _ms_since(run.started_at, now)
    run.save()


def _ms_since(started: datetime | None, now: datetime) -> int:
    return max(round((now - started).total_seconds() * 1000), 0) if started else 0


def ref_of(run_id: int) -> str:
    """Under which name the calls of a run are added up."""
    return f"run:{run_id}"


def run_stop(*, run: ToolRun) -> ToolRun:
    """Ask whoever performs the run to stop; one that nobody has begun is stopped at once."""
    now = timezone.now()
    with transaction.atomic():
        row = ToolRun.objects.select_for_update().get(pk=run.pk)
        if row.state == RunState.QUEUED:
            _end(row, Ending(RunState.STOPPED))
        elif row.state == RunState.RUNNING and row.stop_asked_at is None:
            row.stop_asked_at = now
            row.save(update_fields=["stop_asked_at"])
    return row


@transaction.atomic
def run_resume(*, run: ToolRun) -> ToolRun:
    """Have a run that failed, was stopped or interrupted go on with what it has not finished.

    What people made of texts that are written anew is gone with these. Raises ValidationError when there is nothing to go on with.
    """
    row = ToolRun.objects.select_for_update().get(pk=run.pk)
    if row.state not in RESUMABLE:
        raise conflict("state", "This run is under way or done: there is nothing to resume.")
    number = row.last_event + 1
    step = Step(number, STATE, {"state": RunState.QUEUED, "error": ""})
    RunEvent.objects.create(run=row, number=number, kind=step.kind, data=step.data)
    row.state, row.error, row.error_code, row.last_event = RunState.QUEUED, "", "", number
    row.stop_asked_at, row.started_at, row.ended_at, row.owner = None, None, None, ""
    finished = {block["id"] for block in row.blocks if block["state"] == DONE}
    row.edits = {block: places for block, places in row.edits.items() if block in finished}
    row.leased_until = timezone.now() + LEASE
    row.save()
    return row


def runs_interrupt(*, owner_prefix: str = "") -> list[int]:
    """End what nobody performs any more: runs whose lease has ended, and with a prefix those of
    owners that are known to be dead. Returns their ids.
    """
    unfinished = ToolRun.objects.filter(state__in=UNFINISHED)
    lost = Q(leased_until__lt=timezone.now()) | Q(leased_until=None)
    if owner_prefix:
        lost |= Q(state=RunState.RUNNING, owner__startswith=owner_prefix)
    ended = []
    for pk in list(unfinished.filter(lost).values_list("pk", flat=True)):
        with transaction.atomic():
            run = unfinished.filter(lost).select_for_update().filter(pk=pk).first()
            if run is not None:
                _end(run, Ending(RunState.INTERRUPTED, INTERRUPTED))
                ended.append(pk)
    return ended


@transaction.atomic
def run_edit(*, run: ToolRun, block: str, place: str, text: str | None) -> ToolRun:
    """Have a text of the result read otherwise; the original is kept, and comes back with None.

    `place` is the path to the text within the block's data, such as "text" or "headlines.2.text".
    Raises ValidationError for a place where no text is, and for one that is too long.
    """
    row = ToolRun.objects.select_for_update().get(pk=run.pk)
    if row.state in UNFINISHED:
        raise conflict("text", "This is still being written. Edit it when it is done.")
    original = text_at(row.blocks, block, place)
    if original is None:
        raise ValidationError({"text": "There is no such text in this run."})
    check_text("text", text)
    if text is not None and len(text) > MOST_EDITED:
        raise ValidationError({"text": f"Use at most {MOST_EDITED:,} characters."})
    places = dict(row.edits.get(block, {}))
    places.pop(place, None)
    if text not in (None, original):
        places[place] = text
    row.edits = {key: value for key, value in {**row.edits, block: places}.items() if value}
    row.save(update_fields=["edits"])
    return row


def text_at(blocks: Sequence[Mapping[str, Any]], block: str, place: str) -> str | None:
    """The text at this place of a block's data; None where there is none."""
    found: Any = next((one["data"] for one in blocks if one["id"] == block), None)
    for part in place.split("."):
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, list):
            found = next((one for n, one in enumerate(found) if str(n) == part), None)
        else:
            return None
    return found if isinstance(found, str) else None
