"""The catalogue as a grid, with acts on many products at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import selectors
from catalog.models import Catalog, Product, ProductStatus
from catalog.services import products as services
from catalog.views import present
from catalog.views.http import Request, done, first_message, ids, number, refused

PAGE = 48
MOST_AT_ONCE = 500
NEWEST = "newest"
ORDERS = {
    NEWEST: ("Newest first", ("-created_at", "-pk")),
    "oldest": ("Oldest first", ("created_at", "pk")),
    "title": ("Title", ("title", "pk")),
    "changed": ("Last changed", ("-updated_at", "-pk")),
}
STATUS_ACTION = "status:"


@require_safe
@login_required
def products(request: HttpRequest, slug: str) -> HttpResponseBase:
    catalog = selectors.catalog_for(request.user, slug)
    may_edit = selectors.may(request.user, catalog)
    everything = selectors.products_in(catalog)
    status = request.GET.get("status", "")
    status = status if status in ProductStatus.values else ""
    order = request.GET.get("order", NEWEST)
    order = order if order in ORDERS else NEWEST
    shown = everything.filter(status=status) if status else everything
    paginator = Paginator(selectors.with_details(shown.order_by(*ORDERS[order][1])), PAGE)
    page = paginator.get_page(number(request.GET.get("page"), 1))
    values = {
        "catalog": catalog,
        "cards": [present.card(product) for product in page.object_list],
        "page": page,
        "previous_url": _url(status, order, page.number - 1) if page.has_previous() else "",
        "next_url": _url(status, order, page.number + 1) if page.has_next() else "",
        "status": status,
        "status_label": dict(ProductStatus.choices).get(status, ""),
        "tabs": tabs(catalog, status=status, order=order, may_edit=may_edit),
        "order": order,
        "orders": [{"value": value, "label": label} for value, (label, _) in ORDERS.items()],
        "may_edit": may_edit,
        "actions": _bulk_actions(request.user, catalog),
    }
    return render(request, "catalog/products.html", values)


def tabs(
    catalog: Catalog,
    *,
    status: str = "",
    order: str = NEWEST,
    may_edit: bool = False,
    deleted: bool = False,
) -> list[dict[str, object]]:
    """For components/tabs.html: all, every status, and for editors what is deleted, each counted."""
    rows = selectors.products_in(catalog).order_by().values_list("status")
    counts: dict[str, int] = dict(rows.annotate(count=Count("pk")))
    here = reverse("catalog:products", args=[catalog.slug])
    choices = [("", "All", sum(counts.values()))]
    choices += [(value, label, counts.get(value, 0)) for value, label in ProductStatus.choices]
    shown: list[dict[str, object]] = [
        {
            "label": label,
            "url": here + _url(value, order),
            "current": not deleted and status == value,
            "count": count,
        }
        for value, label, count in choices
    ]
    if may_edit:
        shown.append(
            {
                "label": "Deleted",
                "icon": "trash",
                "url": reverse("catalog:products_deleted", args=[catalog.slug]),
                "current": deleted,
                "count": selectors.deleted_products_in(catalog).count(),
            }
        )
    return shown


def _url(status: str, order: str, page: int = 1) -> str:
    """The address of a page of the list, without what is as usual."""
    address = QueryDict(mutable=True)
    if status:
        address["status"] = status
    if order != NEWEST:
        address["order"] = order
    if page > 1:
        address["page"] = str(page)
    return f"?{address.urlencode()}"


def _bulk_actions(user: object, catalog: Catalog) -> list[dict[str, Any]]:
    """For components/bulk_bar.html: what the person may do here."""
    role = selectors.role_in(user, catalog)
    acts: list[tuple[frozenset, dict[str, Any]]] = [
        (roles, {"value": f"{STATUS_ACTION}{status}", "label": label, "icon": icon})
        for roles, status, label, icon in (
            (selectors.MOVE, ProductStatus.DRAFT, "Back to draft", "circle"),
            (selectors.MOVE, ProductStatus.IN_REVIEW, "Send to review", "circle-half"),
            (selectors.REVIEW, ProductStatus.APPROVED, "Approve", "check"),
            (selectors.MOVE, ProductStatus.ARCHIVED, "Archive", "archive"),
        )
    ]
    delete = {"value": "delete", "label": "Delete", "icon": "trash", "danger": True}
    return [act for roles, act in [*acts, (selectors.EDIT, delete)] if role in roles]


@require_POST
@login_required
def products_bulk(request: Request, slug: str) -> HttpResponseBase:
    """Do one thing to the chosen products."""
    action = request.POST.get("action", "")
    roles = selectors.EDIT if action == "delete" else selectors.MOVE
    catalog = selectors.catalog_for(request.user, slug, roles)
    here = reverse("catalog:products", args=[slug])
    chosen = _chosen(catalog, request.POST)
    if not chosen:
        return refused(request, "Choose at least one product.", here)
    try:
        if action == "delete":
            return _delete(request, catalog, chosen)
        if action.startswith(STATUS_ACTION):
            return _move(request, catalog, chosen, action.removeprefix(STATUS_ACTION))
    except ValidationError as error:
        return refused(request, first_message(error), here)
    return refused(request, "Choose what to do with them.", here)


def _chosen(catalog: Catalog, form: QueryDict) -> list[Product]:
    wanted = ids(form.getlist("product"))[:MOST_AT_ONCE]
    return list(selectors.products_in(catalog).filter(pk__in=wanted).select_related("catalog"))


def _move(
    request: Request, catalog: Catalog, chosen: list[Product], status: str
) -> HttpResponseBase:
    here = reverse("catalog:products", args=[catalog.slug])
    for now in {product.status for product in chosen}:
        if not selectors.may_set_status(request.user, catalog, now, status):
            return refused(request, f"Nothing was changed. {selectors.APPROVERS_ONLY}", here)
    count = services.products_set_status(products=chosen, status=status, actor=request.user)
    return done(request, f"{count_of(count)} changed.", here)


def count_of(number_of: int) -> str:
    return "1 product" if number_of == 1 else f"{number_of} products"


def _delete(request: Request, catalog: Catalog, chosen: Iterable[Product]) -> HttpResponseBase:
    deleted = services.products_delete(products=chosen, actor=request.user)
    here = reverse("catalog:products", args=[catalog.slug])
    return done(
        request, f"{count_of(len(deleted))} deleted.", here, undo_url=restore_url(catalog, deleted)
    )


def restore_url(catalog: Catalog, deleted: Iterable[int]) -> str:
    """Where an undo button posts to."""
    address = QueryDict(mutable=True)
    address.setlist("product", [str(pk) for pk in deleted])
    return f"{reverse('catalog:products_restore', args=[catalog.slug])}?{address.urlencode()}"
