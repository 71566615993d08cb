"""A whole screen of one field of one category at a time: what is suggested, grouped by value."""

from __future__ import annotations

import json
import math
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import reviews, selectors
from catalog.models import Batch, Catalog
from catalog.reviews import Narrowed
from catalog.services.attribute_values import COLUMN_FIELDS, check_text
from catalog.services.going_back import batch_undo
from catalog.services.review_grids import Decided, grid_change, grid_decide
from catalog.services.review_samples import SIZE
from catalog.views.http import Request, done, first_message, ids, number, refused
from catalog.views.jobs import begun
from catalog.views.review import opened, rights, trail
from catalog.views.review_items import Vocabulary, items

PAGE = 60
SHOWN_GROUPS = 40
# A form cannot name more than a page of them.
MOST_AT_ONCE = 200


@require_safe
@login_required
def review_picker(request: Request, slug: str) -> HttpResponseBase:
    """Which fields and categories have open suggestions, and how many.

    A sample is offered where it would leave some to speak for.
    """
    catalog = opened(request, slug)
    vocabulary = Vocabulary(catalog.language)
    fields: list[dict[str, Any]] = []
    for field, counts in reviews.open_by_category(catalog).items():
        view = "catalog:review" if field in COLUMN_FIELDS else "catalog:review_grid"
        total = sum(count for _, count in counts)
        fields.append(
            {
                "field": field,
                "label": vocabulary.field(field),
                "is_text": field in COLUMN_FIELDS,
                "count": total,
                "url": reverse(view, args=[slug]) + f"?{urlencode({'field': field})}",
                "sample_url": _sample_url(slug, field, "") if total > SIZE else "",
                "categories": [
                    {
                        "label": vocabulary.trail(category.path) if category else "No category",
                        "count": count,
                        "url": _url(view, slug, field, category.path if category else ""),
                        "sample_url": _sample_url(slug, field, category.path)
                        if category and count > SIZE
                        else "",
                    }
                    for category, count in counts
                ],
            }
        )
    fields.sort(key=lambda row: (row["is_text"], -row["count"]))
    values = {
        "catalog": catalog,
        "fields": fields,
        "breadcrumbs": trail(slug, ("One attribute at a time", "")),
    }
    return render(request, "catalog/review_picker.html", values)


def _url(view: str, slug: str, field: str, category: str) -> str:
    return f"{reverse(view, args=[slug])}?{urlencode(Narrowed(field, category).parameters())}"


def _sample_url(slug: str, field: str, category: str) -> str:
    return _url("catalog:review_samples", slug, field, category)


def _value(text: str) -> list | None:
    """The value of a group from an address. Raises Http404 for what is none."""
    try:
        value = json.loads(text)
        if value is None:
            return None
        for each in value if isinstance(value, list) else [value]:
            if not _is_plain(each):
                raise Http404
            check_text("value", each)
    except (ValueError, RecursionError, ValidationError) as error:
        raise Http404 from error
    if not isinstance(value, list):
        raise Http404
    return value


def _is_plain(value: object) -> bool:
    """Whether it is text or a number that databases can compare."""
    return isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


@require_safe
@login_required
def review_grid(request: Request, slug: str) -> HttpResponseBase:
    """Photos of products with what is suggested of them, equal values together."""
    catalog = opened(request, slug)
    narrowed = Narrowed.of(request.GET)
    if not narrowed.field:
        return redirect("catalog:review_picker", slug)
    if narrowed.field in COLUMN_FIELDS:
        # Texts differ from product to product: one at a time.
        return redirect(_url("catalog:review", slug, narrowed.field, narrowed.category))
    rows = reviews.open_suggestions(catalog, narrowed)
    groups = reviews.groups(rows)
    chosen = request.GET.get("value", "")
    shown = rows
    if chosen:
        value = _value(chosen)
        shown = rows.filter(value__isnull=True) if value is None else rows.filter(value=value)
    vocabulary = Vocabulary(catalog.language)
    paginator = Paginator(reviews.grouped(shown), PAGE)
    page = paginator.get_page(number(request.GET.get("page"), 1))
    cards = items([row.pk for row in page.object_list], catalog, vocabulary)
    here = reverse("catalog:review_grid", args=[slug])
    parameters = narrowed.parameters()
    values = {
        "catalog": catalog,
        "narrowed": narrowed,
        "breadcrumbs": trail(
            slug,
            ("One attribute at a time", "catalog:review_picker"),
            (vocabulary.field(narrowed.field), ""),
        ),
        "value": chosen,
        "page": page,
        "count": sum(count for _, count in groups),
        "field_label": vocabulary.field(narrowed.field),
        "category_label": vocabulary.trail(narrowed.category) if narrowed.category else "",
        "groups": [
            {
                "values": vocabulary.values(narrowed.field, value),
                "count": count,
                "url": f"{here}?{urlencode({**parameters, 'value': json.dumps(value)})}",
                "current": bool(chosen) and _value(chosen) == value,
            }
            for value, count in groups[:SHOWN_GROUPS]
        ],
        "more_groups": max(len(groups) - SHOWN_GROUPS, 0),
        "all_url": f"{here}?{urlencode(parameters)}",
        "cards": _sections(cards),
        "options": vocabulary.options(narrowed.field, narrowed.category),
        "control": vocabulary.control(narrowed.field),
        "previous_url": _page_url(request, page.number - 1) if page.has_previous() else "",
        "next_url": _page_url(request, page.number + 1) if page.has_next() else "",
        "sample_url": _sample_url(slug, narrowed.field, narrowed.category),
        "queue_url": _url("catalog:review", slug, narrowed.field, narrowed.category),
        **rights(request, catalog),
    }
    return render(request, "catalog/review_grid.html", values)


def _sections(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cards of a page, those with the same value together."""

    def value(card: dict[str, Any]) -> str:
        return repr([each["value"] for each in card["suggested"]])

    sections = [list(group) for _, group in groupby(cards, value)]
    return [{"suggested": group[0]["suggested"], "cards": group} for group in sections]


def _page_url(request: Request, page: int) -> str:
    address = request.GET.copy()
    address["page"] = str(page)
    return f"?{address.urlencode()}"


@require_POST
@login_required
def review_grid_act(request: Request, slug: str) -> HttpResponseBase:
    """Do one thing to the suggestions of a page, or to the marked ones, as one act."""
    act = request.POST.get("act", "")
    roles = selectors.EDIT if act == "change" else selectors.REVIEW
    catalog = selectors.catalog_for(request.user, slug, roles)
    narrowed = Narrowed.of(request.POST)
    parameters = narrowed.parameters()
    if request.POST.get("shown_value"):
        parameters["value"] = request.POST["shown_value"]
    here = f"{reverse('catalog:review_grid', args=[slug])}?{urlencode(parameters)}"
    shown = ids(request.POST.getlist("entry"))[:MOST_AT_ONCE]
    marked = set(ids(request.POST.getlist("marked")))
    chosen = {
        "accept": shown,
        "accept_unmarked": [pk for pk in shown if pk not in marked],
        "accept_marked": [pk for pk in shown if pk in marked],
        "reject": [pk for pk in shown if pk in marked],
        "change": [pk for pk in shown if pk in marked],
    }.get(act, [])
    if not chosen:
        return refused(request, "Mark at least one of them.", here)
    try:
        decided = _act(catalog, act, chosen, narrowed.field, request)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    undo = reverse("catalog:review_batch_undo", args=[slug, decided.batch.pk])
    return done(request, _told(act, decided), here, undo_url=f"{undo}?{urlencode(parameters)}")


def _act(catalog: Catalog, act: str, chosen: list[int], field: str, request: Request) -> Decided:
    name = Vocabulary(catalog.language).field(field)
    if act == "change":
        value = [text for text in request.POST.getlist("value") if text.strip()]
        if not value:
            raise ValidationError("Choose the value that is right instead.")
        label = f"Changed in review: {name}"
        return grid_change(
            catalog=catalog, ids=chosen, value=value, label=label, actor=request.user
        )
    accept = act != "reject"
    label = f"{'Accepted' if accept else 'Rejected'} in review: {name}"
    return grid_decide(catalog=catalog, ids=chosen, accept=accept, label=label, actor=request.user)


def _told(act: str, decided: Decided) -> str:
    word = {"change": "changed", "reject": "rejected"}.get(act, "accepted")
    told = f"{decided.count} {word}."
    if decided.refused:
        told += f" {len(decided.refused)} left alone: {_first(decided.refused)}"
    return told


def _first(refused_ones: dict[int, ValidationError]) -> str:
    return first_message(next(iter(refused_ones.values())))


@require_POST
@login_required
def review_batch_undo(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Take back a whole act of the review, and go back to where it was done."""
    catalog = opened(request, slug)
    batch = Batch.objects.filter(catalog=catalog, pk=pk).select_related("catalog").first()
    if batch is None:
        raise Http404
    selectors.check_undo(request.user, batch)
    sample = number(request.GET.get("sample"), 0)
    narrowed = Narrowed.of(request.GET)
    if sample:
        here = reverse("catalog:review_sample", args=[slug, sample])
    elif narrowed.field:
        here = f"{reverse('catalog:review_grid', args=[slug])}?{request.GET.urlencode()}"
    else:
        here = reverse("catalog:review", args=[slug])
    try:
        undone = batch_undo(batch=batch, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    if undone.job is not None:
        return begun(request, undone, here)
    return done(request, f"Undone: {undone.result['values']} wait again.", here)
