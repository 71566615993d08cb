"""What is being worked on, what waits, what failed."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import selectors
from catalog.activity import Activity, activity_of
from catalog.models import Catalog
from catalog.services.work import failed_work_retry
from catalog.views.http import Request, done
from prodintel.lib.optional_cache import CACHE

# Several people look at the same second: they share one count.
FRESH_SECONDS = 0.9


def current_activity(catalog: Catalog) -> Activity:
    """The catalogue's activity, at most a second old."""
    return CACHE.get_or_make(f"activity:{catalog.pk}", lambda: activity_of(catalog), FRESH_SECONDS)


def activity_fragment(catalog: Catalog, *, may_edit: bool = False) -> str:
    """The live part of the page, the same for the page and for the websocket."""
    values = {
        "catalog": catalog,
        "activity": current_activity(catalog),
        "may_edit": may_edit,
        "live": True,
    }
    return render_to_string("catalog/_activity.html", values)


@require_safe
@login_required
def activity(request: HttpRequest, slug: str) -> HttpResponse:
    catalog = selectors.catalog_for(request.user, slug)
    values = {
        "catalog": catalog,
        "activity": activity_of(catalog),
        "may_edit": selectors.may(request.user, catalog),
    }
    return render(request, "catalog/activity.html", values)


@require_POST
@login_required
def activity_retry(request: Request, slug: str) -> HttpResponseBase:
    """Try everything of the catalogue again that failed."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    count = failed_work_retry(catalog=catalog, actor=request.user)
    CACHE.delete(f"activity:{catalog.pk}")
    to = reverse("catalog:activity", args=[slug])
    words = "Trying it again." if count == 1 else f"Trying all {count} again."
    return done(request, words if count else "There is nothing to try again.", to)
