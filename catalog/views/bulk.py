"""Acts on many products of the list at once: those that were chosen, or all that match."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog import selectors
from catalog.browsing import Browse
from catalog.models import AuditEvent, Catalog
from catalog.models.job import DELETE, MOVE, MOVE_BACK
from catalog.publishing.many import products_publish
from catalog.services import deleting
from catalog.services.deleting import MANY_DELETED, products_delete_many
from catalog.services.statuses import (
    MANY,
    may_move_back,
    products_move,
    products_move_back,
)
from catalog.views.browse import query
from catalog.views.bulk_acts import told
from catalog.views.deleted import restored
from catalog.views.http import Request, done, first_message, ids, refused
from catalog.views.jobs import begun
from catalog.views.products import (
    DESCRIBE,
    EXPORT,
    MOST_AT_ONCE,
    PUBLISH,
    RUN_TOOL,
    STATUS_ACTION,
    as_seen,
)
from catalog.views.publishing import publishing_answer

NONE_CHOSEN = "Choose at least one product."
# Acts that have a page of their own, by its name: it says first what they would take.
PAGES = {DESCRIBE: "catalog:describe", RUN_TOOL: "tools:bulk", EXPORT: "catalog:exports"}


@require_POST
@login_required
def products_bulk(request: Request, slug: str) -> HttpResponseBase:
    """Do one thing to the chosen products, or to all that match."""
    action = request.POST.get("action", "")
    roles = selectors.EDIT if action in {"delete", PUBLISH, *PAGES} else selectors.MOVE
    roles = selectors.VIEW if action == EXPORT else roles
    catalog = selectors.catalog_for(request.user, slug, roles)
    browse = Browse.of(QueryDict(request.POST.get("query", "").removeprefix("?")))
    here = reverse("catalog:products", args=[slug]) + query(browse)
    everything = request.POST.get("all") == "1"
    if action in PAGES:
        to = reverse(PAGES[action], args=[slug])
        return _to_page(request, to, browse, here, everything=everything)
    try:
        if action.startswith(STATUS_ACTION):
            there = _wanted(request, catalog, browse, everything=everything)
            return _move(request, catalog, there, action.removeprefix(STATUS_ACTION), here)
        if action == "delete":
            there = _wanted(request, catalog, browse, everything=everything)
            return _delete(request, catalog, there, here)
        if action == PUBLISH:
            there = _wanted(request, catalog, browse, everything=everything)
            return _publish(request, catalog, there, here)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    return refused(request, "Choose what to do with them.", here)


def _to_page(
    request: Request, to: str, browse: Browse, here: str, *, everything: bool
) -> HttpResponseBase:
    """To the page that says what it would take."""
    if everything:
        return redirect(to + query(browse))
    wanted = _named(request)
    if not wanted:
        return refused(request, NONE_CHOSEN, here)
    address = QueryDict(mutable=True)
    address.setlist("product", [str(pk) for pk in wanted])
    return redirect(f"{to}?{address.urlencode()}")


def _named(request: Request) -> list[int]:
    return ids(request.POST.getlist("product"))[:MOST_AT_ONCE]


def _wanted(
    request: Request, catalog: Catalog, browse: Browse, *, everything: bool
) -> dict[int, str]:
    """The chosen products, or all that match, with the status of each."""
    if not everything:
        chosen = selectors.products_in(catalog).filter(pk__in=_named(request))
        return selectors.statuses_of(chosen)
    found = selectors.statuses_of(browse.products(catalog))
    as_seen(request, len(found))
    return found


def _move(
    request: Request, catalog: Catalog, there: Mapping[int, str], status: str, here: str
) -> HttpResponseBase:
    if not there:
        return refused(request, NONE_CHOSEN, here)
    allowed = selectors.statuses_moved_from(request.user, catalog, status)
    present = set(there.values())
    if not present <= allowed:
        return refused(request, f"Nothing was changed. {selectors.APPROVERS_ONLY}", here)
    started = products_move(
        catalog=catalog, ids=there, status=status, allowed=present, actor=request.user
    )
    if started.job is not None:
        return begun(request, started, here)
    words = told(MOVE, {"status": status}, started.result)
    event = started.result["event"]
    return done(request, words, here, undo_url=undo_url(catalog, event) if event else "")


def undo_url(catalog: Catalog, event: int) -> str:
    """Where an undo button posts to that puts statuses back, by the id of the move's event."""
    return reverse("catalog:products_status_undo", args=[catalog.slug, event])


@require_POST
@login_required
def products_status_undo(request: Request, slug: str, event: int) -> HttpResponseBase:
    """Put products back where an act on many took them from."""
    catalog = selectors.catalog_for(request.user, slug, selectors.MOVE)
    found = get_object_or_404(AuditEvent, pk=event, catalog=catalog, action=MANY)
    if not may_move_back(request.user, found):
        raise PermissionDenied(selectors.APPROVERS_ONLY)
    here = _return_to(found, catalog)
    try:
        started = products_move_back(event=found, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    if started.job is not None:
        return begun(request, started, here)
    return done(request, told(MOVE_BACK, {}, started.result), here)


def _return_to(event: AuditEvent, catalog: Catalog) -> str:
    """A single product's own page; the list for more."""
    moved = [pk for pks in event.data["moved"].values() for pk in pks]
    if len(moved) == 1:
        return reverse("catalog:product", args=[catalog.slug, moved[0]])
    return reverse("catalog:products", args=[catalog.slug])


def _publish(
    request: Request, catalog: Catalog, there: Collection[int], here: str
) -> HttpResponseBase:
    if not there:
        return refused(request, NONE_CHOSEN, here)
    started = products_publish(catalog=catalog, ids=there, actor=request.user)
    return publishing_answer(request, started, here)


def _delete(
    request: Request, catalog: Catalog, there: Collection[int], here: str
) -> HttpResponseBase:
    if not there:
        return refused(request, NONE_CHOSEN, here)
    started = products_delete_many(catalog=catalog, ids=there, actor=request.user)
    if started.job is not None:
        return begun(request, started, here)
    event = started.result["event"]
    undo = reverse("catalog:products_delete_undo", args=[catalog.slug, event]) if event else ""
    return done(request, told(DELETE, {}, started.result), here, undo_url=undo)


@require_POST
@login_required
def products_delete_undo(request: Request, slug: str, event: int) -> HttpResponseBase:
    """Bring back what an act on many deleted."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    found = get_object_or_404(AuditEvent, pk=event, catalog=catalog, action=MANY_DELETED)
    here = reverse("catalog:products", args=[slug])
    try:
        started = deleting.products_delete_undo(event=found, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    return restored(request, started, here)
