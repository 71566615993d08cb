"""One import: how far it is, what it would do or did, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import selectors
from catalog.importing import services
from catalog.importing.options import Options
from catalog.importing.progress import progress_of
from catalog.importing.report import report_rows
from catalog.importing.selectors import import_in
from catalog.models import (
    Catalog,
    Import,
    ImportItem,
    ImportPhoto,
    ImportPhotoState,
    ImportState,
    ItemState,
)
from catalog.views.activity import forget_activity
from catalog.views.http import Request, done, first_message, refused
from catalog.views.imports import present
from catalog.views.imports.csv import CSV_TYPE, csv_lines
from catalog.views.present import Labels
from catalog.views.words import duration
from prodintel.lib.streams import streamed

CHANGES_SHOWN = 20
FAILED_SHOWN = 50
ERROR_TITLES = {
    ImportState.FAILED: "This file cannot be read.",
}
UNDOABLE = frozenset({ImportState.DONE, ImportState.STOPPED})


def found(
    request: HttpRequest, slug: str, pk: int, roles: frozenset = selectors.EDIT
) -> tuple[Catalog, Import]:
    """The import of the address. Raises Http404 and PermissionDenied."""
    catalog = selectors.catalog_for(request.user, slug, roles)
    return catalog, import_in(catalog, pk)


@require_safe
@login_required
def import_page(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Its page; for htmx, the part that changes by itself, until that has come to an end."""
    catalog, source = found(request, slug, pk, selectors.VIEW)
    may_edit = selectors.may(request.user, catalog)
    if source.state == ImportState.MAPPING and may_edit:
        return redirect(present.import_url(source, "import_columns"))
    values = {
        "catalog": catalog,
        "source": source,
        "may_edit": may_edit,
        "pill": present.pill(source),
        "format_label": present.format_label(source.format),
        "steps": present.steps(source),
        "live": source.state in present.LIVE,
        **_PARTS[ImportState(source.state)](source),
    }
    if request.htmx:
        response = render(request, "catalog/_import_live.html", values)
        if not values["live"]:
            # What it has become is shown in full.
            response["HX-Refresh"] = "true"
        return response
    return render(request, "catalog/import.html", values)


def _live(source: Import) -> dict[str, Any]:
    progress = progress_of(source)
    left = progress.eta_seconds if progress else None
    return {"progress": progress, "left": duration(left) if left is not None else ""}


def _preview(source: Import) -> dict[str, Any]:
    counts, photos = present.plan(source), present.photo_counts(source)
    planned = ImportItem.objects.filter(source=source).select_related("product__catalog")
    # What is changed says more than what is new.
    changes = [
        *planned.filter(state=ItemState.UPDATE).order_by("number")[:CHANGES_SHOWN],
        *planned.filter(state=ItemState.CREATE).order_by("number")[: CHANGES_SHOWN // 2],
    ]
    return {
        "writes": counts[ItemState.CREATE] + counts[ItemState.UPDATE],
        "counts": counts,
        "photos": photos,
        "figures": _figures(
            ("To create", counts[ItemState.CREATE]),
            ("To update", counts[ItemState.UPDATE]),
            ("As they are already", counts[ItemState.UNCHANGED]),
            ("Left out", counts[ItemState.SKIPPED] + counts[ItemState.REFUSED]),
            ("Photos to bring", photos["waiting"]),
        ),
        "problems": present.problems(source),
        "options": Options.of(source.options),
        "items": present.changed(changes[:CHANGES_SHOWN], Labels(source.catalog.language)),
        "clears": source.counts.get("clears", 0),
    }


def _result(source: Import) -> dict[str, Any]:
    counts, photos = present.plan(source), present.photo_counts(source)
    written = counts[ItemState.CREATED] + counts[ItemState.UPDATED]
    failed = ImportPhoto.objects.filter(origin=source, state=ImportPhotoState.FAILED)
    slug = source.catalog.slug
    is_undone = source.state == ImportState.UNDONE
    return {
        "written": written,
        "figures": _figures(
            ("Created", counts[ItemState.CREATED]),
            ("Updated", counts[ItemState.UPDATED]),
            ("Undone", counts[ItemState.UNDONE]),
            ("Kept, changed since", counts[ItemState.KEPT]),
            ("As they were already", counts[ItemState.UNCHANGED]),
            ("Left out", counts[ItemState.SKIPPED] + counts[ItemState.REFUSED]),
            ("Not done", counts[ItemState.CREATE] + counts[ItemState.UPDATE]),
            ("Photos brought", 0 if is_undone else photos["done"]),
            ("Photos that were there", 0 if is_undone else photos["there"]),
        ),
        "photos": photos,
        "failed_photos": failed.select_related("item").order_by("row", "pk")[:FAILED_SHOWN],
        "problems": present.problems(source),
        "undoable": source.state in UNDOABLE and bool(written or photos["done"]),
        "products_url": f"{reverse('catalog:products', args=[slug])}?import={source.pk}",
        "batch_url": reverse("catalog:batch", args=[slug, source.batch_id])
        if source.batch_id
        else "",
        "error_title": ERROR_TITLES.get(ImportState(source.state), ""),
    }


def _figures(*figures: tuple[str, int]) -> list[dict[str, str]]:
    """For components/figures.html, without what there is none of."""
    return [{"label": label, "value": f"{value:,}"} for label, value in figures if value]


_PARTS: dict[ImportState, Callable[[Import], dict[str, Any]]] = {
    ImportState.MAPPING: lambda _source: {},
    ImportState.READING: _live,
    ImportState.READY: _preview,
    ImportState.RUNNING: _live,
    ImportState.DONE: _result,
    ImportState.STOPPED: _result,
    ImportState.FAILED: _result,
    ImportState.UNDOING: _live,
    ImportState.UNDONE: _result,
}


@require_safe
@login_required
def import_report(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """The lines that were refused or warned of, as CSV, to be mended and imported again."""
    _, source = found(request, slug, pk, selectors.VIEW)
    lines = csv_lines(report_rows(source))
    response = StreamingHttpResponse(streamed(request, lines), content_type=CSV_TYPE)
    response["Content-Disposition"] = f'attachment; filename="import-{source.pk}-report.csv"'
    return response


def _act(
    request: Request, slug: str, pk: int, act: Callable[[Import], tuple[str, str]]
) -> HttpResponseBase:
    """Do something with an import; `act` returns the message and the name of its undo."""
    catalog, source = found(request, slug, pk)
    here = present.import_url(source)
    try:
        message, undo = act(source)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    forget_activity(catalog)
    return done(request, message, here, undo_url=present.import_url(source, undo) if undo else "")


@require_POST
@login_required
def import_start(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Write what the preview showed; go on with one that was stopped."""

    def start(source: Import) -> tuple[str, str]:
        services.import_start(source=source, actor=request.user)
        return "The import has begun. It goes on in the background.", "import_stop"

    return _act(request, slug, pk, start)


@require_POST
@login_required
def import_stop(request: Request, slug: str, pk: int) -> HttpResponseBase:
    def stop(source: Import) -> tuple[str, str]:
        services.import_stop(source=source, actor=request.user)
        return "Stopped. What was written so far stays until you undo it.", "import_start"

    return _act(request, slug, pk, stop)


@require_POST
@login_required
def import_undo(request: Request, slug: str, pk: int) -> HttpResponseBase:
    def undo(source: Import) -> tuple[str, str]:
        services.import_undo(source=source, actor=request.user)
        return "Being undone. What people changed since stays.", ""

    return _act(request, slug, pk, undo)


@require_POST
@login_required
def import_retry_photos(request: Request, slug: str, pk: int) -> HttpResponseBase:
    def retry(source: Import) -> tuple[str, str]:
        services.import_retry_photos(source=source, actor=request.user)
        return "The failed photos are tried again.", ""

    return _act(request, slug, pk, retry)


@require_POST
@login_required
def import_delete(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Forget a file of which nothing was written, and what was read of it."""
    _, source = found(request, slug, pk)
    here = reverse("catalog:imports", args=[slug])
    try:
        services.import_delete(source=source, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), present.import_url(source))
    return done(request, f"“{source.name}” is removed from the list. No product was changed.", here)
