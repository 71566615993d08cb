"""The products of an import written, some in each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction

from catalog import selectors
from catalog.importing.planning import Planner
from catalog.importing.plans import Plan
from catalog.importing.staging import problems_note
from catalog.importing.writing import Writer
from catalog.interchange.records import Problem
from catalog.models import Import, ImportItem, ItemState
from catalog.services.errors import unique_handled
from catalog.services.projection import lock_products

# So many hold SQLite's one writer up for a quarter of a second.
STEP = 50
WAITING = (ItemState.CREATE, ItemState.UPDATE)
REFUSED_BY_DATABASE = "The database does not take this: {}"


def actor_of(source: Import) -> Any:
    """Who had the import begin what it is doing; before that, who brought it."""
    return source.job.created_by if source.job is not None else source.created_by


def planner_of(source: Import) -> Planner:
    """Plans for the import as who it is done for may do it."""
    may_approve = selectors.may(actor_of(source), source.catalog, selectors.REVIEW)
    return Planner(source, may_approve=may_approve)


def apply_some(source: Import) -> int:
    """Write the next products, in the caller's transaction; returns how many were looked at.

    What a row is refused for holds no other up.
    """
    items = _next(source)
    if not items:
        return 0
    try:
        with unique_handled(), transaction.atomic():
            _apply(source, items)
    except (ValidationError, IntegrityError, DataError):
        for item in items:
            _apply_alone(source, item)
    return len(items)


def _next(source: Import) -> list[ImportItem]:
    """The next items to be written, in the order of the file."""
    # Each state by itself: the index has them in order, and asked for both all would be sorted.
    some = [
        item
        for state in WAITING
        for item in source.items.filter(state=state).order_by("number")[:STEP]
    ]
    return sorted(some, key=lambda item: item.number)[:STEP]


def _apply(source: Import, items: Sequence[ImportItem]) -> None:
    planner = planner_of(source)
    # Held before anything of them is read that is written: who was quicker is seen.
    lock_products(planner.meant(items))
    plans = planner.plans(items)
    Writer(source, actor_of(source)).write(plans, planner.definitions)
    problems_note(source, [(plan.item, each) for plan in plans for each in _refusals(plan)])


def _refusals(plan: Plan) -> list[Problem]:
    """What kept an item out that the preview had let in."""
    return [each for each in plan.problems if each.severity == "error"] if plan.is_refused else []


def _apply_alone(source: Import, item: ImportItem) -> None:
    try:
        with unique_handled(), transaction.atomic():
            _apply(source, [ImportItem.objects.get(pk=item.pk)])
    except (ValidationError, IntegrityError, DataError) as error:
        _refuse(source, item, error)


def _refuse(source: Import, item: ImportItem, error: Any) -> None:
    if isinstance(error, ValidationError):
        message = " ".join(error.messages)
    else:
        message = REFUSED_BY_DATABASE.format(str(error).splitlines()[0])
    ImportItem.objects.filter(pk=item.pk).update(state=ItemState.REFUSED)
    rows = item.record.get("rows") or [0]
    problems_note(source, [(item, Problem(rows[0], "", message))])
