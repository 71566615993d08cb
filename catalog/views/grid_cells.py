"""Cells of the grid written: from its script one by one, from a form a row at a time."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from catalog import selectors
from catalog.grid.columns import Column, Kind
from catalog.grid.edits import Written, grid_write
from catalog.grid.lines import Line, lines_of, read_key
from catalog.grid.operations import CellText, cells_of
from catalog.grid.sheet import Sheet
from catalog.models import Catalog
from catalog.views.grid import LISTED, columns_for, list_id
from catalog.views.http import Request, done, first_message, json_error
from catalog.views.words import count_of

CONFLICT = "Somebody else changed it meanwhile to “{}”. Save again to replace that."


def read_json(request: Request) -> dict[str, Any]:
    """The body as an object. Raises ValidationError for anything else."""
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise ValidationError("Send JSON.") from error
    if not isinstance(body, dict):
        raise ValidationError("Send an object.")
    return body


@require_POST
@login_required
def grid_cells(request: Request, slug: str) -> HttpResponseBase:
    """Write cells; answers what became of each, and where their undoing posts to."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    try:
        cells = cells_of(read_json(request).get("cells"))
        label = label_of(Sheet(catalog), cells)
        edit, answers = grid_write(catalog=catalog, cells=cells, actor=request.user, label=label)
    except ValidationError as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return json_error(first_message(error), code="invalid", status=status)
    undo_url = reverse("catalog:grid_undo", args=[slug, edit.pk]) if edit else ""
    return JsonResponse({"cells": [vars(each) for each in answers], "undo_url": undo_url})


def label_of(sheet: Sheet, cells: tuple[CellText, ...]) -> str:
    """What writing these cells is called: Change SKU; Change 12 cells."""
    names = {column.label for cell in cells if (column := sheet.column(cell.column))}
    if len(names) == 1:
        return f"Change {names.pop()}"
    return f"Change {count_of(len(cells), 'cell')}"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def grid_row(request: Request, slug: str, row: str) -> HttpResponseBase:
    """One row as a form: the grid without a script, and with more room on a phone."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    sheet = Sheet(catalog)
    columns = columns_for(request, catalog, sheet)
    line = _line(sheet, columns, row)
    back = _back(slug, request)
    answers: dict[str, Written] = {}
    if request.method == "POST":
        answers = _save(request, catalog, columns, line)
        wrong = [each for each in answers.values() if each.state in {"refused", "conflict"}]
        if not wrong:
            return done(request, "Saved.", back)
        line = _line(sheet, columns, row)
    values = {
        "catalog": catalog,
        "row": row,
        "name": line.name or line.cells[columns[0].key].text if not line.variant else line.name,
        "fields": [
            _field(sheet, column, line, answers.get(column.key), request.POST)
            for column in columns
            if column.editable and column.key in line.cells
        ],
        "back_url": back,
        "query": request.GET.urlencode() or request.POST.get("query", ""),
        "product_url": reverse("catalog:product", args=[slug, line.product]),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if answers else HTTPStatus.OK
    return render(request, "catalog/grid_row.html", values, status=status)


def _line(sheet: Sheet, columns: list[Column], row: str) -> Line:
    key = read_key(row)
    lines = lines_of(sheet, columns, [key[0]]).get(key[0], []) if key else []
    found = next((line for line in lines if line.key == row), None)
    if found is None:
        raise Http404
    return found


def _back(slug: str, request: Request) -> str:
    query = QueryDict(request.POST.get("query", "") or request.GET.urlencode())
    return f"{reverse('catalog:grid', args=[slug])}?{query.urlencode()}"


def _save(
    request: Request, catalog: Catalog, columns: list[Column], line: Line
) -> dict[str, Written]:
    """Write what the form changed of what it showed; by the columns' keys what became of it."""
    cells = [
        CellText(line.key, column.key, request.POST[column.key], before)
        for column in columns
        if column.key in request.POST
        and (before := request.POST.get(f"before.{column.key}", "")) != request.POST[column.key]
    ]
    if not cells:
        return {}
    label = f"Change {count_of(len(cells), 'cell')}"
    _, answers = grid_write(catalog=catalog, cells=cells, actor=request.user, label=label)
    return {each.column: each for each in answers}


def _field(
    sheet: Sheet, column: Column, line: Line, answer: Written | None, posted: QueryDict
) -> dict[str, Any]:
    cell = line.cells[column.key]
    text, errors = cell.text, list[str]()
    if answer is not None and answer.state == "conflict":
        text, errors = str(posted[column.key]), [CONFLICT.format(answer.text)]
    elif answer is not None and answer.state == "refused":
        text, errors = str(posted[column.key]), [answer.message]
    return {
        "key": column.key,
        "id": f"row-{column.key.replace('.', '-')}",
        "label": column.label,
        "unit": column.unit,
        "text": text,
        "before": cell.text,
        "errors": errors,
        "long": column.kind == Kind.LONG_TEXT,
        "list": list_id(column) if column.kind in LISTED else "",
        "options": sheet.options(column) if column.kind in LISTED else [],
        "several": column.kind in {Kind.CHOICES, Kind.TAGS},
    }
