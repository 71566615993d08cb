"""Acts on cells: planned, looked at, done, undone; few at once, many by a job in steps."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog import selectors
from catalog.grid.columns import Level
from catalog.grid.operations import Act as What
from catalog.grid.operations import CellText, Operation
from catalog.grid.planning import added, plan_some
from catalog.grid.sheet import Sheet, same
from catalog.grid.writing import DONE, LEFT, undo_some, write_some
from catalog.models import AuditEvent, Catalog, GridChange, GridColumns, GridEdit, Job
from catalog.models.job import GRID_EDIT, GRID_PLAN, GRID_UNDO
from catalog.services.audit import audit
from catalog.services.batches import batch_start
from catalog.services.bulk import Act, Asked, Started, bulk_start
from catalog.services.errors import conflict
from catalog.services.locks import lock_row
from prodintel.lib.work import WorkState

EDITED = "grid.edit"
# So many cells are written straight from the page that shows them.
MOST_AT_ONCE = 500
# A plan that nobody carried out is forgotten after this time.
KEEP_PLANS = timedelta(days=1)
RESULT = ("changed", "left", "refused", "products")


@dataclass(frozen=True)
class Planned:
    """A plan, and the job that still makes it where that takes a while."""

    edit: GridEdit
    job: Job | None = None


@dataclass(frozen=True)
class Written:
    """What became of one cell: "saved", "same", "conflict" (`text` is what somebody else wrote) or
    "refused" (with why). `text` is what the cell shows now.
    """

    row: str
    column: str
    state: str
    text: str
    message: str = ""


@transaction.atomic
def grid_plan(
    *,
    catalog: Catalog,
    operation: Operation,
    actor: Any,
    label: str,
    product_ids: Iterable[int] | None = None,
) -> Planned:
    """Find what an operation would change, of the products whose rows it names or of these.

    Writes nothing but the plan: up to 500 products at once, more by a job. Raises ValidationError
    for an operation that cannot be done.
    """
    operation.checked()
    if product_ids is None and not operation.named_rows:
        raise conflict("rows", "Choose at least one row, or all that match.")
    edit = GridEdit.objects.create(
        catalog=catalog, created_by=actor, label=label[:200], asked=operation.as_json()
    )
    ids = operation.product_ids() if product_ids is None else product_ids
    started = bulk_start(
        act=PLAN_ACT,
        catalog=catalog,
        product_ids=ids,
        actor=actor,
        label=f"Look what would change: {label}",
        arguments={"edit": edit.pk},
    )
    _has_job(edit, started)
    edit.refresh_from_db()
    return Planned(edit, started.job)


@transaction.atomic
def grid_apply(*, edit: GridEdit, actor: Any) -> Started:
    """Do what was planned, as a person. Cells that changed since the plan was made are left alone.

    The result counts the cells `changed`, `left` and `refused`, and the `products` that changed, with
    the `event` by which it is undone, None where nothing changed. Raises ValidationError while it is
    being planned, and when it was done already.
    """
    lock_row(edit)
    edit.refresh_from_db()
    if edit.planned_at is None:
        raise conflict("", "What this would change is still being found out.")
    if edit.applied_at is not None:
        raise conflict("", "This was done already.")
    edit.applied_at = timezone.now()
    edit.job = None
    if _has_attributes(edit) and edit.counts["products"] > 1:
        edit.batch = batch_start(catalog=edit.catalog, label=edit.label, actor=actor)
    edit.save(update_fields=["applied_at", "batch", "job"])
    ids = edit.changes.exclude(cells=[]).values_list("product_id", flat=True)
    started = bulk_start(
        act=EDIT_ACT,
        catalog=edit.catalog,
        product_ids=ids,
        actor=actor,
        label=edit.label,
        arguments={"edit": edit.pk},
    )
    _has_job(edit, started)
    return started


@transaction.atomic
def grid_undo(*, edit: GridEdit, actor: Any) -> Started:
    """Take back what an edit did, as far as it came.

    Columns hold what they held and attributes say what they said, with whose word that was; what
    somebody changed since stays as it is, and is counted as `left`. Raises ValidationError when it
    is undone already, or is still going on.
    """
    lock_row(edit)
    edit.refresh_from_db()
    if edit.applied_at is None:
        raise conflict("", "This was not done yet.")
    if edit.undone_at is not None or _goes_on(edit, GRID_UNDO):
        raise conflict("", "This was undone already.")
    if _goes_on(edit, GRID_EDIT):
        raise conflict("", "This is still being done. Stop it first.")
    ids = edit.changes.exclude(outcomes=[]).values_list("product_id", flat=True)
    started = bulk_start(
        act=UNDO_ACT,
        catalog=edit.catalog,
        product_ids=ids,
        actor=actor,
        label=f"Undo: {edit.label}",
        arguments={"edit": edit.pk},
    )
    _has_job(edit, started)
    return started


@transaction.atomic
def grid_write(
    *, catalog: Catalog, cells: Collection[CellText], actor: Any, label: str
) -> tuple[GridEdit | None, list[Written]]:
    """Write cells at once, each unless it shows something else now than its `before`.

    Returns the edit by which that is undone, None where nothing changed, and what became of each
    cell. Raises ValidationError for more than 500 cells, and for none.
    """
    operation = Operation(What.CELLS, cells=tuple(cells)).checked()
    if len(cells) > MOST_AT_ONCE:
        raise conflict("cells", f"Write at most {MOST_AT_ONCE} cells at once; plan more.")
    edit = grid_plan(catalog=catalog, operation=operation, actor=actor, label=label).edit
    outcomes = _conflicts(edit, cells)
    if edit.changes.exclude(cells=[]).exists():
        grid_apply(edit=edit, actor=actor)
    answers = _written(Sheet(catalog), edit, operation, outcomes)
    if any(each.state == "saved" for each in answers):
        return edit, answers
    edit.delete()
    return None, answers


def _conflicts(edit: GridEdit, cells: Iterable[CellText]) -> dict[tuple[str, str], str]:
    """Take out of the plan what shows something else than its writer saw; returns what it shows."""
    seen = {(cell.row, cell.column): cell.before for cell in cells if cell.before is not None}
    found: dict[tuple[str, str], str] = {}
    for change in edit.changes.all():
        kept = []
        for cell in change.cells:
            place = _place(change, cell)
            if place in seen and not same(seen[place], cell["before"]):
                found[place] = cell["before"]
            else:
                kept.append(cell)
        if len(kept) < len(change.cells):
            change.cells = kept
            change.save(update_fields=["cells"])
    return found


def _written(
    sheet: Sheet, edit: GridEdit, operation: Operation, conflicts: dict[tuple[str, str], str]
) -> list[Written]:
    outcomes: dict[tuple[str, str], tuple[str, str, str]] = {}
    for change in edit.changes.all():
        for cell, outcome in zip(change.cells, change.outcomes, strict=False):
            state = {DONE: "saved", LEFT: "conflict"}.get(outcome, "refused")
            shown = cell["after"] if outcome == DONE else cell["before"]
            message = outcome if state == "refused" else ""
            outcomes[_place(change, cell)] = (state, shown, message)
        for cell in change.refused:
            outcomes[_place(change, cell)] = ("refused", cell["text"], cell["message"])
    answers = []
    for cell in operation.cells:
        place = (cell.row, cell.column)
        if place in conflicts:
            answer = Written(*place, "conflict", conflicts[place], "Somebody changed it meanwhile.")
        elif place in outcomes:
            answer = Written(*place, *outcomes[place])
        else:
            answer = _unchanged(sheet, edit, cell)
        answers.append(answer)
    return answers


def _unchanged(sheet: Sheet, edit: GridEdit, cell: CellText) -> Written:
    """A cell that the plan does not speak of: it says so already, or its row is gone."""
    ids = Operation(What.CELLS, cells=(cell,)).product_ids()
    if selectors.products_in(edit.catalog).filter(pk__in=ids).exists():
        column = sheet.column(cell.column)
        text = sheet.parse(column, cell.text)[1] if column else cell.text
        return Written(cell.row, cell.column, "same", text)
    message = "This row is not there any more. Reload the page."
    return Written(cell.row, cell.column, "refused", cell.text, message)


def _place(change: GridChange, cell: dict[str, Any]) -> tuple[str, str]:
    row = f"{change.product_id}-{cell['variant']}" if cell["variant"] else str(change.product_id)
    return row, cell["column"]


@transaction.atomic
def grid_columns_choose(*, catalog: Catalog, user: Any, keys: Iterable[str]) -> GridColumns:
    """Keep which columns somebody looks at, in this order; those that there are."""
    known = [column.key for column in Sheet(catalog).known(keys)]
    row, _ = GridColumns.objects.update_or_create(
        catalog=catalog, user=user, defaults={"columns": known}
    )
    return row


def grid_plans_purge() -> int:
    """Remove plans that nobody carried out within a day; returns how many."""
    old = GridEdit.objects.filter(applied_at=None, created_at__lt=timezone.now() - KEEP_PLANS)
    ids = list(old.values_list("pk", flat=True)[:100])
    GridEdit.objects.filter(pk__in=ids).delete()
    return len(ids)


def grid_edit_of(batch_id: int) -> GridEdit | None:
    """The edit that wrote a batch."""
    return GridEdit.objects.filter(batch=batch_id).select_related("catalog").first()


def is_grid_undone(event: int, catalog: int | None) -> bool:
    """Whether the edit of an event was undone, or is just being."""
    row = AuditEvent.objects.filter(pk=event, catalog=catalog, action=EDITED).first()
    edit = GridEdit.objects.filter(pk=row.data["edit"]).first() if row else None
    return edit is None or edit.undone_at is not None or _goes_on(edit, GRID_UNDO)


def grid_undo_event(*, event: AuditEvent, actor: Any) -> Started:
    """`grid_undo` of the edit that an event tells of."""
    edit = GridEdit.objects.filter(pk=event.data["edit"]).first()
    if edit is None:
        raise conflict("", "What this did is not kept any more.")
    return grid_undo(edit=edit, actor=actor)


def _has_job(edit: GridEdit, started: Started) -> None:
    if started.job is not None:
        edit.job = started.job
        edit.save(update_fields=["job"])


def _has_attributes(edit: GridEdit) -> bool:
    operation = Operation.of_json(edit.asked)
    prefix = f"{Level.ATTRIBUTE}."
    return any(key.startswith(prefix) for key in operation.used_columns)


def _goes_on(edit: GridEdit, kind: str) -> bool:
    jobs = Job.objects.filter(kind=kind, catalog=edit.catalog_id, arguments__edit=edit.pk)
    return jobs.exclude(state=WorkState.DONE).exists()


def _edit(asked: Asked) -> GridEdit:
    return GridEdit.objects.select_related("batch").get(pk=asked.arguments["edit"])


def _may(asked: Asked) -> bool:
    return selectors.may(asked.actor, asked.catalog, selectors.EDIT)


def _plan_step(asked: Asked, ids: list[int]) -> dict[str, Any]:
    edit = _edit(asked)
    return plan_some(edit, Operation.of_json(edit.asked), Sheet(asked.catalog), ids)


def _plan_end(asked: Asked, did: list[dict[str, Any]], left: list[int]) -> dict[str, Any]:
    edit = _edit(asked)
    edit.counts, edit.planned_at = {**added(did), "unread": len(left)}, timezone.now()
    edit.save(update_fields=["counts", "planned_at"])
    return dict(edit.counts)


def _edit_step(asked: Asked, ids: list[int]) -> dict[str, Any]:
    return write_some(_edit(asked), Sheet(asked.catalog), ids, asked.actor)


def _edit_end(asked: Asked, did: list[dict[str, Any]], left: list[int]) -> dict[str, Any]:
    """With the event by which it is undone."""
    edit, result = _edit(asked), added(did, RESULT)
    if edit.batch is not None and not edit.batch.entries.exists():
        edit.batch.delete()
    event = None
    if result["changed"]:
        event = audit(
            actor=asked.actor,
            action=EDITED,
            target=asked.catalog,
            catalog=asked.catalog,
            summary=f"{edit.label}: {result['changed']}",
            data={"edit": edit.pk, **result},
        )
    edit.counts = {**edit.counts, "did": {**result, "unread": len(left)}}
    edit.save(update_fields=["counts"])
    return {**result, "unread": len(left), "event": event.pk if event else None}


def _undo_step(asked: Asked, ids: list[int]) -> dict[str, Any]:
    return undo_some(_edit(asked), Sheet(asked.catalog), ids, asked.actor)


def _undo_end(asked: Asked, did: list[dict[str, Any]], left: list[int]) -> dict[str, Any]:
    edit, result = _edit(asked), added(did, RESULT)
    if not left:
        edit.undone_at = timezone.now()
        edit.save(update_fields=["undone_at"])
        if edit.batch is not None:
            edit.batch.retracted_at, edit.batch.retracted_by = edit.undone_at, asked.actor
            edit.batch.save(update_fields=["retracted_at", "retracted_by"])
    audit(
        actor=asked.actor,
        action="grid.undo",
        target=asked.catalog,
        catalog=asked.catalog,
        summary=edit.label,
        data={"edit": edit.pk, **result, "unread": len(left)},
    )
    # As the undo of a batch counts, for who undoes it as one.
    return {**result, "unread": len(left), "values": result["changed"], "kept": result["left"]}


# `edit`: the plan that is made, done or undone.
PLAN_ACT = Act(GRID_PLAN, _may, _plan_step, _plan_end)
EDIT_ACT = Act(GRID_EDIT, _may, _edit_step, _edit_end)
UNDO_ACT = Act(GRID_UNDO, _may, _undo_step, _undo_end)
