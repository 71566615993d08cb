"""What machines suggest, decided on from the product's page; acts taken back; histories of fields."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog import provenance as reading
from catalog import selectors
from catalog.models import LedgerEntry, Product
from catalog.services.acts import Act, product_undo
from catalog.services.attribute_values import CATEGORY, COLUMN_FIELDS
from catalog.services.suggestions import (
    suggestion_decide,
    suggestion_replace,
    suggestion_undecide,
    suggestions_decide,
)
from catalog.views import present, provenance
from catalog.views.attributes import form_values
from catalog.views.http import Request, done, first_message, refused, toast
from catalog.views.product import product_in, trust_values

CHANGED_SINCE = "Undone. What was changed by hand since stays as it is."


def _entry(product: Product, pk: int) -> LedgerEntry:
    entry = LedgerEntry.objects.filter(product=product, pk=pk).select_related("variant").first()
    if entry is None:
        raise Http404
    return entry


@require_POST
@login_required
def suggestion_accept(request: Request, slug: str, pk: int, entry: int) -> HttpResponseBase:
    return _decide(request, slug, pk, entry, accept=True)


@require_POST
@login_required
def suggestion_reject(request: Request, slug: str, pk: int, entry: int) -> HttpResponseBase:
    return _decide(request, slug, pk, entry, accept=False)


def _decide(request: Request, slug: str, pk: int, entry: int, *, accept: bool) -> HttpResponseBase:
    product = product_in(request, slug, pk, selectors.REVIEW)
    row = _entry(product, entry)
    try:
        suggestion_decide(entry=row, accept=accept, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), product.get_absolute_url())
    name = provenance.field_label(row.field, present.Labels(product.catalog.language))
    message = f"{name} {'accepted' if accept else 'rejected'}."
    undo_url = reverse("catalog:suggestion_undo", args=[slug, pk, entry])
    return _changed(request, slug, pk, message, undo_url)


def _changed(request: Request, slug: str, pk: int, message: str, undo_url: str) -> HttpResponseBase:
    """The parts of the page that a decision may change, with the message and its way back."""
    product = product_in(request, slug, pk)
    if not request.htmx:
        return done(request, message, product.get_absolute_url(), undo_url=undo_url)
    values = trust_values(request, product, present.Labels(product.catalog.language))
    response = render(request, "catalog/_decided.html", values)
    return toast(response, message, undo_url=undo_url)


@require_POST
@login_required
def suggestion_undo(request: Request, slug: str, pk: int, entry: int) -> HttpResponseBase:
    """Take back a decision on a suggestion."""
    product = product_in(request, slug, pk, selectors.REVIEW)
    row = _entry(product, entry)
    here = product.get_absolute_url()
    try:
        whole = suggestion_undecide(entry=row, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    return done(request, "Undone." if whole else CHANGED_SINCE, here)


@require_http_methods(["GET", "POST"])
@login_required
def suggestion_edit(request: Request, slug: str, pk: int, entry: int) -> HttpResponseBase:
    """GET: the suggestion as a form. POST: the person's own value in its place.

    "shown" in the address answers a GET with the suggestion itself, for cancelling.
    """
    product = product_in(request, slug, pk, selectors.EDIT)
    row = _entry(product, entry)
    labels = present.Labels(product.catalog.language)
    errors: list[str] = []
    if request.method == "POST":
        values: Any = request.POST.getlist("value")
        value = values[0] if row.field in COLUMN_FIELDS and values else values
        try:
            suggestion_replace(entry=row, value=value, actor=request.user)
        except ValidationError as error:
            errors = [first_message(error)]
        else:
            name = provenance.field_label(row.field, labels)
            undo_url = reverse("catalog:act_undo", args=[slug, pk, "decided", entry])
            return _changed(request, slug, pk, f"{name} saved.", undo_url)
    elif "shown" in request.GET:
        return _shown(request, product, row, labels)
    shown = _edit_values(product, row, labels, errors, request)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    template = "catalog/_suggestion_form.html" if request.htmx else "catalog/suggestion_edit.html"
    return render(request, template, shown, status=status)


def _shown(
    request: Request, product: Product, row: LedgerEntry, labels: present.Labels
) -> HttpResponseBase:
    """The suggestion as it stands in the panel; nothing where it does not any more."""
    role = selectors.role_in(request.user, product.catalog)
    panel = provenance.suggestions(product, labels, role)
    item = next((each for each in panel["items"] if each["entry"].pk == row.pk), None)
    if item is None:
        return HttpResponse()
    values = {"catalog": product.catalog, "product": product, "suggestions": panel, "item": item}
    return render(request, "catalog/_suggestion.html", values)


def _edit_values(
    product: Product,
    row: LedgerEntry,
    labels: present.Labels,
    errors: list[str],
    request: Request,
) -> dict[str, Any]:
    typed = request.POST.getlist("value") if errors else None
    values: dict[str, Any] = {
        "catalog": product.catalog,
        "product": product,
        "entry": row,
        "errors": errors,
        "label": provenance.field_label(row.field, labels),
    }
    if row.field not in COLUMN_FIELDS:
        known = row.field == CATEGORY or row.field in labels.definitions
        if not known:
            raise Http404
        shown = form_values(product, row.field, labels, typed or row.value or [])
        # More than one suggestion of a field may be open, each with a form of its own.
        shown["attribute"] = {**shown["attribute"], "field": f"{row.field}-{row.pk}"}
        return {**values, **shown}
    text = typed[0] if typed else str(row.value[0] if row.value else "")
    return {
        **values,
        "attribute": {"field": f"{row.field}-{row.pk}", "label": values["label"]},
        "control": "long" if row.field in provenance.LONG else "text",
        "text": text,
    }


@require_POST
@login_required
def suggestions_accept(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Accept every suggestion of the product that machines are sure of."""
    product = product_in(request, slug, pk, selectors.REVIEW)
    rows = provenance.confident(reading.suggestions_of(product))
    refusals = suggestions_decide(entries=rows, accept=True, actor=request.user)
    accepted = [row for row in rows if row.pk not in refusals]
    if not accepted:
        why = next((first_message(each) for each in refusals.values()), "")
        message = why or "No suggestion is sure enough to be accepted unseen."
        return refused(request, message, product.get_absolute_url())
    count = len(accepted)
    message = f"{count} suggestion{'s' if count != 1 else ''} accepted."
    if refusals:
        message += f" {len(refusals)} could not be: {first_message(next(iter(refusals.values())))}"
    undo_url = reverse("catalog:act_undo", args=[slug, pk, "decided", accepted[0].pk])
    return _changed(request, slug, pk, message, undo_url)


@require_POST
@login_required
def act_undo(request: Request, slug: str, pk: int, what: str, entry: int) -> HttpResponseBase:
    """Take back the act that wrote or decided on an entry: all that it did on this product."""
    product = product_in(request, slug, pk, selectors.MOVE)
    row = _entry(product, entry)
    act = Act.that_decided(row) if what == "decided" else Act.that_wrote(row)
    here = product.get_absolute_url()
    if act is None:
        return refused(request, "This was taken back already.", here)
    needed = selectors.EDIT if act.wrote().exists() else selectors.REVIEW
    if not selectors.may(request.user, product.catalog, needed):
        raise PermissionDenied(selectors.READ_ONLY)
    try:
        undone = product_undo(product=product, act=act, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    return done(request, CHANGED_SINCE if undone.kept else "Undone.", here)


@require_safe
@login_required
def field_history(request: Request, slug: str, pk: int, field: str) -> HttpResponseBase:
    """Everything that was ever said of one field."""
    product = product_in(request, slug, pk)
    labels = present.Labels(product.catalog.language)
    rows = reading.history_of(product, field)
    known = rows or field == CATEGORY or field in labels.definitions or field in COLUMN_FIELDS
    if not known:
        raise Http404
    values = {
        "catalog": product.catalog,
        "product": product,
        "field": field,
        "label": provenance.field_label(field, labels),
        "rows": provenance.field_rows(rows, labels, reading.counting_in(product, field)),
    }
    template = "catalog/_field_history.html" if request.htmx else "catalog/field_history.html"
    return render(request, template, values)
