"""The review queue: one suggestion at a time, the least certain first.

Works as plain forms; static/js/review.js asks for several suggestions ahead and sends decisions
behind the person's back, in their order.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import review_samples, reviews, selectors
from catalog.models import Catalog, LedgerEntry, ReviewSample
from catalog.reviews import BAND_LABELS, Narrowed
from catalog.services.review_acts import Act, ActKind, Outcome, OutcomeState, review_acts
from catalog.views.http import Request, done, json_error, number, refused
from catalog.views.review_items import Vocabulary, items

AHEAD = 12
MOST_AHEAD = 30
MOST_ACTS = 100


def rights(request: Request, catalog: Catalog) -> dict[str, bool]:
    """What the person may do with suggestions: decide on them, write something else instead."""
    role = selectors.role_in(request.user, catalog)
    return {"may_decide": role in selectors.REVIEW, "may_edit": role in selectors.EDIT}


def opened(request: Request, slug: str) -> Catalog:
    """The catalogue, for all who may do anything with suggestions. Raises as `catalog_for`."""
    return selectors.catalog_for(request.user, slug, selectors.EDIT | selectors.REVIEW)


def trail(slug: str, *more: tuple[str, str]) -> list[dict[str, str]]:
    """The way back up to the queue, for components/breadcrumbs.html: labels, names of views."""
    places = [("Review", "catalog:review"), *more]
    return [
        {"label": label, "url": reverse(view, args=[slug]) if view else ""}
        for label, view in places
    ]


def sample_in(catalog: Catalog, pk: int) -> ReviewSample | None:
    """The catalogue's sample of this id, None for no id. Raises Http404."""
    if not pk:
        return None
    sample = ReviewSample.objects.filter(catalog=catalog, pk=pk).first()
    if sample is None:
        raise Http404
    return sample


def _next_ids(
    request: Request, catalog: Catalog, narrowed: Narrowed, sample: ReviewSample | None, count: int
) -> list[int]:
    pk = number(request.GET.get("after"), 0)
    if sample is not None:
        return review_samples.next_ids(sample, count, after=pk)
    after = LedgerEntry.objects.filter(pk=pk, product__catalog=catalog).first() if pk else None
    return reviews.queue(catalog, narrowed, request.user.pk, count, after)


def _left(catalog: Catalog, narrowed: Narrowed, sample: ReviewSample | None) -> int:
    if sample is not None:
        return review_samples.standing(sample).left
    return reviews.left(catalog, narrowed)


@require_safe
@login_required
def review(request: Request, slug: str) -> HttpResponseBase:
    """The next suggestion, with what can be done with it."""
    catalog = opened(request, slug)
    narrowed = Narrowed.of(request.GET)
    sample = sample_in(catalog, number(request.GET.get("sample"), 0))
    vocabulary = Vocabulary(catalog.language)
    shown = items(_next_ids(request, catalog, narrowed, sample, 1), catalog, vocabulary)
    parameters = narrowed.parameters() | ({"sample": str(sample.pk)} if sample else {})
    values: dict[str, Any] = {
        "catalog": catalog,
        "item": shown[0] if shown else None,
        "left": _left(catalog, narrowed, sample),
        "narrowed": narrowed,
        "query": urlencode(parameters),
        "is_continued": bool(request.GET.get("after")),
        "sample": sample,
        "address": reverse("catalog:review", args=[slug]),
        "filters": [] if sample else filters(catalog, narrowed, vocabulary),
        **rights(request, catalog),
    }
    if sample is not None:
        values["standing"] = review_samples.standing(sample)
        values["field_label"] = vocabulary.field(sample.field)
    return render(request, "catalog/review.html", values)


def filters(catalog: Catalog, narrowed: Narrowed, vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """What the queue can be narrowed to, for selects: only what there is something of."""
    fields = [
        {"value": field, "label": f"{vocabulary.field(field)} ({count:,})"}
        for field, count in reviews.open_by_field(catalog)
    ]
    sources = [{"value": s.value, "label": str(s.label)} for s in reviews.sources_of(catalog)]
    bands = [{"value": value, "label": label} for value, label in BAND_LABELS.items()]
    chosen = [
        ("field", "Field", "All fields", fields, narrowed.field),
        ("category", "Category", "All categories", _categories(vocabulary), narrowed.category),
        ("source", "From", "All sources", sources, narrowed.source),
        ("band", "Confidence", "All", bands, narrowed.band),
    ]
    return [
        {
            "name": name,
            "label": label,
            "options": [{"value": "", "label": everything}, *options],
            "selected": value,
        }
        for name, label, everything, options, value in chosen
    ]


def _categories(vocabulary: Vocabulary) -> list[dict[str, str]]:
    return [
        {"value": path, "label": vocabulary.trail(path)} for path in sorted(vocabulary.categories)
    ]


@require_safe
@login_required
def review_items(request: Request, slug: str) -> HttpResponseBase:
    """The next suggestions as HTML in JSON, with what values they can be given, once for all."""
    catalog = opened(request, slug)
    narrowed = Narrowed.of(request.GET)
    sample = sample_in(catalog, number(request.GET.get("sample"), 0))
    count = max(1, min(number(request.GET.get("n"), AHEAD), MOST_AHEAD))
    only = number(request.GET.get("entry"), 0)
    ids = [only] if only else _next_ids(request, catalog, narrowed, sample, count)
    shown = items(ids, catalog, Vocabulary(catalog.language))
    may = rights(request, catalog)
    drawn = [
        {
            "id": item["id"],
            "html": render_to_string("catalog/_review_item.html", {"item": item, **may}),
        }
        for item in shown
    ]
    answer: dict[str, Any] = {
        "items": drawn,
        "options": {item["options_key"]: item["options"] for item in shown},
        "left": _left(catalog, narrowed, sample),
        "more": not only and len(ids) == count,
    }
    if sample is not None:
        answer["sample"] = sample_words(sample)
    response = JsonResponse(answer)
    response["Cache-Control"] = "no-store"
    return response


def sample_words(sample: ReviewSample) -> str:
    """How a sample stands, as HTML."""
    values = {"sample": sample, "standing": review_samples.standing(sample)}
    return render_to_string("catalog/_review_standing.html", values)


@require_POST
@login_required
def review_decide(request: Request, slug: str) -> HttpResponseBase:
    """Decide on suggestions: several, in their order, as JSON from the script; one from a form."""
    catalog = opened(request, slug)
    if request.content_type == "application/json":
        return _decide_many(request, catalog)
    sample = sample_in(catalog, number(request.POST.get("sample"), 0))
    # A button with another value means that value instead.
    value = request.POST.getlist("set") or request.POST.getlist("value")
    kind = ActKind.EDIT if "set" in request.POST else request.POST.get("act", "")
    if kind == "skip":
        return _decided(request, slug, "Skipped.", after=request.POST.get("entry", ""))
    if kind not in list(ActKind):
        return refused(request, "Choose what to do with it.", _here(request, slug))
    if kind == ActKind.EDIT and not any(value):
        return refused(request, "Choose a value or write one.", _here(request, slug))
    act = Act(number(request.POST.get("entry"), 0), ActKind(kind), value or None)
    may_act(request.user, catalog, [act])
    (outcome,) = review_acts(catalog=catalog, acts=[act], actor=request.user, sample=sample)
    if outcome.state == OutcomeState.REFUSED:
        return refused(request, outcome.message, _here(request, slug))
    words = {ActKind.ACCEPT: "Accepted.", ActKind.REJECT: "Rejected.", ActKind.EDIT: "Changed."}
    undo = (
        ""
        if act.kind == ActKind.UNDO
        else reverse("catalog:review_undo", args=[slug, act.entry_id])
    )
    return _decided(request, slug, outcome.message or words.get(act.kind, "Taken back."), undo=undo)


def _here(request: Request, slug: str, after: str = "") -> str:
    """The queue as it was narrowed, from the form's own fields."""
    sample = request.POST.get("sample", "")
    parameters = Narrowed.of(request.POST).parameters()
    parameters |= {name: v for name, v in (("sample", sample), ("after", after)) if v.isdigit()}
    query = f"?{urlencode(parameters)}" if parameters else ""
    return reverse("catalog:review", args=[slug]) + query


def _decided(
    request: Request, slug: str, message: str, *, after: str = "", undo: str = ""
) -> HttpResponseBase:
    return done(request, message, _here(request, slug, after), undo_url=undo)


@require_POST
@login_required
def review_undo(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Take back what was decided on one suggestion."""
    catalog = opened(request, slug)
    act = Act(pk, ActKind.UNDO)
    may_act(request.user, catalog, [act])
    (outcome,) = review_acts(catalog=catalog, acts=[act], actor=request.user)
    here = reverse("catalog:review", args=[slug])
    if outcome.state == OutcomeState.REFUSED:
        return refused(request, outcome.message, here)
    return done(request, outcome.message or "Taken back: it waits again.", here)


def _decide_many(request: Request, catalog: Catalog) -> HttpResponseBase:
    try:
        body = json.loads(request.body)
        acts = _acts(body["decisions"])
        sample = sample_in(catalog, int(body.get("sample") or 0))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        message = "Send decisions: a list of {entry, act, value}."
        return json_error(message, code="invalid", status=HTTPStatus.BAD_REQUEST)
    may_act(request.user, catalog, acts)
    outcomes = review_acts(catalog=catalog, acts=acts, actor=request.user, sample=sample)
    answer: dict[str, Any] = {"outcomes": [outcome_json(outcome) for outcome in outcomes]}
    if sample is not None:
        answer["sample"] = sample_words(sample)
    return JsonResponse(answer)


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {"entry": outcome.entry_id, "state": outcome.state, "message": outcome.message}


def _acts(decisions: list[dict[str, Any]]) -> list[Act]:
    """What the script sends. Raises ValueError, TypeError or KeyError for what cannot be read."""
    if not 0 < len(decisions) <= MOST_ACTS:
        raise ValueError("send some")
    return [
        Act(number(str(each["entry"]), 0), ActKind(each["act"]), each.get("value"))
        for each in decisions
    ]


def may_act(user: object, catalog: Catalog, acts: Sequence[Act]) -> None:
    """Deciding is a reviewer's, writing something else an editor's; everybody takes back what is
    their own, and nobody else's. Raises PermissionDenied.
    """
    role = selectors.role_in(user, catalog)
    for act in acts:
        needed = selectors.EDIT if act.kind == ActKind.EDIT else selectors.REVIEW
        if act.kind != ActKind.UNDO and role not in needed:
            raise PermissionDenied(selectors.READ_ONLY)
