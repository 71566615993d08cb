"""Attributes on the product's page: shown, edited, unlocked, undone, one row at a time."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from catalog import selectors
from catalog.models import AttributeKind, Category, Product, TermState
from catalog.services.attribute_values import CATEGORY
from catalog.services.ledger import attribute_set, attribute_undo, attribute_unlock
from catalog.views import present
from catalog.views.http import Request, done, first_message, refused, toast
from catalog.views.product import product_in


@require_http_methods(["GET", "POST"])
@login_required
def attribute_edit(request: Request, slug: str, pk: int, field: str) -> HttpResponseBase:
    """GET: the row as a form. POST: gives the field its value and answers with the row.

    "shown" in the address answers a GET with the plain row, for cancelling.
    """
    product = product_in(request, slug, pk, selectors.EDIT)
    labels = present.Labels()
    if field != CATEGORY and field not in labels.definitions:
        raise Http404
    error = ""
    if request.method == "POST":
        values = request.POST.getlist("value")
        try:
            attribute_set(product=product, field=field, value=values, actor=request.user)
        except ValidationError as problem:
            error = first_message(problem)
        else:
            return _after_change(request, product_in(request, slug, pk), field, "Saved.")
    elif "shown" in request.GET:
        return render(request, "catalog/_attribute.html", _row_values(product, field, labels))
    values_now = _form_values(product, field, labels)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    template = "catalog/_attribute_form.html" if request.htmx else "catalog/attribute_edit.html"
    return render(request, template, {**values_now, "error": error}, status=status)


def _after_change(request: Request, product: Product, field: str, message: str) -> HttpResponseBase:
    undo_url = reverse("catalog:attribute_undo", args=[product.catalog.slug, product.pk, field])
    if not request.htmx:
        return done(request, message, product.get_absolute_url(), undo_url=undo_url)
    values = _row_values(product, field, present.Labels())
    response = render(request, "catalog/_attribute.html", values)
    return toast(response, message, undo_url=undo_url)


def _row_values(product: Product, field: str, labels: present.Labels) -> dict[str, Any]:
    rows = [row for row in present.attributes(product, labels) if row["field"] == field]
    empty = {
        "field": field,
        "label": "Category" if field == CATEGORY else labels.field(field),
        "values": [],
        "locked": False,
    }
    return {
        "catalog": product.catalog,
        "product": product,
        "attribute": rows[0] if rows else empty,
        "may_edit": True,
    }


def _form_values(product: Product, field: str, labels: present.Labels) -> dict[str, Any]:
    """What the form offers: `kind`, `options` (value, label, checked) and the present `text`."""
    row = _row_values(product, field, labels)
    current = [value["value"] for value in row["attribute"]["values"]]
    if field == CATEGORY:
        chosen = product.category.path if product.category else ""
        tree = [
            {"value": c.path, "label": c.label(), "depth": c.path.count("/"), "checked": False}
            for c in Category.objects.order_by("path")
        ]
        for option in tree:
            option["checked"] = option["value"] == chosen
        return {**row, "kind": CATEGORY, "options": tree, "text": chosen}
    definition = labels.definitions[field]
    terms = [term for term in definition.terms.all() if term.state == TermState.ACTIVE]
    options = [
        {
            "value": term.key,
            "label": term.label(),
            "checked": term.key in current,
            "hex": present.color_hex(field, term.key),
        }
        for term in terms
    ]
    is_choice = definition.kind in {AttributeKind.CHOICE, AttributeKind.MULTI_CHOICE}
    return {
        **row,
        "kind": str(definition.kind),
        "is_choice": is_choice,
        "options": options,
        "unit": definition.unit,
        "text": "" if is_choice else ", ".join(str(value) for value in current),
    }


@require_POST
@login_required
def attribute_unlock_view(request: Request, slug: str, pk: int, field: str) -> HttpResponseBase:
    """Let machines fill the field again."""
    product = product_in(request, slug, pk, selectors.EDIT)
    attribute_unlock(product=product, field=field, actor=request.user)
    fresh = product_in(request, slug, pk)
    return _after_change(request, fresh, field, "Unlocked.")


@require_POST
@login_required
def attribute_undo_view(request: Request, slug: str, pk: int, field: str) -> HttpResponseBase:
    """Take back the last value a person or an import gave to the field."""
    product = product_in(request, slug, pk, selectors.EDIT)
    here = product.get_absolute_url()
    if not attribute_undo(product=product, field=field, actor=request.user):
        return refused(request, "There is nothing to undo.", here)
    if request.htmx:
        response = HttpResponse(status=HTTPStatus.NO_CONTENT)
        response["HX-Redirect"] = here
        return response
    return done(request, "Undone.", here)
