"""Attributes on the product's page: shown, edited, unlocked, undone, one row at a time."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from catalog import selectors
from catalog.models import AttributeDefinition, AttributeKind, Product, TermState
from catalog.services.attribute_values import CATEGORY
from catalog.services.ledger import attribute_set, attribute_undo, attribute_unlock
from catalog.views import present, provenance
from catalog.views.http import Request, done, first_message, refused, toast
from catalog.views.product import product_in


@require_http_methods(["GET", "POST"])
@login_required
def attribute_edit(request: Request, slug: str, pk: int, field: str) -> HttpResponseBase:
    """GET: the row as a form. POST: gives the field its value and answers with the row.

    "shown" in the address answers a GET with the plain row, for cancelling.
    """
    product = product_in(request, slug, pk, selectors.EDIT)
    labels = present.Labels(product.catalog.language)
    if field != CATEGORY and field not in labels.definitions:
        raise Http404
    errors: list[str] = []
    if request.method == "POST":
        values = request.POST.getlist("value")
        try:
            attribute_set(product=product, field=field, value=values, actor=request.user)
        except ValidationError as problem:
            errors = [first_message(problem)]
        else:
            undo_url = reverse("catalog:attribute_undo", args=[slug, pk, field])
            fresh = product_in(request, slug, pk)
            return _after_change(request, fresh, field, "Saved.", undo_url)
    elif "shown" in request.GET:
        return render(
            request, "catalog/_attribute.html", _row_values(request, product, field, labels)
        )
    values_now = form_values(product, field, labels)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    template = "catalog/_attribute_form.html" if request.htmx else "catalog/attribute_edit.html"
    return render(request, template, {**values_now, "errors": errors}, status=status)


def _after_change(
    request: Request, product: Product, field: str, message: str, undo_url: str = ""
) -> HttpResponseBase:
    if not request.htmx:
        return done(request, message, product.get_absolute_url(), undo_url=undo_url)
    labels = present.Labels(product.catalog.language)
    role = selectors.role_in(request.user, product.catalog)
    values = {
        **_row_values(request, product, field, labels),
        # What was suggested of the field may not differ from it any more.
        "suggestions": provenance.suggestions(product, labels, role),
    }
    response = render(request, "catalog/_attribute_changed.html", values)
    return toast(response, message, undo_url=undo_url)


def _row_values(
    request: Request, product: Product, field: str, labels: present.Labels
) -> dict[str, Any]:
    behind = provenance.behind(request.user, product, labels)
    rows = [row for row in present.attributes(product, labels, behind) if row["field"] == field]
    return {
        "catalog": product.catalog,
        "product": product,
        "attribute": rows[0] if rows else _empty(field, labels),
        "may_edit": True,
    }


def _bare(product: Product, field: str, labels: present.Labels) -> dict[str, Any]:
    """The attribute without what stands behind it."""
    rows = [row for row in present.attributes(product, labels) if row["field"] == field]
    return rows[0] if rows else _empty(field, labels)


def _empty(field: str, labels: present.Labels) -> dict[str, Any]:
    label = "Category" if field == CATEGORY else labels.field(field)
    return {"field": field, "label": label, "values": [], "locked": False}


def form_values(
    product: Product, field: str, labels: present.Labels, value: list | None = None
) -> dict[str, Any]:
    """What the form offers: `control` is "tree" (with `groups`), "choices" (with `options`), or the
    kind of a value that is typed (with `text`). It starts from `value`, or else what counts.
    """
    row: dict[str, Any] = {
        "catalog": product.catalog,
        "product": product,
        "attribute": _bare(product, field, labels),
    }
    current = value
    if current is None:
        current = [each["value"] for each in row["attribute"]["values"]]
    if field == CATEGORY:
        chosen = str(current[0]) if current else ""
        return {**row, "control": "tree", "groups": _category_groups(product, chosen)}
    definition = labels.definitions[field]
    if definition.kind == AttributeKind.BOOLEAN:
        options = [
            {"value": text, "label": label, "checked": current == [truth]}
            for text, label, truth in (("true", "Yes", True), ("false", "No", False))
        ]
        return {**row, "control": "choices", "options": _focused(options), "chosen": current}
    if definition.kind not in {AttributeKind.CHOICE, AttributeKind.MULTI_CHOICE}:
        text = ", ".join(str(value) for value in current)
        return {**row, "control": str(definition.kind), "unit": definition.unit, "text": text}
    return {
        **row,
        "control": "choices",
        "options": _focused(_term_options(product, definition, current)),
        "chosen": current,
        "multiple": definition.kind == AttributeKind.MULTI_CHOICE,
        "open": not definition.closed,
    }


def _category_groups(product: Product, chosen: str) -> list[dict[str, Any]]:
    """The tree as groups of a select: one for each root, its own entry first."""
    language = product.catalog.language
    nodes = selectors.categories_to_choose(product.catalog, chosen)
    groups: dict[str, dict[str, Any]] = {}
    for path in sorted(nodes, key=lambda path: (nodes[path.split("/")[0]].position, path)):
        root, *below = path.split("/")
        steps = ["/".join([root, *below[: n + 1]]) for n in range(len(below))]
        trail = " › ".join(nodes[step].label(language) for step in steps)
        name = nodes[root].label(language)
        group = groups.setdefault(root, {"label": name, "options": []})
        label = trail or f"{name} (any)"
        group["options"].append({"value": path, "label": label, "checked": path == chosen})
    return list(groups.values())


def _term_options(
    product: Product, definition: AttributeDefinition, current: list
) -> list[dict[str, Any]]:
    """The terms that fit the product's category, and those that it has already."""
    terms = definition.terms.filter(state=TermState.ACTIVE)
    if product.category is not None:
        here = Q(categories=None) | Q(categories__path__in=present.category_paths(product))
        terms = terms.filter(here | Q(key__in=current)).distinct()
    return [
        {
            "value": term.key,
            "label": term.label(product.catalog.language),
            "checked": term.key in current,
            "hex": present.color_hex(definition.key, term.key),
        }
        for term in terms
    ]


def _focused(options: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same options, where the keyboard starts marked: the chosen one, or the first."""
    start = next((n for n, option in enumerate(options) if option["checked"]), 0)
    return [{**option, "focus": n == start} for n, option in enumerate(options)]


@require_POST
@login_required
def attribute_unlock_view(request: Request, slug: str, pk: int, field: str) -> HttpResponseBase:
    """Let machines fill the field again."""
    product = product_in(request, slug, pk, selectors.EDIT)
    if not selectors.has_attribute(product, field):
        raise Http404
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
