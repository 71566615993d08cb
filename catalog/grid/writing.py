"""Planned cells written through the services, as a person's, each unless somebody changed it since.

Many at once: signals and checks of single saves would take most of the time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.grid.columns import STATUS, Column, Level
from catalog.grid.lines import Line, lines_of
from catalog.grid.sheet import Sheet, same
from catalog.models import GridChange, GridEdit, LedgerEntry, Product, Source, Variant
from catalog.selectors import APPROVERS_ONLY, statuses_moved_from
from catalog.services.changed_many import Refusals, Row, Said, products_change
from catalog.services.products import product_update
from catalog.services.projection import lock_products, project, tell_points
from catalog.services.statuses import held_products_put_back, products_moved
from catalog.services.variants import variant_update

DONE, LEFT, UNDONE = "done", "left", "undone"
# Shown before and after; undoing goes the other way.
BEFORE, AFTER = "before", "after"


@dataclass(frozen=True)
class _Cell:
    """One cell of a change, by its place in it, with its column and the line it stands in."""

    change: GridChange
    place: int
    column: Column
    line: Line
    text: str

    @property
    def is_status(self) -> bool:
        return self.column.key == STATUS

    def became(self, outcome: str) -> None:
        self.change.outcomes[self.place] = outcome


def write_some(edit: GridEdit, sheet: Sheet, ids: Sequence[int], actor: Any) -> dict[str, int]:
    """Write what is planned for these products, in the caller's transaction; returns the counts of
    cells `changed`, `left` and `refused`, and of `products` that changed.

    What was tried before is not tried again.
    """
    held = _hold(sheet, ids)
    changes = list(edit.changes.filter(product__in=ids, outcomes=[]).order_by("product_id"))
    for change in changes:
        change.outcomes = [LEFT] * len(change.cells)
    cells = list(_still(sheet, changes, BEFORE, AFTER))
    _write(sheet, edit, held, [cell for cell in cells if not cell.is_status], actor, DONE)
    # Last, so that what is approved is what this act makes of it.
    _move(sheet, held, [cell for cell in cells if cell.is_status], actor)
    GridChange.objects.bulk_update(changes, ["outcomes", "cells"])
    return _result(changes, DONE)


def undo_some(edit: GridEdit, sheet: Sheet, ids: Sequence[int], actor: Any) -> dict[str, int]:
    """Take back what was written of these products, in the caller's transaction: columns hold what
    they held before, attributes say what they said, unless somebody changed them since. Counts as
    `write_some`.
    """
    held = _hold(sheet, ids)
    changes = list(edit.changes.filter(product__in=ids).exclude(outcomes=[]))
    changes = [change for change in changes if DONE in change.outcomes]
    columns = [
        cell
        for cell in _still(sheet, changes, AFTER, BEFORE, only=DONE)
        if cell.column.level != Level.ATTRIBUTE
    ]
    attributes = [
        cell
        for cell in _still(sheet, changes, AFTER, AFTER, only=DONE)
        if cell.column.level == Level.ATTRIBUTE
    ]
    _move_back(sheet, edit, held, [cell for cell in columns if cell.is_status], actor)
    _write(sheet, edit, held, [cell for cell in columns if not cell.is_status], actor, UNDONE)
    _retract(edit, held, actor)
    for cell in attributes:
        cell.became(UNDONE)
    result = _result(changes, UNDONE)
    result["left"] = sum(change.outcomes.count(DONE) for change in changes) + result["refused"]
    GridChange.objects.bulk_update(changes, ["outcomes"])
    return result


def _hold(sheet: Sheet, ids: Iterable[int]) -> dict[int, Product]:
    held = {product.pk: product for product in lock_products(ids) if product.deleted_at is None}
    for product in held.values():
        product.catalog = sheet.catalog
    # All points at once and in their order, before single services tell of some again.
    tell_points(held.keys())
    return held


def _still(
    sheet: Sheet, changes: Sequence[GridChange], now: str, then: str, only: str = ""
) -> Iterable[_Cell]:
    """The cells that still show one side of the plan, with the text of the other."""
    keys = dict.fromkeys(cell["column"] for change in changes for cell in change.cells)
    columns = sheet.known(keys)
    by_key = {column.key: column for column in columns}
    lines = lines_of(sheet, columns, [change.product_id for change in changes])
    for change in changes:
        rows = {line.variant: line for line in lines.get(change.product_id, ())}
        for place, cell in enumerate(change.cells):
            if only and change.outcomes[place] != only:
                continue
            column, line = by_key.get(cell["column"]), rows.get(cell["variant"])
            if column is None or line is None or column.key not in line.cells:
                continue
            if same(line.cells[column.key].text, cell[now]):
                yield _Cell(change, place, column, line, cell[then])


def _write(
    sheet: Sheet,
    edit: GridEdit,
    held: Mapping[int, Product],
    cells: Iterable[_Cell],
    actor: Any,
    outcome: str,
) -> None:
    """All at once; rows that the checks refuse are written one by one, to tell which cell it is."""
    there = [cell for cell in cells if cell.change.product_id in held]
    rows = _rows(sheet, held, [cell for cell in there if cell.column.level != Level.ATTRIBUTE])
    said = _said(sheet, held, [cell for cell in there if cell.column.level == Level.ATTRIBUTE])
    changes = {row: fields for row, some in rows.items() if (fields := _fields(sheet, some))}

    def write(changes: Mapping[Row, Mapping[str, Any]]) -> Refusals:
        return products_change(
            changes=changes,
            values=[value for _, value in said],
            actor=actor,
            batch=edit.batch,
            # What belongs to one act of a person is known by its batch, or by its moment.
            at=None if edit.batch else edit.applied_at,
            as_it_was=outcome == UNDONE,
        )

    try:
        with transaction.atomic():
            refusals = write(changes)
    except IntegrityError:
        # Somebody else has taken a SKU or a handle this very moment.
        refusals, changes = write({}), {}
    for place, (cell, _) in enumerate(said):
        error = refusals.values.get(place)
        cell.became(_reason(error) if error else outcome)
    for row, some in rows.items():
        if row in changes and row not in refusals.rows:
            for cell in some:
                cell.became(outcome)
        else:
            row.refresh_from_db()
            _write_row(sheet, row, some, actor, outcome)


def _rows(
    sheet: Sheet, held: Mapping[int, Product], cells: Iterable[_Cell]
) -> dict[Row, list[_Cell]]:
    """Cells of columns by the product, or the variant, that has them."""
    found: dict[tuple[int, int | None], list[_Cell]] = defaultdict(list)
    for cell in cells:
        sold = cell.line.sold if cell.column.level == Level.VARIANT else None
        found[cell.change.product_id, sold].append(cell)
    variants = Variant.objects.in_bulk([sold for _, sold in found if sold])
    for variant in variants.values():
        variant.product, variant.catalog = held[variant.product_id], sheet.catalog
    return {variants[sold] if sold else held[pk]: some for (pk, sold), some in found.items()}


def _fields(sheet: Sheet, cells: Iterable[_Cell]) -> dict[str, Any]:
    """What cells of one row say; nothing where one of them says what cannot be."""
    try:
        return {cell.column.name: sheet.parse(cell.column, cell.text)[0] for cell in cells}
    except ValidationError:
        return {}


def _said(
    sheet: Sheet, held: Mapping[int, Product], cells: Iterable[_Cell]
) -> list[tuple[_Cell, Said]]:
    """Cells of attributes with what they say; of others it is noted why that cannot be."""
    found = []
    for cell in cells:
        try:
            value = sheet.parse(cell.column, cell.text)[0]
        except ValidationError as error:
            cell.became(_reason(error))
            continue
        product, variant = held[cell.change.product_id], cell.line.variant
        said = Said(product, cell.column.name, value, variant, cell.column.locale)
        found.append((cell, said))
    return found


def _by_status(
    sheet: Sheet, held: Mapping[int, Product], cells: Iterable[_Cell]
) -> dict[str, list[_Cell]]:
    """Cells of the status, by the status that they are to have."""
    found: dict[str, list[_Cell]] = defaultdict(list)
    for cell in cells:
        if cell.change.product_id in held:
            found[sheet.parse(cell.column, cell.text)[0]].append(cell)
    return found


def _move(sheet: Sheet, held: Mapping[int, Product], cells: Iterable[_Cell], actor: Any) -> None:
    """Move products, each where the person may; a cell keeps which version approving made."""
    for status, some in _by_status(sheet, held, cells).items():
        allowed = statuses_moved_from(actor, sheet.catalog, status)
        fit = [cell for cell in some if held[cell.change.product_id].status in allowed]
        _, versions = products_moved([held[cell.change.product_id] for cell in fit], status, actor)
        made = {row.product_id: row.pk for row in versions}
        for cell in some:
            cell.became(DONE if cell in fit else APPROVERS_ONLY)
            cell.change.cells[cell.place]["version"] = made.get(cell.change.product_id)


def _move_back(
    sheet: Sheet,
    edit: GridEdit,
    held: Mapping[int, Product],
    cells: Iterable[_Cell],
    actor: Any,
) -> None:
    assert edit.applied_at is not None
    for status, some in _by_status(sheet, held, cells).items():
        by_status: dict[str, list[_Cell]] = defaultdict(list)
        for cell in some:
            by_status[held[cell.change.product_id].status].append(cell)
        for after, fit in by_status.items():
            if after not in statuses_moved_from(actor, sheet.catalog, status):
                continue
            made = [cell.change.cells[cell.place].get("version") for cell in fit]
            back = held_products_put_back(
                products={cell.change.product_id: held[cell.change.product_id] for cell in fit},
                before=status,
                after=after,
                versions=[pk for pk in made if pk],
                since=edit.applied_at,
                actor=actor,
            )
            for cell in fit:
                if cell.change.product_id in back:
                    cell.became(UNDONE)


def _write_row(sheet: Sheet, row: Row, cells: Sequence[_Cell], actor: Any, outcome: str) -> None:
    """All fields of a row at once; where that is refused, each by itself, so that one does no harm
    to the others.
    """

    def write(some: Sequence[_Cell]) -> None:
        said = {cell.column.name: sheet.parse(cell.column, cell.text)[0] for cell in some}
        if isinstance(row, Variant):
            variant_update(variant=row, actor=actor, as_it_was=outcome == UNDONE, **said)
        else:
            product_update(product=row, actor=actor, fields=said)

    if not _tried(partial(write, cells), cells, outcome) and len(cells) > 1:
        for cell in cells:
            row.refresh_from_db()
            _tried(partial(write, [cell]), [cell], outcome)
    elif any(cell.change.outcomes[cell.place] != outcome for cell in cells):
        row.refresh_from_db()


def _tried(write: Callable[[], None], cells: Sequence[_Cell], outcome: str) -> bool:
    """Write, or note why that cannot be; returns whether it was done."""
    try:
        with transaction.atomic():
            write()
    except ValidationError as error:
        for cell in cells:
            cell.became(_reason(error))
        return False
    for cell in cells:
        cell.became(outcome)
    return True


def _reason(error: ValidationError) -> str:
    return " ".join(error.messages)[:500]


def _retract(edit: GridEdit, held: Mapping[int, Product], actor: Any) -> None:
    rows = LedgerEntry.objects.filter(retracted_at=None, product__in=held.keys())
    if edit.batch is not None:
        wrote = rows.filter(batch=edit.batch)
    else:
        assert edit.applied_at is not None
        wrote = rows.filter(
            created_by=edit.created_by, created_at=edit.applied_at, source=Source.PERSON
        )
    fields = set(wrote.order_by().values_list("field", flat=True).distinct())
    if fields:
        wrote.update(retracted_at=timezone.now(), retracted_by=actor)
        project(held.values(), fields, told=True)


def _result(changes: Sequence[GridChange], outcome: str) -> dict[str, int]:
    outcomes = [each for change in changes for each in change.outcomes]
    changed, left = outcomes.count(outcome), outcomes.count(LEFT)
    known = {DONE, LEFT, UNDONE}
    return {
        "changed": changed,
        "left": left,
        "refused": sum(each not in known for each in outcomes),
        "products": sum(outcome in (change.outcomes) for change in changes),
    }
