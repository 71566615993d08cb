"""The feeds of a catalogue: made, given another address, revoked."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from catalog import selectors
from catalog.exporting import FORMATS
from catalog.models import Catalog, ExportProfile, Feed
from catalog.publishing.addresses import is_reachable, site_address
from catalog.publishing.feeds import (
    feed_address,
    feed_create,
    feed_revoke,
    feed_rotate,
    photos_missing,
)
from catalog.views.http import Request, done, first_message, number, refused
from catalog.views.out_tabs import out_tabs


@require_http_methods(["GET", "POST"])
@login_required
def feeds(request: Request, slug: str) -> HttpResponseBase:
    """The feeds that there are; a new one, whose address is shown in the answer alone."""
    roles = selectors.EDIT if request.method == "POST" else selectors.VIEW
    catalog = selectors.catalog_for(request.user, slug, roles)
    if request.method != "POST":
        return _page(request, catalog)
    profile = ExportProfile.objects.filter(
        catalog=catalog, pk=number(request.POST.get("profile"), 0)
    ).first()
    if profile is None:
        return refused(request, "Choose a saved export.", reverse("catalog:feeds", args=[slug]))
    try:
        feed, token = feed_create(profile=profile, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), reverse("catalog:feeds", args=[slug]))
    return _page(request, catalog, feed, token)


def _page(
    request: Request, catalog: Catalog, shown: Feed | None = None, token: str = ""
) -> HttpResponseBase:
    rows = Feed.objects.filter(catalog=catalog, revoked_at=None)
    values = {
        "catalog": catalog,
        "tabs": out_tabs(catalog, "feeds", request.user),
        "feeds": [
            {"row": row, "format": FORMATS[row.profile.format].label}
            for row in rows.select_related("profile", "created_by")
        ],
        "profiles": ExportProfile.objects.filter(catalog=catalog),
        "may_edit": selectors.may(request.user, catalog),
        "photos_missing": photos_missing(catalog),
        "is_reachable": is_reachable(),
        "site": site_address(),
        "shown": shown,
        "address": feed_address(shown, token) if shown else "",
    }
    response = render(request, "catalog/feeds.html", values)
    if token:
        response["Cache-Control"] = "no-store"
    return response


def _feed(request: Request, slug: str, pk: int) -> tuple[Catalog, Feed]:
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    feed = Feed.objects.filter(catalog=catalog, pk=pk).select_related("profile", "catalog").first()
    if feed is None:
        raise Http404
    return catalog, feed


@require_POST
@login_required
def feed_rotate_view(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Another address in place of the one before, shown in the answer alone."""
    catalog, feed = _feed(request, slug, pk)
    try:
        token = feed_rotate(feed=feed, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), reverse("catalog:feeds", args=[slug]))
    return _page(request, catalog, feed, token)


@require_POST
@login_required
def feed_revoke_view(request: Request, slug: str, pk: int) -> HttpResponseBase:
    _catalog, feed = _feed(request, slug, pk)
    feed_revoke(feed=feed, actor=request.user)
    here = reverse("catalog:feeds", args=[slug])
    return done(request, f"The feed of {feed.profile} is revoked: its address leads nowhere.", here)
