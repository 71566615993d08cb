"""Imports: brought, mapped, previewed, carried out, stopped, undone, deleted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.importing import ending
from catalog.importing.archives import ArchiveRejected
from catalog.importing.facts import KEEP
from catalog.importing.files import GONE, inspected
from catalog.importing.formats import TableFormat
from catalog.importing.mapping import fitted, guess, is_target, targets
from catalog.importing.options import Options
from catalog.importing.purging import NEVER_RUN, PURGED, remove
from catalog.importing.queueing import job_end, job_queue, run_begin
from catalog.importing.reading import PROBLEMS, FileRejected
from catalog.importing.saying import is_said
from catalog.importing.undoing import UNDOABLE
from catalog.ingest import wake
from catalog.models import (
    Catalog,
    ColumnMapping,
    Import,
    ImportPhotoState,
    ImportState,
    ItemState,
    Upload,
)
from catalog.models.job import IMPORT_READ, IMPORT_RUN, IMPORT_UNDO
from catalog.services.audit import audit
from catalog.services.errors import conflict

MAX_NAME = 200
# In `Import.counts`: the columns are as a person has said of such a file before.
REMEMBERED = "remembered"
NOTHING_BROUGHT = "Bring a file of products, an archive of photos, or both."
GOES_ON = "This import goes on just now. Stop it first."
TOO_LATE = "This import has been carried out already. Bring the file again."


def import_create(
    *, catalog: Catalog, actor: Any, name: str, table: Upload | None, photos: Upload | None = None
) -> Import:
    """Take uploads as an import, its columns mapped as the file, or a person before, has said.

    Reads the beginning of the file. Raises ValidationError with what is wrong with it, and
    storage.StorageUnavailable.
    """
    for upload in (table, photos):
        if upload is not None and not upload.is_complete:
            raise conflict("file", f"“{upload.name}” has not arrived whole yet.")
        if upload is not None and upload.catalog_id != catalog.pk:
            raise conflict("file", f"“{upload.name}” was brought to another catalogue.")
    if table is None and photos is None:
        raise conflict("file", NOTHING_BROUGHT)
    try:
        inspection = inspected(table=table, photos=photos)
    except (FileRejected, ArchiveRejected) as error:
        raise conflict("file", str(error)) from error
    mapping, remembered = _mapping(catalog, inspection)
    with transaction.atomic():
        source = Import.objects.create(
            catalog=catalog,
            name=(name or (table or photos).name)[:MAX_NAME],  # type: ignore[union-attr]
            format=inspection.get("format", ""),
            table=table,
            photos=photos,
            inspection=inspection,
            mapping=mapping,
            options=Options().as_json(),
            counts={REMEMBERED: True} if remembered else {},
            created_by=actor,
        )
        audit(
            actor=actor, action="import.create", target=source, catalog=catalog, summary=source.name
        )
    return source


def headers_digest(headers: Sequence[str]) -> str:
    """By what a kind of file is known again, also when it is a report that was mended."""
    own = [header for header in headers if header != PROBLEMS]
    return hashlib.sha256(json.dumps(own).encode()).hexdigest()


def _mapping(catalog: Catalog, inspection: Mapping[str, Any]) -> tuple[dict[str, str], bool]:
    """What the columns seem to be, and whether a person has said so of such a file."""
    headers = inspection.get("headers", [])
    if not headers:
        return {}, False
    found = dict(inspection["mapping"])
    if inspection["format"] == TableFormat.name:
        guessed = guess(headers, inspection["rows"])
        found |= {header: target for header, target in guessed.items() if target != KEEP}
    remembered = ColumnMapping.objects.filter(catalog=catalog, headers=headers_digest(headers))
    known = remembered.values_list("mapping", flat=True).first()
    return fitted(found | (known or {}), catalog), known is not None


@transaction.atomic
def import_map(
    *, source: Import, mapping: Mapping[str, str], options: Mapping[str, Any], actor: Any
) -> Import:
    """Say what the columns are and how they are to be imported; the next such file is asked alike.

    What was previewed has to be previewed again. Raises ValidationError for a column or target that
    there is not, for an option that there is not, and for an import that was carried out.
    """
    _hold(source)
    _check_changeable(source)
    headers = source.inspection.get("headers", [])
    known = {target.key for target in targets(source.catalog)}
    wrong = [header for header in mapping if header not in headers]
    if wrong:
        raise conflict("mapping", f"The file has no column “{wrong[0]}”.")
    for header, target in mapping.items():
        if not is_target(target, known):
            raise ValidationError({"mapping": [f"“{header}”: there is no “{target[:100]}”."]})
    source.options = Options.of({**source.options, **options}).as_json()
    source.mapping = {**source.mapping, **mapping}
    if source.state != ImportState.MAPPING:
        _begin_again(source)
    source.save(update_fields=["options", "mapping", "state", "counts", "error"])
    if mapping:
        ColumnMapping.objects.update_or_create(
            catalog=source.catalog,
            headers=headers_digest(headers),
            defaults={"mapping": source.mapping},
        )
    audit(
        actor=actor,
        action="import.map",
        target=source,
        catalog=source.catalog,
        summary=source.name,
        data={"mapping": dict(mapping), "options": source.options},
    )
    return source


def _begin_again(source: Import) -> None:
    source.state, source.counts, source.error = ImportState.MAPPING, _fresh(source), ""


def _fresh(source: Import) -> dict[str, Any]:
    """The counts before anything is counted."""
    return {REMEMBERED: True} if source.counts.get(REMEMBERED) else {}


@transaction.atomic
def import_preview(*, source: Import, actor: Any, start: bool = False) -> Import:
    """Have the file read and compared with the catalogue; nothing else is written.

    With `start` what is found is carried out at once, unless every row is refused. Raises
    ValidationError for an import that goes on or was carried out.
    """
    _hold(source)
    _check_changeable(source)
    _check_files(source)
    source.counts = _fresh(source)
    job_queue(
        source=source,
        kind=IMPORT_READ,
        state=ImportState.READING,
        label="Read",
        actor=actor,
        start=start,
    )
    return source


@transaction.atomic
def import_start(*, source: Import, actor: Any) -> Import:
    """Carry out what the preview shows, or go on where it was stopped.

    Raises ValidationError before the preview, while it goes on, after it is done.
    """
    _hold(source)
    if source.state not in {ImportState.READY, ImportState.STOPPED}:
        _check_not_going_on(source)
        if source.state in NEVER_RUN:
            raise conflict("", "Look at what will happen first: have the file read.")
        raise conflict("", TOO_LATE)
    _check_files(source)
    if source.items.filter(state__in=[ItemState.UNDONE, ItemState.KEPT]).exists():
        raise conflict("", "This was undone in part. Undo the rest, then bring the file again.")
    run_begin(source=source, actor=actor)
    return source


@transaction.atomic
def import_stop(*, source: Import, actor: Any) -> Import:
    """End what goes on, after the step it is in. What was imported stays, and can be undone.

    A file that is just read is to be read again. Raises ValidationError when nothing goes on.
    """
    _hold(source)
    if source.state == ImportState.READING:
        job_end(source)
        _begin_again(source)
        source.save(update_fields=["state", "counts", "error"])
        return source
    if source.state not in {ImportState.RUNNING, ImportState.UNDOING}:
        raise conflict("", "Nothing goes on here: this import has ended.")
    job_end(source)
    ending.import_stopped(source=source, actor=actor)
    return source


@transaction.atomic
def import_undo(*, source: Import, actor: Any) -> Import:
    """Take back all that an import did, also one that was stopped.

    Products that it created are deleted, those that it updated are as before, but for what somebody
    changed since. Raises ValidationError while it goes on, and where there is nothing to undo.
    """
    _hold(source)
    _check_not_going_on(source)
    if source.state == ImportState.UNDONE:
        raise conflict("", "This was undone already.")
    if source.counts.get(PURGED):
        raise conflict("", "This is too long ago to be undone.")
    items = source.items.filter(state__in=UNDOABLE).count()
    photos = source.photo_rows.filter(state=ImportPhotoState.DONE)
    if source.batch_id is None or not (items or photos.exists() or is_said(source).exists()):
        raise conflict("", "There is nothing to undo.")
    job_queue(
        source=source,
        kind=IMPORT_UNDO,
        state=ImportState.UNDOING,
        label="Undo the import of",
        actor=actor,
        total=items,
    )
    return source


@transaction.atomic
def import_retry_photos(*, source: Import, actor: Any) -> int:
    """Try photos anew that could not be brought; returns how many.

    Raises ValidationError while the import goes on, and where it was undone.
    """
    _hold(source)
    if source.state not in {ImportState.DONE, ImportState.STOPPED}:
        _check_not_going_on(source)
        raise conflict("", "Photos are fetched once the import is carried out.")
    _check_files(source)
    failed = source.photo_rows.filter(state=ImportPhotoState.FAILED)
    count = failed.update(
        state=ImportPhotoState.WAITING, attempts=0, error="", next_try_at=timezone.now()
    )
    if count:
        job_queue(
            source=source,
            kind=IMPORT_RUN,
            state=ImportState.RUNNING,
            label="Photos of",
            actor=actor,
        )
        audit(
            actor=actor,
            action="import.retry_photos",
            target=source,
            catalog=source.catalog,
            summary=source.name,
            data={"photos": count},
        )
    return count


@transaction.atomic
def import_delete(*, source: Import, actor: Any) -> None:
    """Remove an import that was not carried out, with its files; of others what is kept is needed.

    Raises ValidationError for one that goes on, or wrote something that is not undone.
    """
    _hold(source)
    _check_not_going_on(source)
    if source.state not in {*NEVER_RUN, ImportState.UNDONE}:
        raise conflict("", "What this import wrote is in the catalogue. Undo it first.")
    job_end(source)
    audit(
        actor=actor,
        action="import.delete",
        target=source,
        catalog=source.catalog,
        summary=source.name,
    )
    remove(source, actor)
    wake.on_commit(wake.JOBS)


def _hold(source: Import) -> None:
    """The import as it is now, held until the transaction ends."""
    rows = Import.objects.select_for_update(no_key=True, of=("self",)).filter(pk=source.pk)
    held = rows.select_related("job", "batch").first()
    if held is None:
        raise conflict("", "This import was deleted meanwhile.")
    names = ("state", "counts", "error", "mapping", "options", "job", "batch", "finished_at")
    for name in names:
        setattr(source, name, getattr(held, name))


def _check_not_going_on(source: Import) -> None:
    if source.state in {ImportState.READING, ImportState.RUNNING, ImportState.UNDOING}:
        raise conflict("", GOES_ON)


def _check_changeable(source: Import) -> None:
    _check_not_going_on(source)
    if source.state not in NEVER_RUN:
        raise conflict("", TOO_LATE)


def _check_files(source: Import) -> None:
    if source.table_id is None and source.photos_id is None:
        raise conflict("", GONE)
