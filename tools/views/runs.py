"""A run's page, and what can be done with it: stop, resume, edit, compare, download."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from catalog import selectors as catalog_selectors
from catalog.views.http import Request, first_message, number, refused
from tools import exporting, selectors
from tools.blocks import render_block
from tools.models import ToolRun
from tools.registry import tools
from tools.runs import running
from tools.services.runs import run_edit, run_resume
from tools.using import with_used
from tools.views.live import page_values
from tools.views.tool import product_values

COMPARED = 30


def run_in(
    request: Request, slug: str, pk: int, roles: frozenset = catalog_selectors.VIEW
) -> ToolRun:
    """The run of the address. Raises Http404 when it is not in the address's catalogue."""
    run = selectors.run_for(request.user, pk, roles)
    if run.catalog.slug != slug:
        raise Http404
    return run


@require_safe
@login_required
def run_page(request: Request, slug: str, pk: int) -> HttpResponseBase:
    run = run_in(request, slug, pk)
    tool = tools().get(run.tool)
    product = catalog_selectors.product_for(request.user, run.product_id)
    may_run = catalog_selectors.may(request.user, run.catalog, selectors.RUN)
    run, course = running.as_it_is(run)
    others = selectors.runs_of(product, run.tool).exclude(pk=run.pk)
    values = {
        **product_values(product, run.tool),
        **page_values(run, course, may_edit=may_run, csrf_token=get_token(request)),
        "tool": tool,
        "may_run": may_run,
        "form": tool.form(product, initial=run.options) if tool and may_run else None,
        "others": list(others[:COMPARED]),
        "downloads": exporting.offered(run) if course.is_over else [],
    }
    return render(request, "tools/run.html", values)


@require_POST
@login_required
def run_stop(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """End a run where it is; what it wrote stays."""
    run = run_in(request, slug, pk, selectors.RUN)
    running.stop(run)
    if request.htmx:
        # The socket brings the rest.
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return redirect(run)


@require_POST
@login_required
def run_resume_view(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Go on with what a run has not finished."""
    run = run_in(request, slug, pk, selectors.RUN)
    try:
        running.start(run_resume(run=run))
    except ValidationError as error:
        return refused(request, first_message(error), run.get_absolute_url())
    if request.htmx:
        # The whole page: its socket has ended with the first try.
        response = HttpResponse(status=HTTPStatus.NO_CONTENT)
        response["HX-Redirect"] = run.get_absolute_url()
        return response
    return redirect(run)


@require_POST
@login_required
def run_edit_view(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Have a text of the result read otherwise; without `value` the original comes back."""
    run = run_in(request, slug, pk, selectors.RUN)
    block, place = request.POST.get("block", ""), request.POST.get("place", "")
    try:
        edited = run_edit(run=run, block=block, place=place, text=request.POST.get("value"))
    except ValidationError as error:
        return refused(request, first_message(error), run.get_absolute_url())
    if not request.htmx:
        return redirect(f"{run.get_absolute_url()}#block-{block}")
    shown = selectors.with_edits([one for one in edited.blocks if one["id"] == block], edited.edits)
    blocks = with_used(shown, run)
    return HttpResponse("".join(render_block(one, run, may_edit=True) for one in blocks))


@require_safe
@login_required
def run_compare(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Two runs of the same tool on the same product, side by side."""
    run = run_in(request, slug, pk)
    other = run_in(request, slug, number(request.GET.get("with"), 0))
    if (other.tool, other.product_id) != (run.tool, run.product_id):
        raise Http404
    product = catalog_selectors.product_for(request.user, run.product_id)
    values = {
        **product_values(product, run.tool),
        "tool": tools().get(run.tool),
        "runs": [run, other],
        "rows": _side_by_side(run, other),
        "chosen": _different_options(run, other),
    }
    return render(request, "tools/compare.html", values)


def _side_by_side(run: ToolRun, other: ToolRun) -> list[dict[str, Any]]:
    """The blocks of the results in pairs, in the order of the first; what only one has alone."""
    sides = []
    for side, one in enumerate((run, other)):
        blocks = selectors.with_edits(running.course_of(one.pk).blocks.values(), one.edits)
        # Both are on one page: each block needs an id of its own there.
        sides.append({b["id"]: {**b, "id": f"{b['id']}-{side}"} for b in blocks})
    keys = list(dict.fromkeys([*sides[0], *sides[1]]))
    return [
        {
            "cells": [
                render_block(side[key], one, may_edit=False) if key in side else ""
                for side, one in zip(sides, (run, other), strict=True)
            ]
        }
        for key in keys
    ]


def _different_options(run: ToolRun, other: ToolRun) -> list[dict[str, str]]:
    """The options in which they differ."""
    keys = dict.fromkeys([*run.options, *other.options])
    return [
        {
            "label": key.replace("_", " ").capitalize(),
            "first": exporting.plain(run.options.get(key)),
            "second": exporting.plain(other.options.get(key)),
        }
        for key in keys
        if run.options.get(key) != other.options.get(key)
    ]


@require_safe
@login_required
def run_download(request: Request, slug: str, pk: int, form: str) -> HttpResponseBase:
    """The result as a file."""
    run = run_in(request, slug, pk)
    file = exporting.download(*running.as_it_is(run), form)
    if file is None:
        raise Http404
    response = HttpResponse(file.text, content_type=file.content_type)
    disposition = content_disposition_header(as_attachment=True, filename=file.filename)
    response["Content-Disposition"] = disposition
    return response


def run_url(run: ToolRun, name: str, *more: Any) -> str:
    return reverse(f"tools:{name}", args=[run.catalog.slug, run.pk, *more])
