"""Imports that are long over: what nobody needs of them any more is removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from catalog.importing.progress import GOING_ON
from catalog.importing.staging import wipe
from catalog.models import Import, ImportItem, ImportPhoto, ImportState, ItemState
from catalog.models.outbox import CHUNK
from catalog.uploads.services import upload_drop, uploads_waiting

WRITTEN = (ItemState.CREATED, ItemState.UPDATED)
NEVER_RUN = (ImportState.MAPPING, ImportState.READY, ImportState.FAILED)
PURGED = "purged"


def imports_purge(before: datetime) -> None:
    """Remove imports that were never carried out, and of others their files and what undoing took.

    Of each product stays what imports wrote to it last, and which photos came from where.
    """
    for source in Import.objects.filter(state__in=NEVER_RUN, created_at__lt=before):
        remove(source, None)
    over = Import.objects.filter(finished_at__lt=before).exclude(state__in=GOING_ON)
    for source in over.exclude(state__in=NEVER_RUN):
        if not source.counts.get(PURGED):
            _slim(source)


def remove(source: Import, actor: Any) -> None:
    """Remove an import with its files, unless another import has them, too."""
    uploads = [source.table_id, source.photos_id]
    wipe(source)
    source.delete()
    for upload in uploads_waiting().filter(pk__in=[pk for pk in uploads if pk]):
        upload_drop(upload=upload, actor=actor)


def _slim(source: Import) -> None:
    newer = ImportItem.objects.filter(
        product=OuterRef("product"), state__in=WRITTEN, pk__gt=OuterRef("pk")
    )
    shown = ImportPhoto.objects.filter(item=OuterRef("pk"), placement__isnull=False)
    superseded = source.items.filter(~Exists(shown)).filter(
        Exists(newer) | ~Exists(source.items.filter(pk=OuterRef("pk"), state__in=WRITTEN))
    )
    for rows in (source.problems, source.claims, superseded):
        while ids := list(rows.order_by().values_list("pk", flat=True)[:CHUNK]):
            rows.filter(pk__in=ids).delete()
    for pk in list(source.items.order_by("pk").values_list("pk", flat=True))[::CHUNK]:
        some = source.items.filter(pk__gte=pk).order_by("pk").values_list("pk", flat=True)[:CHUNK]
        ImportItem.objects.filter(pk__in=list(some)).update(
            record={}, before=None, after=None, changes=[]
        )
    uploads = [upload for upload in (source.table, source.photos) if upload is not None]
    source.counts = {**source.counts, PURGED: True}
    source.save(update_fields=["counts"])
    for upload in uploads:
        upload_drop(upload=upload, actor=None)
