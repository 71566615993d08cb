"""A tool run over a selection of products: what it would take, begun; how far it is, stopped, undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog import selectors
from catalog.describe.estimate import Cost
from catalog.models import Catalog, Job, Product
from catalog.services.bulk import bulk_stop
from catalog.services.bulk_acts import bulk_undo, is_undoable, is_undone
from catalog.views.activity import forget_activity
from catalog.views.bulk_acts import act_label, told
from catalog.views.choosing import Chosen, chosen_products
from catalog.views.http import Request, done, first_message, number, refused
from catalog.views.vision import left_words, models_url
from catalog.views.words import about_usd, count_of, duration, usd
from prodintel.lib.work import WorkState
from prodintel.llm import budgets
from prodintel.llm.gateway import gateway
from tools.bulk.act import ACT, TOOL, WRITER
from tools.bulk.estimate import UsualRun, cost_of, usual_run
from tools.bulk.reading import BulkState, bulk_job_in, bulk_state_of, runs_of_job
from tools.kinds.base import Tool
from tools.models import Writer
from tools.registry import tools
from tools.services.bulk import NONE_CHOSEN, tool_runs_retry, tool_runs_start, unfinished_runs

PAGE = 50
TOOL_NAME = "tool"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def bulk(request: Request, slug: str) -> HttpResponseBase:
    """The page that says what running a tool over the chosen products takes, and starts it."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    if request.method == "POST":
        return _start(request, catalog)
    chosen = chosen_products(catalog, request.GET, request.user.pk)
    tool = tools().get(request.GET.get(TOOL_NAME, ""))
    form = _form(tool, chosen, None) if tool else None
    return render(request, "tools/bulk.html", _values(request, catalog, chosen, tool, form))


def _form(tool: Tool, chosen: Chosen, data: Any) -> forms.Form | None:
    """The tool's options, as they are offered for the first of the products; None without any."""
    first: Product | None = selectors.with_details(chosen.products).first()
    if first is None:
        return None
    form = tool.form(first, data)
    for name in tool.one_products:
        del form.fields[name]
    return form


def _values(
    request: Request,
    catalog: Catalog,
    chosen: Chosen,
    tool: Tool | None,
    form: forms.Form | None,
) -> dict[str, Any]:
    count = chosen.products.count()
    here = reverse("tools:bulk", args=[catalog.slug])
    values: dict[str, Any] = {
        "catalog": catalog,
        "chosen": chosen,
        "count": count,
        "configured": gateway().is_configured(),
        "models_url": models_url(),
        "choices": [
            {
                "tool": each,
                "label": each.title,
                "icon": each.icon,
                "url": f"{here}?{urlencode([*chosen.address, (TOOL_NAME, each.key)])}",
                "current": each is tool,
            }
            for each in tools().values()
        ],
        "tool": tool,
        "form": form,
        "selection": urlencode(chosen.address),
    }
    if tool is not None and values["configured"]:
        usual = usual_run(tool)
        cost = cost_of(usual, count, request.user.pk)
        values |= {
            "figures": _figures(usual, cost, count, request.user.pk),
            "price": _price(cost),
        }
    return values


def _price(cost: Cost) -> str:
    """What the button adds: ", about $0.42, 11 min"."""
    known = [] if cost.usd is None else [about_usd(cost.usd)]
    known += [] if cost.seconds is None else [duration(cost.seconds)]
    return "".join(f", {text}" for text in known)


def _figures(usual: UsualRun, cost: Cost, runs: int, user_id: int) -> list[dict[str, str]]:
    """For components/figures.html."""
    measured = "as measured here" if usual.measured else "estimated, not yet measured here"
    left = left_words(budgets.own_left(user_id))
    days = {None: "No limit", 1: "Fits"}.get(cost.days, f"{cost.days} days")
    return [
        {
            "label": "Runs",
            "value": f"{runs:,}",
            "note": f"one a product, {count_of(cost.calls, 'call')} of the model",
        },
        {
            "label": "Time",
            "value": "Not known" if cost.seconds is None else duration(cost.seconds),
            "note": f"at {cost.limited_by}"
            if cost.limited_by
            else "The provider says its limits with the first answers.",
        },
        {
            "label": "Cost",
            "value": "Not known" if cost.usd is None else usd(cost.usd),
            "note": f"{usual.tokens:,} tokens a run, {measured}",
        },
        {
            "label": "Daily budget",
            "value": days,
            "note": f"You have {left} left today" if left else "",
        },
    ]


def _start(request: Request, catalog: Catalog) -> HttpResponseBase:
    """Start what the page offered; what has grown since is shown again first."""
    post = request.POST
    chosen = chosen_products(catalog, QueryDict(post.get("selection", "")), request.user.pk)
    tool = tools().get(post.get(TOOL_NAME, ""))
    here = reverse("tools:bulk", args=[catalog.slug]) + f"?{urlencode(chosen.address)}"
    if tool is None:
        return refused(request, "Choose a tool.", here)
    form = _form(tool, chosen, post)
    if form is None:
        return refused(request, NONE_CHOSEN, here)
    here = f"{here}&{urlencode({TOOL_NAME: tool.key})}"
    ids = list(chosen.products.values_list("pk", flat=True))
    if len(ids) > number(post.get("count"), 0):
        grown = f"It is {count_of(len(ids))} by now. Nothing was started: look again."
        return refused(request, grown, here)
    if not form.is_valid():
        values = _values(request, catalog, chosen, tool, form)
        return render(request, "tools/bulk.html", values, status=422)
    try:
        job = tool_runs_start(
            catalog=catalog,
            tool=tool,
            options=form.cleaned_data,
            product_ids=ids,
            actor=request.user,
        )
    except ValidationError as error:
        return refused(request, first_message(error), here)
    forget_activity(catalog)
    to = reverse("tools:bulk_run", args=[catalog.slug, job.pk])
    return done(request, f"Started: {act_label(job)}.", to)


@require_safe
@login_required
def bulk_run(request: Request, slug: str, job: int) -> HttpResponseBase:
    """How far a job is, and its runs; for htmx the part that changes."""
    catalog = selectors.catalog_for(request.user, slug)
    found = bulk_job_in(catalog, job)
    page = Paginator(runs_of_job(found), PAGE).get_page(number(request.GET.get("page"), 1))
    state = bulk_state_of(found)
    may_edit = selectors.may(request.user, catalog)
    values = {
        "catalog": catalog,
        "state": state,
        "job": found,
        "label": act_label(found),
        "tool": tools().get(found.arguments[TOOL]),
        "is_draft": found.arguments[WRITER] == Writer.DRAFT,
        "page": page,
        "previous_url": f"?page={page.number - 1}" if page.has_previous() else "",
        "next_url": f"?page={page.number + 1}" if page.has_next() else "",
        "here": f"{request.path}?page={page.number}",
        "words": told(found.kind, found.arguments, found.result) if _ended(found) else "",
        "spent": _spent(state),
        "may_edit": may_edit,
        "can_undo": may_edit and is_undoable(found) and not is_undone(found),
        "can_retry": may_edit and _ended(found) and bool(unfinished_runs(found)),
        "undone": state.batch is not None and state.batch.retracted_at is not None,
    }
    template = "tools/_bulk_run.html" if request.htmx else "tools/bulk_run.html"
    return render(request, template, values)


def _ended(job: Job) -> bool:
    return bool(job.state == WorkState.DONE)


def _spent(state: BulkState) -> str:
    """What the runs took so far, in words."""
    if not state.tokens:
        return ""
    cost = "" if state.cost_usd is None else f", {usd(state.cost_usd)}"
    return f"{state.tokens:,} tokens{cost} so far"


def _act(
    request: Request, slug: str, pk: int, act: Callable[[Job], tuple[str, int]]
) -> HttpResponseBase:
    """Do something with a job; `act` returns the message, and the job whose page is next."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    job = bulk_job_in(catalog, pk)
    try:
        message, following = act(job)
    except ValidationError as error:
        return refused(request, first_message(error), reverse("tools:bulk_run", args=[slug, pk]))
    forget_activity(catalog)
    return done(request, message, reverse("tools:bulk_run", args=[slug, following]))


@require_POST
@login_required
def bulk_run_stop(request: Request, slug: str, job: int) -> HttpResponseBase:
    """End it where it is; what it suggested stays, and can be undone."""

    def stop(found: Job) -> tuple[str, int]:
        ended = bulk_stop(act=ACT, job=found, actor=request.user)
        return told(ended.kind, ended.arguments, ended.result), ended.pk

    return _act(request, slug, job, stop)


@require_POST
@login_required
def bulk_run_undo(request: Request, slug: str, job: int) -> HttpResponseBase:
    """Take back all that it suggested."""

    def undo(found: Job) -> tuple[str, int]:
        started = bulk_undo(job=found, actor=request.user)
        if started.job is not None:
            return f"{act_label(started.job)}: begun. It goes on in the background.", found.pk
        return told(started.kind, {}, started.result), found.pk

    return _act(request, slug, job, undo)


@require_POST
@login_required
def bulk_run_retry(request: Request, slug: str, job: int) -> HttpResponseBase:
    """Go on with the runs that failed or were stopped."""

    def retry(found: Job) -> tuple[str, int]:
        tool = tools().get(found.arguments[TOOL])
        if tool is None:
            raise Http404
        again = tool_runs_retry(job=found, tool=tool, actor=request.user)
        return f"{act_label(again)}: begun again.", again.pk

    return _act(request, slug, job, retry)
