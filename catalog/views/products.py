"""The catalogue as a grid, filtered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog import selectors
from catalog.browsing import ORDERS, Browse
from catalog.models import Catalog, ProductStatus
from catalog.views import present
from catalog.views.browse import chips, query
from catalog.views.bulk_acts import acts_here
from catalog.views.http import Request, number
from catalog.views.words import count_of

PAGE = 48
MOST_AT_ONCE = 500
STATUS_ACTION = "status:"
DESCRIBE = "describe"
RUN_TOOL = "tool"
EXPORT = "export"
PUBLISH = "publish"


@require_safe
@login_required
def products(request: Request, slug: str) -> HttpResponseBase:
    catalog = selectors.catalog_for(request.user, slug)
    may_edit = selectors.may(request.user, catalog)
    browse = Browse.of(request.GET)
    paginator = Paginator(selectors.with_details(browse.products(catalog)), PAGE)
    page = paginator.get_page(number(request.GET.get("page"), 1))
    tab = replace(
        Browse(),
        status=browse.status,
        changed=browse.changed,
        added=browse.added,
        order=browse.order,
    )
    values = {
        "catalog": catalog,
        "cards": [present.card(product) for product in page.object_list],
        "page": page,
        "previous_url": query(browse, page.number - 1) if page.has_previous() else "",
        "next_url": query(browse, page.number + 1) if page.has_next() else "",
        "browse": browse,
        "filters": [pair for pair in browse.parameters() if pair[0] != "order"],
        "query": query(browse),
        "chips": chips(browse, present.Labels(catalog.language)) if browse.is_filtered else [],
        "clear_url": query(tab),
        "tabs": tabs(catalog, browse, may_edit=may_edit),
        "order": browse.order,
        "orders": [{"value": value, "label": label} for value, (label, _) in ORDERS.items()],
        "may_edit": may_edit,
        "actions": bulk_actions(request.user, catalog),
        **acts_here(request, catalog),
    }
    return render(request, "catalog/products.html", values)


def tabs(
    catalog: Catalog, browse: Browse, *, may_edit: bool = False, deleted: bool = False
) -> list[dict[str, object]]:
    """For components/tabs.html: all, every status, what changed since it was approved, to what machines
    have added since, and for editors what is deleted. Each is counted, within the other filters that
    are on.
    """
    anywhere = browse.without_tab()
    listed = anywhere.filtered(selectors.products_in(catalog)).order_by()
    counts: dict[str, int] = dict(listed.values_list("status").annotate(count=Count("pk")))
    here = reverse("catalog:products", args=[catalog.slug])
    choices = [("All", anywhere, sum(counts.values()))]
    choices += [
        (label, replace(anywhere, status=value), counts.get(value, 0))
        for value, label in ProductStatus.choices
    ]
    changed = listed.filter(changed_since_approval=True).count()
    if changed or browse.changed:
        choices.append(("Changed since approval", replace(anywhere, changed=True), changed))
    added = listed.filter(added_since_approval=True).count()
    if added or browse.added:
        choices.append(("Added to by machines", replace(anywhere, added=True), added))
    shown: list[dict[str, object]] = [
        {
            "label": label,
            "url": here + query(tab),
            "current": not deleted and tab == browse,
            "count": count,
        }
        for label, tab, count in choices
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


def bulk_actions(user: object, catalog: Catalog) -> list[dict[str, Any]]:
    """For components/bulk_bar.html: what the person may do here, and what only others may."""
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
    describe = {"value": DESCRIBE, "label": "Describe", "icon": "sparkle"}
    delete = {"value": "delete", "label": "Delete", "icon": "trash", "danger": True}
    export = {"value": EXPORT, "label": "Export", "icon": "download"}
    run_tool = {"value": RUN_TOOL, "label": "Run a tool", "icon": "wand"}
    publish = {"value": PUBLISH, "label": "Publish photos", "icon": "image"}
    acts += [(selectors.EDIT, each) for each in (describe, run_tool, publish)]
    acts += [(selectors.VIEW, export), (selectors.EDIT, delete)]
    allowed = [act for roles, act in acts if role in roles]
    if role in selectors.MOVE and role not in selectors.REVIEW:
        why = {"disabled": True, "reason": "Reviewers and owners approve"}
        approve = next(act for roles, act in acts if roles == selectors.REVIEW)
        allowed.insert(2, {**approve, **why})
    return allowed


def restore_url(catalog: Catalog, deleted: Iterable[int]) -> str:
    """Where an undo button posts to."""
    address = QueryDict(mutable=True)
    address.setlist("product", [str(pk) for pk in deleted])
    return f"{reverse('catalog:products_restore', args=[catalog.slug])}?{address.urlencode()}"


def as_seen(request: Request, count: int) -> None:
    """Raises ValidationError when the list has more products than the person saw."""
    if count > number(request.POST.get("matching"), 0):
        raise ValidationError(
            f"The list has changed: {count_of(count)} match now. Look at it again."
        )
