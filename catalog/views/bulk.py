"""Acts on many products of the list at once: those that were chosen, or all that match."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog import selectors
from catalog.browsing import Browse
from catalog.models import AuditEvent, Catalog, Product
from catalog.models.job import MOVE, MOVE_BACK
from catalog.services import products as services
from catalog.services.statuses import (
    MANY,
    may_move_back,
    products_move,
    products_move_back,
)
from catalog.views.browse import query
from catalog.views.bulk_acts import told
from catalog.views.http import Request, done, first_message, ids, number, refused
from catalog.views.jobs import begun
from catalog.views.products import (
    DESCRIBE,
    MOST_AT_ONCE,
    STATUS_ACTION,
    chosen_products,
    restore_url,
)
from catalog.views.words import count_of

NONE_CHOSEN = "Choose at least one product."


@require_POST
@login_required
def products_bulk(request: Request, slug: str) -> HttpResponseBase:
    """Do one thing to the chosen products, or move all that match to a status."""
    action = request.POST.get("action", "")
    roles = selectors.EDIT if action in {"delete", DESCRIBE} else selectors.MOVE
    catalog = selectors.catalog_for(request.user, slug, roles)
    browse = Browse.of(QueryDict(request.POST.get("query", "").removeprefix("?")))
    here = reverse("catalog:products", args=[slug]) + query(browse)
    everything = request.POST.get("all") == "1"
    if action == DESCRIBE:
        return _describe(request, catalog, browse, here, everything=everything)
    try:
        if action.startswith(STATUS_ACTION):
            wanted = _matching(catalog, browse, request.POST) if everything else _named(request)
            status = action.removeprefix(STATUS_ACTION)
            return _move(request, catalog, wanted, status, here)
        if action == "delete" and everything:
            return refused(request, "Choose the products to delete, a page at a time.", here)
        if action == "delete":
            return _delete(request, catalog, chosen_products(catalog, _named(request)), here)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    return refused(request, "Choose what to do with them.", here)


def _describe(
    request: Request, catalog: Catalog, browse: Browse, here: str, *, everything: bool
) -> HttpResponseBase:
    """To the page that says what describing them would take."""
    to = reverse("catalog:describe", args=[catalog.slug])
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


def _matching(catalog: Catalog, browse: Browse, form: QueryDict) -> list[int]:
    """The products of the list as the person saw it; refuses when more have come since."""
    found = list(browse.products(catalog).values_list("pk", flat=True))
    if len(found) > number(form.get("matching"), 0):
        raise ValidationError(
            f"The list has changed: {count_of(len(found))} match now. Look at it again."
        )
    return found


def _move(
    request: Request, catalog: Catalog, wanted: Sequence[int], status: str, here: str
) -> HttpResponseBase:
    if not wanted:
        return refused(request, NONE_CHOSEN, here)
    allowed = selectors.statuses_moved_from(request.user, catalog, status)
    present = selectors.statuses_among(catalog, wanted)
    if not present:
        return refused(request, NONE_CHOSEN, here)
    if not present <= allowed:
        return refused(request, f"Nothing was changed. {selectors.APPROVERS_ONLY}", here)
    started = products_move(
        catalog=catalog, ids=wanted, status=status, allowed=present, actor=request.user
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


def _delete(
    request: Request, catalog: Catalog, chosen: Iterable[Product], here: str
) -> HttpResponseBase:
    rows: list[Any] = list(chosen)
    if not rows:
        return refused(request, NONE_CHOSEN, here)
    deleted = services.products_delete(products=rows, actor=request.user)
    return done(
        request, f"{count_of(len(deleted))} deleted.", here, undo_url=restore_url(catalog, deleted)
    )
