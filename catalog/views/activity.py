"""What is being worked on, what waits, what failed."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import selectors
from catalog.activity import Activity, activity_of, is_busy
from catalog.models import Catalog
from catalog.services.work import failed_work_retry
from catalog.views.http import Request, done
from prodintel.lib.optional_cache import CACHE

# Several people look at the same second: they share one count.
FRESH_SECONDS = 0.9
IDLE_SECONDS = 5.0
KEPT_SECONDS = 60.0
_COUNTING: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)


def current_activity(catalog: Catalog) -> Activity:
    """The catalogue's activity, about a second old while anything moves.

    Counting a large catalogue takes time, so it is counted by one at a time, the others get what
    was counted last, and no more than a fifth of the time goes into it.
    """
    key = f"activity:{catalog.pk}"
    kept: _Counted | None = CACHE.get(key)
    if kept is not None and _is_fresh(catalog, kept):
        return kept.activity
    lock = _COUNTING[catalog.pk]
    if not lock.acquire(blocking=kept is None):
        assert kept is not None
        return kept.activity
    try:
        started = time.time()
        counted = _Counted(activity_of(catalog), started, time.time() - started)
        CACHE.set(key, counted, KEPT_SECONDS)
    finally:
        lock.release()
    return counted.activity


def activity_if_busy(catalog: Catalog) -> Activity | None:
    """The catalogue's activity while there is any; None when nothing is under way."""
    return current_activity(catalog) if is_busy(catalog) else None


@dataclass(frozen=True)
class _Counted:
    activity: Activity
    at: float
    took: float


def _is_fresh(catalog: Catalog, kept: _Counted) -> bool:
    age = time.time() - kept.at
    if kept.activity.busy:
        return age < max(FRESH_SECONDS, 4 * kept.took)
    return age < IDLE_SECONDS and not is_busy(catalog)


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
