"""A run of descriptions: how far it is, what it changes or changed, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import selectors
from catalog.activity.runs import Progress, progress_of
from catalog.activity.vision import unpaid_of
from catalog.describe.differences import (
    Difference,
    Kind,
    summary,
    trial_differences,
    written_differences,
)
from catalog.describe.estimate import cost_of
from catalog.describe.queue import active_tasks, is_describing
from catalog.describe.usual import usual_call
from catalog.models import Catalog, DescribeRun, DescribeRunState, LedgerEntry, TrialResult
from catalog.services import describe_runs as services
from catalog.services.attribute_values import CATEGORY
from catalog.views import present
from catalog.views.activity import forget_activity
from catalog.views.http import Request, done, first_message, number, refused
from catalog.views.vision import held_words, unpaid_words
from catalog.views.words import about_usd, count_of, duration, percent
from prodintel.lib.work import WorkState
from prodintel.llm.pacing import limits
from prodintel.llm.types import Ability

PAGE = 20
TEXT_SHOWN = 240
KINDS = {
    Kind.CHANGED: "Changed",
    Kind.NEW: "New",
    Kind.GONE: "No longer said",
    Kind.SUGGESTED: "Suggestion",
    Kind.KEPT: "Kept as is",
    Kind.REJECTED: "Rejected before",
    Kind.UNDONE: "Replaced or undone",
    Kind.SAME: "Same",
}
# As they are counted: "31 new, 6 changed".
COUNTED = {
    Kind.NEW: "new",
    Kind.CHANGED: "changed",
    Kind.GONE: "no longer said",
    Kind.SUGGESTED: "suggested",
    Kind.KEPT: "kept as is",
    Kind.REJECTED: "rejected before",
    Kind.UNDONE: "replaced or undone",
    Kind.SAME: "same",
}
HINTS = {
    Kind.SUGGESTED: "waits for a person",
    Kind.KEPT: "somebody's word counts; this is a suggestion",
    Kind.REJECTED: "is not said again",
}


@require_safe
@login_required
def describe_run(request: Request, slug: str, run: int) -> HttpResponseBase:
    """The run's page; for htmx, its head alone, until there is more to show than that."""
    catalog = selectors.catalog_for(request.user, slug)
    found = selectors.describe_run_in(catalog, run)
    progress = progress_of([found])[found.pk]
    values = _head(request, catalog, found, progress)
    if request.htmx:
        response = render(request, "catalog/_describe_run.html", values)
        if not values["live"]:
            # What was answered is shown in full.
            response["HX-Refresh"] = "true"
        return response
    labels = present.Labels()
    values["chosen_fields"] = [_label(field, labels) for field in found.fields]
    values |= _differences(found, number(request.GET.get("page"), 1), labels)
    return render(request, "catalog/describe_run.html", values)


def _head(
    request: Request, catalog: Catalog, run: DescribeRun, progress: Progress
) -> dict[str, Any]:
    is_trial = run.state == DescribeRunState.TRIAL
    paused = catalog.describing_paused_at is not None
    goes_on = run.state in {DescribeRunState.TRIAL, DescribeRunState.RUNNING}
    rest = (
        cost_of(len(run.product_ids), usual=usual_call(run.fields), ahead=active_tasks().count())
        if is_trial and run.product_ids
        else None
    )
    return {
        "catalog": catalog,
        "run": run,
        "progress": progress,
        "state": _state(run, progress),
        "is_trial": is_trial,
        "may_edit": selectors.may(request.user, catalog),
        "live": bool(goes_on and progress.unfinished),
        "held": goes_on and progress.unfinished and _held(run, paused=paused),
        "spent": _spent(run, progress),
        "rest_label": f"Keep these and describe the other {_price(rest)}" if rest else "",
        "batch_url": reverse("catalog:batch", args=[catalog.slug, run.batch_id])
        if run.batch_id
        else "",
    }


def _held(run: DescribeRun, *, paused: bool) -> str:
    """Why nothing goes on by itself."""
    if not is_describing():
        return "No vision model is connected, so it waits."
    if paused:
        return "Describing is paused, so it waits."
    held = held_words(limits(Ability.VISION))
    return held or unpaid_words(unpaid_of(run.tasks.filter(state=WorkState.PENDING)))


def _spent(run: DescribeRun, progress: Progress) -> str:
    so_far = cost_of(progress.done, usual=usual_call(run.fields))
    return f"{about_usd(so_far.usd)} so far" if so_far.usd and progress.done else ""


def _price(cost: Any) -> str:
    parts = [f"{cost.calls:,}"]
    parts += [] if cost.usd is None else [about_usd(cost.usd)]
    parts += [] if cost.seconds is None else [duration(cost.seconds)]
    return ", ".join(parts)


def _state(run: DescribeRun, progress: Progress) -> dict[str, str]:
    """For components/pill.html."""
    if run.state == DescribeRunState.DISCARDED:
        return {"state": "stopped", "label": "Discarded"}
    if run.state == DescribeRunState.STOPPED:
        return {"state": "stopped", "label": "Stopped"}
    if progress.unfinished:
        return {"state": "running", "label": "Trial" if run.state == "trial" else "Running"}
    if run.state == DescribeRunState.TRIAL:
        return {"state": "in_review", "label": "Waits for your decision"}
    return {"state": "done", "label": "Done"}


def _differences(run: DescribeRun, page_number: int, labels: present.Labels) -> dict[str, Any]:
    """What the run changes or changed, a page of products at a time, and sums by field."""
    if run.batch is None:
        results = list(TrialResult.objects.filter(run=run).order_by("pk"))
        page = Paginator([result.product_id for result in results], PAGE).get_page(page_number)
        found = trial_differences(results)
    else:
        written = LedgerEntry.objects.filter(batch=run.batch).order_by("product_id")
        described = list(written.values_list("product_id", flat=True).distinct())
        page = Paginator(described, PAGE).get_page(page_number)
        found = written_differences(run.batch, page.object_list)
    return {
        "page": page,
        "previous_url": f"?page={page.number - 1}" if page.has_previous() else "",
        "next_url": f"?page={page.number + 1}" if page.has_next() else "",
        "sums": _sums(summary(found), labels),
        "sums_of_page": run.batch is not None and page.has_other_pages(),
        "products": _products(run.catalog, page.object_list, found, labels),
    }


def _label(field: str, labels: present.Labels) -> str:
    return "Category" if field == CATEGORY else labels.field(field)


def _sums(sums: dict[str, Any], labels: present.Labels) -> list[dict[str, str]]:
    """By field, in words: "31 new, 6 changed, 13 same"."""
    rows = []
    for field, counts in sums.items():
        parts = [f"{counts[kind]:,} {COUNTED[kind]}" for kind in COUNTED if counts[kind]]
        rows.append({"label": _label(field, labels), "text": ", ".join(parts)})
    return sorted(rows, key=lambda row: row["label"])


def _products(
    catalog: Catalog, ids: Iterable[int], found: Sequence[Difference], labels: present.Labels
) -> list[dict[str, Any]]:
    by_product: dict[int, list[Difference]] = {}
    for each in found:
        by_product.setdefault(each.product_id, []).append(each)
    order = list(KINDS)
    shown = []
    for product in selectors.products_by_ids(catalog, list(ids)):
        rows = by_product.get(product.pk, [])
        rows.sort(key=lambda each: (order.index(each.kind), _label(each.field, labels)))
        placement = present.main_placement(product)
        shown.append(
            {
                "card": present.card(product),
                "thumbnail": present.image(placement) if placement else None,
                "rows": [_row(each, labels) for each in rows if each.kind is not Kind.SAME],
                "same": sum(each.kind is Kind.SAME for each in rows),
            }
        )
    return shown


def _row(each: Difference, labels: present.Labels) -> dict[str, Any]:
    return {
        "label": _label(each.field, labels),
        "before": _text(each.field, each.before, labels),
        "after": "" if each.kind is Kind.GONE else _text(each.field, each.after, labels),
        "kind": str(each.kind),
        "word": KINDS[each.kind],
        "hint": HINTS.get(each.kind, ""),
        "percent": "" if each.confidence is None else percent(each.confidence),
    }


def _text(field: str, value: list | None, labels: present.Labels) -> str:
    text = ", ".join(labels.value(field, each) for each in value or [])
    return text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN].rstrip()}…"


def _act(
    request: Request, slug: str, pk: int, act: Callable[[DescribeRun], tuple[str, bool]]
) -> HttpResponseBase:
    """Do something with a run; `act` returns the message, and whether it can be undone."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    run = selectors.describe_run_in(catalog, pk)
    here = reverse("catalog:describe_run", args=[slug, pk])
    try:
        message, undoable = act(run)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    forget_activity(catalog)
    undo_url = reverse("catalog:describe_run_reopen", args=[slug, pk]) if undoable else ""
    return done(request, message, here, undo_url=undo_url)


@require_POST
@login_required
def describe_run_accept(request: Request, slug: str, run: int) -> HttpResponseBase:
    """Write what the trial said; with `rest`, have the other products described too."""
    rest = request.POST.get("rest") == "1"

    def accept(found: DescribeRun) -> tuple[str, bool]:
        written = services.describe_run_accept_trial(run=found, actor=request.user, rest=rest)
        return f"{count_of(written)} of the trial written.", False

    return _act(request, slug, run, accept)


@require_POST
@login_required
def describe_run_discard(request: Request, slug: str, run: int) -> HttpResponseBase:
    def discard(found: DescribeRun) -> tuple[str, bool]:
        services.describe_run_discard(run=found, actor=request.user)
        return "Trial discarded. Nothing was written.", True

    return _act(request, slug, run, discard)


@require_POST
@login_required
def describe_run_stop(request: Request, slug: str, run: int) -> HttpResponseBase:
    def stop(found: DescribeRun) -> tuple[str, bool]:
        left_out = services.describe_run_stop(run=found, actor=request.user)
        return f"Stopped. {count_of(left_out)} left as they were.", True

    return _act(request, slug, run, stop)


@require_POST
@login_required
def describe_run_reopen(request: Request, slug: str, run: int) -> HttpResponseBase:
    """Go on with a run that was stopped, or decide anew on a trial that was discarded."""

    def reopen(found: DescribeRun) -> tuple[str, bool]:
        services.describe_run_reopen(run=found, actor=request.user)
        return "It goes on.", False

    return _act(request, slug, run, reopen)
