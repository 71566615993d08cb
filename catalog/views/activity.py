"""What is being worked on, what waits, what failed."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import selectors
from catalog.activity import Activity, activity_of, is_busy
from catalog.activity.queues import Queue
from catalog.activity.worklist import VISION, failed_rows
from catalog.importing.progress import progress_of
from catalog.models import Catalog
from catalog.services.describe_runs import vision_drop
from catalog.services.describing_pause import describing_pause, describing_resume
from catalog.services.work import failed_work_retry, work_retry
from catalog.views.bulk_acts import shown_acts
from catalog.views.http import Request, done, number, refused
from catalog.views.vision import models_url, shown_vision
from catalog.views.words import duration
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


def forget_activity(catalog: Catalog) -> None:
    """Count anew at the next look: somebody has just changed what is to be done."""
    CACHE.delete(f"activity:{catalog.pk}")


def activity_fragment(catalog: Catalog, user: Any) -> str:
    """The live part of the page, the same for the page and for the websocket."""
    values = {**_values(catalog, user, current_activity(catalog)), "live": True}
    return render_to_string("catalog/_activity.html", values)


def _values(catalog: Catalog, user: Any, counted: Activity) -> dict[str, Any]:
    return {
        "catalog": catalog,
        "activity": counted,
        "vision": shown_vision(counted.vision, user),
        "acts": shown_acts(user, catalog, counted.acts),
        "imports": [(source, progress_of(source)) for source in counted.imports],
        "looks_note": _note(counted.embed),
        "first_note": _note(counted.describe),
        "may_edit": selectors.may(user, catalog),
        "may_connect": bool(user.is_superuser),
        "models_url": models_url(),
    }


def _note(queue: Queue) -> str:
    """How fast a queue goes, and how long what waits takes."""
    if not queue.waiting or not queue.rate:
        return ""
    left = duration(queue.eta_seconds or 0)
    return f"{queue.rate:,.0f} a minute, about {left} left" if queue.rate >= 1 else f"{left} left"


@require_safe
@login_required
def activity(request: HttpRequest, slug: str) -> HttpResponse:
    catalog = selectors.catalog_for(request.user, slug)
    values = _values(catalog, request.user, activity_of(catalog))
    return render(request, "catalog/activity.html", values)


@require_POST
@login_required
def activity_retry(request: Request, slug: str) -> HttpResponseBase:
    """Try again what failed: everything of the catalogue, or one row by its kind and id."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    kind = request.POST.get("kind", "")
    if kind:
        rows = failed_rows(catalog, kind)
        if rows is None:
            return refused(request, "There is no such work.", _here(catalog))
        wanted = rows.filter(pk=number(request.POST.get("task"), 0))
        count = work_retry(rows=wanted, actor=request.user, catalog=catalog)
    else:
        count = failed_work_retry(catalog=catalog, actor=request.user)
    forget_activity(catalog)
    words = "Trying it again." if count == 1 else f"Trying all {count} again."
    return done(request, words if count else "There is nothing to try again.", _here(catalog))


@require_POST
@login_required
def activity_drop(request: Request, slug: str) -> HttpResponseBase:
    """Leave a product undescribed that the vision model failed at."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    failed = failed_rows(catalog, VISION)
    task = failed.filter(pk=number(request.POST.get("task"), 0)).first() if failed else None
    if task is None or not vision_drop(task=task, actor=request.user):
        return refused(request, "That has not failed any more.", _here(catalog))
    forget_activity(catalog)
    return done(request, f"“{task.product}” is left as it is.", _here(catalog))


@require_POST
@login_required
def describing_pause_view(request: Request, slug: str) -> HttpResponseBase:
    """Ask the vision model nothing more of this catalogue, until somebody resumes it."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    describing_pause(catalog=catalog, actor=request.user)
    forget_activity(catalog)
    undo_url = reverse("catalog:describing_resume", args=[slug])
    return done(request, "Describing is paused.", _here(catalog), undo_url=undo_url)


@require_POST
@login_required
def describing_resume_view(request: Request, slug: str) -> HttpResponseBase:
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    describing_resume(catalog=catalog, actor=request.user)
    forget_activity(catalog)
    return done(request, "Describing goes on.", _here(catalog))


def _here(catalog: Catalog) -> str:
    return reverse("catalog:activity", args=[catalog.slug])
