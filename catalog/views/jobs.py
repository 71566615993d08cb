"""Acts on many products that jobs do: looked at, stopped, undone."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import selectors
from catalog.models import Job
from catalog.services.bulk import Started, bulk_stop
from catalog.services.bulk_acts import ACTS, bulk_undo, is_undoable, may_act
from catalog.views.activity import forget_activity
from catalog.views.bulk_acts import act_label, acts_here, told
from catalog.views.http import Request, done, first_message, ids, refused, toast

# Other pages than the product list that acts stand on, by the names of their addresses.
PAGES = frozenset({"activity", "batches", "grid", "products_deleted", "published"})


def begun(request: Request, started: Started, here: str) -> HttpResponseBase:
    """The answer to who asked for more than is done at once."""
    assert started.job is not None
    assert started.job.catalog is not None
    forget_activity(started.job.catalog)
    words = f"{act_label(started.job)}: begun. It goes on in the background."
    return done(request, words, here)


@require_safe
@login_required
def jobs(request: Request, slug: str) -> HttpResponseBase:
    """The acts that go on or ended lately; says so once of those that were `open` a moment ago."""
    catalog = selectors.catalog_for(request.user, slug)
    values = {"catalog": catalog, **acts_here(request, catalog, _page(request.GET))}
    response = render(request, "catalog/_bulk_acts.html", values)
    were_open = ids(request.GET.getlist("open"))
    for act in values["acts"]:
        if act["job"].pk in were_open and act["words"]:
            toast(response, act["words"], undo_url=act["undo_url"])
    return response


def _job(request: Request, slug: str, pk: int) -> Job:
    """An act of the catalogue. Raises Http404 and PermissionDenied."""
    catalog = selectors.catalog_for(request.user, slug)
    job = selectors.bulk_job_in(catalog, pk)
    if not may_act(request.user, job):
        raise PermissionDenied(selectors.READ_ONLY)
    return job


def _here(request: Request, slug: str) -> str:
    """Back to the page that the button was on."""
    return reverse(f"catalog:{_page(request.POST) or 'products'}", args=[slug])


def _page(parameters: QueryDict) -> str:
    """The page that the acts stand on; empty for the product list."""
    page = parameters.get("from", "")
    return page if page in PAGES else ""


@require_POST
@login_required
def job_stop(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """End an act where it is."""
    job, here = _job(request, slug, pk), _here(request, slug)
    try:
        ended = bulk_stop(act=ACTS[job.kind], job=job, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    assert ended.catalog is not None
    forget_activity(ended.catalog)
    undo_url = reverse("catalog:job_undo", args=[slug, pk]) if is_undoable(ended) else ""
    return done(request, told(ended.kind, ended.arguments, ended.result), here, undo_url=undo_url)


@require_POST
@login_required
def job_undo(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Undo what an act did, as far as it came."""
    job, here = _job(request, slug, pk), _here(request, slug)
    try:
        started = bulk_undo(job=job, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    if started.job is not None:
        return begun(request, started, here)
    assert job.catalog is not None
    forget_activity(job.catalog)
    return done(request, told(started.kind, {}, started.result), here)
