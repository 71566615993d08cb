"""Products out: chosen, counted, downloaded as they are read, and kept to be done again."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog import selectors
from catalog.exporting import exportable
from catalog.exporting.counting import counted
from catalog.exporting.exports import Export
from catalog.exporting.profiles import (
    DELETED,
    export_broken_off,
    export_note,
    export_profile_delete,
    export_profile_restore,
    export_profile_save,
    profile_chosen,
    profile_export,
    profiles_of,
)
from catalog.models import AuditEvent, Catalog, ExportProfile
from catalog.views.choosing import Chosen, chosen_products
from catalog.views.exporting import (
    APPROVED_ONLY,
    OFF,
    cards,
    column_choices,
    export_of,
    parameters,
    settings,
    site_base,
    warnings,
)
from catalog.views.http import Request, done, first_message, number, refused
from catalog.views.out_tabs import out_tabs
from prodintel.lib.streams import streamed, taken_whole

PROFILE = "profile"
DOWNLOAD, SAVE, REPLACE = "download", "save", "replace"
SAVES = frozenset({SAVE, REPLACE})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def exports(request: Request, slug: str) -> HttpResponseBase:
    """The page on which an export is put together; a saved one, where the address names it."""
    if request.method == "POST":
        return _posted(request, slug)
    catalog = selectors.catalog_for(request.user, slug)
    profile = _named_profile(catalog, request.GET)
    if profile is not None:
        export = profile_export(profile, base=site_base(request))
        chosen = profile_chosen(profile, request.user.pk)
    else:
        export = export_of(catalog, request.GET, site_base(request))
        chosen = chosen_products(catalog, request.GET, request.user.pk)
    counts = counted(export, chosen.products)
    values = {
        "catalog": catalog,
        "tabs": out_tabs(catalog, "exports", request.user),
        "export": export,
        "chosen": chosen,
        "counts": counts,
        "everything": chosen.products.order_by().count(),
        "approved": exportable(chosen.products, approved_only=True).order_by().count(),
        "cards": cards(catalog, export, chosen),
        "settings": settings(export),
        "columns": column_choices(export),
        "warnings": warnings(export, counts),
        "readiness_url": reverse("catalog:channels", args=[slug])
        if export.form.for_channel
        else "",
        "off": OFF,
        "approved_only_name": APPROVED_ONLY,
        "profile": profile,
        "profiles": [
            {"row": row, "url": f"?{PROFILE}={row.pk}", "export": profile_export(row)}
            for row in profiles_of(catalog)
        ],
        "may_edit": selectors.may(request.user, catalog),
    }
    return render(request, "catalog/exports.html", values)


def _posted(request: Request, slug: str) -> HttpResponseBase:
    """The form: look at it again, download it, or keep it. Each has an address of its own."""
    act = request.POST.get("action", "")
    catalog = selectors.catalog_for(
        request.user, slug, selectors.EDIT if act in SAVES else selectors.VIEW
    )
    export = export_of(catalog, request.POST, site_base(request))
    chosen = chosen_products(catalog, request.POST, request.user.pk)
    address = urlencode(parameters(export, chosen.address))
    here = reverse("catalog:exports", args=[slug])
    if act == DOWNLOAD:
        return redirect(f"{reverse('catalog:export_download', args=[slug])}?{address}")
    if act not in SAVES:
        return redirect(f"{here}?{address}")
    try:
        saved = export_profile_save(
            export=export,
            name=request.POST.get("name", ""),
            chosen=chosen.address,
            actor=request.user,
            profile=_named_profile(catalog, request.POST) if act == REPLACE else None,
        )
    except ValidationError as error:
        return refused(request, first_message(error), f"{here}?{address}")
    return done(request, f"Saved as “{saved.name}”.", f"{here}?{PROFILE}={saved.pk}")


def _named_profile(catalog: Catalog, address: QueryDict) -> ExportProfile | None:
    wanted = number(address.get(PROFILE), 0)
    return profiles_of(catalog).filter(pk=wanted).first() if wanted else None


@require_safe
@login_required
def export_download(request: Request, slug: str) -> HttpResponseBase:
    """The file that an address names, sent as it is made."""
    catalog = selectors.catalog_for(request.user, slug)
    export = export_of(catalog, request.GET, site_base(request))
    chosen = chosen_products(catalog, request.GET, request.user.pk)
    if chosen.notice:
        here = reverse("catalog:exports", args=[slug])
        return refused(request, chosen.notice, f"{here}?{request.GET.urlencode()}")
    return file_response(request, export, chosen)


@require_safe
@login_required
def export_profile_download(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """A saved export, made again."""
    catalog = selectors.catalog_for(request.user, slug)
    profile = get_object_or_404(ExportProfile, pk=pk, catalog=catalog)
    export = profile_export(profile, base=site_base(request))
    return file_response(request, export, profile_chosen(profile, request.user.pk))


def file_response(request: Any, export: Export, chosen: Chosen) -> StreamingHttpResponse:
    """The export as a download. It is noted who took it, how many products, and when not all of it."""
    count = export.products(chosen.products).order_by().count()
    pieces = export.stream(chosen.products)
    if request.method != "HEAD":
        actor = request.user
        noted = export_note(export=export, count=count, words=chosen.words, actor=actor)
        pieces = taken_whole(
            pieces,
            lambda size: export_broken_off(export=export, noted=noted, size=size, actor=actor),
        )
    response = StreamingHttpResponse(
        streamed(request, pieces), content_type=export.form.content_type
    )
    response["Content-Disposition"] = f'attachment; filename="{export.filename}"'
    response["Cache-Control"] = "no-store"
    # Whoever stands between hands it on as it comes.
    response["X-Accel-Buffering"] = "no"
    return response


@require_POST
@login_required
def export_profile_remove(request: Request, slug: str, pk: int) -> HttpResponseBase:
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    profile = get_object_or_404(ExportProfile, pk=pk, catalog=catalog)
    here = reverse("catalog:exports", args=[slug])
    try:
        event = export_profile_delete(profile=profile, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    undo = reverse("catalog:export_profile_undo", args=[slug, event.pk])
    return done(request, f"“{event.summary}” is deleted.", here, undo_url=undo)


@require_POST
@login_required
def export_profile_undo(request: Request, slug: str, event: int) -> HttpResponseBase:
    """Bring a deleted saved export back."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    found = get_object_or_404(AuditEvent, pk=event, catalog=catalog, action=DELETED)
    here = reverse("catalog:exports", args=[slug])
    try:
        profile = export_profile_restore(event=found, actor=request.user)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    return done(request, f"“{profile.name}” is back.", here)
