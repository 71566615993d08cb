"""Acts on many cells: what they would change is shown first, then done, and can be undone."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import selectors
from catalog.grid.edits import Planned, grid_apply, grid_plan, grid_undo
from catalog.grid.lines import line_key
from catalog.grid.operations import Act, Operation, cells_of
from catalog.grid.sheet import Sheet
from catalog.models import Catalog, GridChange, GridEdit, Variant
from catalog.models.job import GRID_EDIT, GRID_UNDO
from catalog.services.bulk import Started
from catalog.services.errors import conflict
from catalog.views.activity import forget_activity
from catalog.views.bulk_acts import act_label, told
from catalog.views.choosing import chosen_products
from catalog.views.grid_cells import label_of, read_json
from catalog.views.http import (
    Request,
    done,
    first_message,
    json_error,
    refused,
    wants_json,
)
from catalog.views.jobs import begun
from catalog.views.words import count_of
from prodintel.lib.work import WorkState

SHOWN = 50
BEGUN = "{}: begun. It goes on in the background."


@require_POST
@login_required
def grid_plan_view(request: Request, slug: str) -> HttpResponseBase:
    """Find out what an act would change, and show that: `cells` as JSON from the script (pasting,
    filling down), or one thing for columns of rows or of all that match, from the form.
    """
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    try:
        planned = _planned(request, catalog)
    except ValidationError as error:
        if wants_json(request):
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return json_error(first_message(error), code="invalid", status=status)
        return refused(request, first_message(error), _grid_url(slug, request))
    if planned.job is not None:
        forget_activity(catalog)
    to = reverse("catalog:grid_edit", args=[slug, planned.edit.pk])
    if wants_json(request):
        return JsonResponse({"url": to})
    return redirect(f"{to}?{QueryDict(request.POST.get('query', '')).urlencode()}")


def _planned(request: Request, catalog: Catalog) -> Planned:
    sheet = Sheet(catalog)
    if request.content_type == "application/json":
        cells = cells_of(read_json(request).get("cells"))
        operation = Operation(Act.CELLS, cells=cells)
        return grid_plan(
            catalog=catalog,
            operation=operation,
            actor=request.user,
            label=label_of(sheet, cells),
        )
    operation = _asked(request.POST)
    ids = None
    if request.POST.get("all") == "1":
        address = QueryDict(request.POST.get("query", ""))
        products = chosen_products(catalog, address, request.user.pk).products
        ids = list(products.order_by().values_list("pk", flat=True))
    return grid_plan(
        catalog=catalog,
        operation=operation,
        actor=request.user,
        label=operation_label(sheet, operation),
        product_ids=ids,
    )


def _asked(form: QueryDict) -> Operation:
    act = form.get("act", "")
    if act not in {Act.SET, Act.CLEAR, Act.REPLACE}:
        raise conflict("", "Choose what to do with them.")
    rows = () if form.get("all") == "1" else tuple(form.getlist("row"))
    return Operation(
        Act(act),
        columns=tuple(form.getlist("column")),
        rows=rows,
        text=form.get("text", ""),
        find=form.get("find", ""),
        match_case=form.get("match_case") == "1",
        whole_cell=form.get("whole_cell") == "1",
    )


def operation_label(sheet: Sheet, operation: Operation) -> str:
    """What an act is called: Replace “Colour” by “Color” in Title."""
    labels = [column.label for column in sheet.known(operation.columns)]
    where = ", ".join(labels[:3]) + (f" and {len(labels) - 3} more" if len(labels) > 3 else "")  # noqa: PLR2004 -- as many as are named
    text, find = _short(operation.text), _short(operation.find)
    if operation.act == Act.REPLACE:
        return f"Replace {find} by {text} in {where}"
    return f"Clear {where}" if operation.act == Act.CLEAR else f"Set {where} to {text}"


def _short(text: str) -> str:
    most = 30
    return f"“{text[:most]}{'…' if len(text) > most else ''}”" if text else "nothing"


def _grid_url(slug: str, request: Request) -> str:
    query = QueryDict(request.POST.get("query", "") or request.GET.urlencode())
    return f"{reverse('catalog:grid', args=[slug])}?{query.urlencode()}"


def _edit(request: Request, slug: str, pk: int) -> GridEdit:
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    edits = GridEdit.objects.select_related("catalog", "job", "created_by")
    return get_object_or_404(edits, pk=pk, catalog=catalog)


@require_safe
@login_required
def grid_edit(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """What an act would change, or did. To the grid's script and while it is found out, that alone."""
    edit = _edit(request, slug, pk)
    part = request.htmx or wants_part(request)
    values = {**shown_edit(edit), "back_url": _grid_url(slug, request), "part": part}
    template = "catalog/_grid_edit.html" if part else "catalog/grid_edit.html"
    response = render(request, template, values)
    response["Vary"] = "HX-Request, X-Grid-Part"
    return response


def wants_part(request: Request) -> bool:
    return request.headers.get("X-Grid-Part") == "1"


def shown_edit(edit: GridEdit) -> dict[str, Any]:
    """For catalog/_grid_edit.html: how much, the first changes and the first refusals."""
    sheet = Sheet(edit.catalog)
    changes = edit.changes.select_related("product")
    return {
        "catalog": edit.catalog,
        "edit": edit,
        "counts": edit.counts,
        "did": edit.counts.get("did"),
        "job": edit.job if edit.job and edit.job.state != WorkState.DONE else None,
        "lines": _lines(sheet, changes.exclude(cells=[])[:SHOWN]),
        "refusals": _refusals(sheet, changes.exclude(refused=[])[:SHOWN]),
        "shown": SHOWN,
    }


def _lines(sheet: Sheet, changes: Iterable[GridChange]) -> list[dict[str, Any]]:
    cells = [
        (change, {**cell, "outcome": change.outcomes[place] if change.outcomes else ""})
        for change in changes
        for place, cell in enumerate(change.cells)
    ][:SHOWN]
    names = _variant_names(cells)
    return [{**cell, **_named(sheet, change, cell, names)} for change, cell in cells]


def _refusals(sheet: Sheet, changes: Iterable[GridChange]) -> list[dict[str, Any]]:
    cells = [(change, cell) for change in changes for cell in change.refused][:SHOWN]
    names = _variant_names(cells)
    return [
        {
            **_named(sheet, change, cell, names),
            "text": cell["text"],
            "message": cell["message"],
        }
        for change, cell in cells
    ]


def _variant_names(cells: Iterable[tuple[GridChange, dict[str, Any]]]) -> dict[int, str]:
    """What the variants are called among those of their products, by their ids."""
    variants = Variant.objects.filter(pk__in={cell["variant"] for _, cell in cells})
    return {each.pk: each.option_text or each.sku for each in variants}


def _named(
    sheet: Sheet, change: GridChange, cell: dict[str, Any], variants: dict[int, str]
) -> dict[str, Any]:
    column = sheet.column(cell["column"])
    return {
        "row": line_key(change.product_id, cell["variant"]),
        "name": str(change.product),
        "variant_name": variants.get(cell["variant"], ""),
        "url": reverse("catalog:product", args=[sheet.catalog.slug, change.product_id]),
        "label": column.label if column else cell["column"],
        "approved": change.approved,
    }


@require_POST
@login_required
def grid_apply_view(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Do what was planned."""
    edit = _edit(request, slug, pk)
    try:
        started = grid_apply(edit=edit, actor=request.user)
    except ValidationError as error:
        return _refused(request, error, _grid_url(slug, request))
    undo_url = reverse("catalog:grid_undo", args=[slug, pk]) if _did(started) else ""
    return _answer(request, slug, started, GRID_EDIT, undo_url)


@require_POST
@login_required
def grid_undo_view(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Take back what an act did."""
    edit = _edit(request, slug, pk)
    try:
        started = grid_undo(edit=edit, actor=request.user)
    except ValidationError as error:
        return _refused(request, error, _grid_url(slug, request))
    return _answer(request, slug, started, GRID_UNDO, "")


def _did(started: Started) -> bool:
    return started.job is None and bool(started.result["changed"])


def _refused(request: Request, error: ValidationError, to: str) -> HttpResponseBase:
    if wants_json(request):
        status = HTTPStatus.CONFLICT
        return json_error(first_message(error), code="conflict", status=status)
    return refused(request, first_message(error), to)


def _answer(
    request: Request, slug: str, started: Started, kind: str, undo_url: str
) -> HttpResponseBase:
    to = _grid_url(slug, request)
    if started.job is not None:
        if not wants_json(request):
            return begun(request, started, to)
        assert started.job.catalog is not None
        forget_activity(started.job.catalog)
        return JsonResponse(
            {"message": BEGUN.format(act_label(started.job)), "undo_url": "", "job": True}
        )
    words = told(kind, {}, started.result)
    if not wants_json(request):
        return done(request, words, to, undo_url=undo_url)
    return JsonResponse({"message": words, "undo_url": undo_url, "job": False})


def planned_words(edit: GridEdit) -> str:
    """How much a plan would change: 12 cells of 3 products."""
    cells, products = edit.counts["cells"], edit.counts["products"]
    return f"{count_of(cells, 'cell')} of {count_of(products)}"
