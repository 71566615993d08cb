"""Files brought to a catalogue: where one starts, and what was brought before."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from catalog import selectors
from catalog.importing import services
from catalog.importing.bringing import brought_of
from catalog.importing.selectors import begun_uploads, imports_in
from catalog.models import Catalog, Import
from catalog.storage import StorageUnavailable
from catalog.views.http import Request, first_message, number, refused
from catalog.views.imports import present
from catalog.views.places import BRING, tabs

PAGE = 25
TABLE_ACCEPT = ".csv,.tsv,.txt,.xlsx,.xml,.jsonl,.ndjson"
# Of what a request may carry the most, without its form's own fields.
CHUNK_BYTES = 16 * 1024 * 1024
EXAMPLE = "examples/products.csv"
STORAGE_AWAY = "The file storage does not answer. Nothing was saved: try again in a moment."


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def imports(request: Request, slug: str) -> HttpResponseBase:
    """The drop zone for editors, and the imports of the catalogue; a POST brings files."""
    if request.method == "POST":
        return _bring(request, selectors.catalog_for(request.user, slug, selectors.EDIT))
    catalog = selectors.catalog_for(request.user, slug)
    may_edit = selectors.may(request.user, catalog)
    page = Paginator(imports_in(catalog), PAGE).get_page(number(request.GET.get("page"), 1))
    values = {
        "catalog": catalog,
        "may_edit": may_edit,
        "tabs": tabs(catalog, BRING, "imports"),
        "imports": [_row(source) for source in page.object_list],
        "page": page,
        "previous_url": f"?page={page.number - 1}" if page.has_previous() else "",
        "next_url": f"?page={page.number + 1}" if page.has_next() else "",
    }
    if may_edit:
        values |= {
            "begun": begun_uploads(catalog, request.user),
            "table_accept": TABLE_ACCEPT,
            "chunk_bytes": CHUNK_BYTES,
            "example_url": static(EXAMPLE),
            "known_formats": present.KNOWN_FORMATS,
        }
    return render(request, "catalog/imports.html", values)


def _row(source: Import) -> dict[str, Any]:
    counts = source.counts
    planned = source.state in present.PLANNED
    return {
        "source": source,
        "url": present.import_url(source),
        "pill": present.pill(source),
        "format_label": present.format_label(source.format),
        "created": counts.get("create" if planned else "created", 0),
        "updated": counts.get("update" if planned else "updated", 0),
        "refused": counts.get("refused", 0) + counts.get("skipped", 0),
        "planned": planned,
    }


def _bring(request: Request, catalog: Catalog) -> HttpResponseBase:
    here = reverse("catalog:imports", args=[catalog.slug])
    try:
        brought = brought_of(
            catalog=catalog,
            actor=request.user,
            files=[*request.FILES.getlist("table"), *request.FILES.getlist("photos")],
            uploads=_ids(request),
        )
        source = services.import_create(
            catalog=catalog,
            actor=request.user,
            name=brought.name,
            table=brought.table,
            photos=brought.photos,
        )
    except ValidationError as error:
        return refused(request, first_message(error), here)
    except StorageUnavailable:
        return refused(request, STORAGE_AWAY, here)
    return redirect(present.import_url(source))


def _ids(request: Request) -> list[UUID]:
    """What was brought before, by what the page's script says of it."""
    found = []
    for name in ("table_upload", "photos_upload"):
        with suppress(ValueError):
            found.append(UUID(request.POST.get(name, "")))
    return found
