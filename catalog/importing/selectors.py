"""Every read of imports. A stranger gets Http404, a wrong role PermissionDenied."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from catalog import selectors
from catalog.importing.progress import GOING_ON
from catalog.models import Catalog, Import, Upload


def imports_in(catalog: Catalog) -> QuerySet[Import]:
    """The catalogue's imports, the newest first, without what they hold of their files."""
    imports = Import.objects.filter(catalog=catalog).select_related("created_by", "job", "catalog")
    return imports.defer("inspection", "mapping").order_by("-created_at", "-pk")


def imports_going_on(catalog: Catalog) -> QuerySet[Import]:
    """Those that something is being done with, also where it does not come on."""
    return imports_in(catalog).filter(state__in=GOING_ON)


def import_in(catalog: Catalog, pk: int) -> Import:
    """An import of the catalogue. Raises Http404 when there is none."""
    imports = Import.objects.filter(catalog=catalog, pk=pk)
    found = imports.select_related("catalog", "created_by", "job", "batch", "table", "photos")
    source = found.first()
    if source is None:
        raise Http404
    return source


def import_for(user: object, pk: int, roles: frozenset = selectors.VIEW) -> Import:
    """An import by id. Raises Http404 to strangers, PermissionDenied to wrong roles."""
    source = Import.objects.filter(pk=pk).select_related("catalog").first()
    if source is None:
        raise Http404
    return import_in(selectors.catalog_for(user, source.catalog.slug, roles), pk)


def begun_uploads(catalog: Catalog, user: Any) -> list[Upload]:
    """What the person began to send to this catalogue and has not finished, the newest first."""
    uploads = Upload.objects.filter(
        catalog=catalog, created_by=user, expires_at__gt=timezone.now(), offset__gt=0
    )
    return [upload for upload in uploads.order_by("-created_at")[:20] if not upload.is_complete]
