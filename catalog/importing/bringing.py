"""The files of an import as they come: with a form, or brought before in parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile

from catalog.models import Catalog, Upload
from catalog.services.errors import conflict
from catalog.uploads.services import upload_drop, upload_store, uploads_waiting

ARCHIVE = ".zip"
NOTHING = "Choose a table, a zip of photos, or both."
TOO_MANY = "Bring one table and one zip of photos at most."
NOT_THERE = "This upload is not there any more, or was imported already. Choose the file again."
INCOMPLETE = "“{}” has not arrived completely. Choose the file again, and it goes on."


@dataclass(frozen=True)
class Brought:
    """A table, an archive of photos, or both, and by which name the import goes."""

    name: str
    table: Upload | None
    photos: Upload | None


def brought_of(
    *, catalog: Catalog, actor: Any, files: Sequence[UploadedFile], uploads: Sequence[UUID]
) -> Brought:
    """The files of a form and what was brought before it; archives are told by their names.

    Raises ValidationError; then nothing is kept of the form's files.
    """
    known = [_waiting(catalog, actor, pk) for pk in uploads]
    names = [upload.name for upload in known] + [file.name or "" for file in files]
    archives = sum(_is_archive(name) for name in names)
    if not names:
        raise conflict("file", NOTHING)
    if archives > 1 or len(names) - archives > 1:
        raise conflict("file", TOO_MANY)
    stored: list[Upload] = []
    try:
        stored.extend(_stored(catalog, actor, file) for file in files)
    except BaseException:
        for upload in stored:
            upload_drop(upload=upload, actor=actor)
        raise
    return _sorted([*known, *stored])


def _stored(catalog: Catalog, actor: Any, file: UploadedFile) -> Upload:
    return upload_store(
        catalog=catalog, actor=actor, name=file.name or "file", chunks=file.chunks()
    )


def _sorted(uploads: Iterable[Upload]) -> Brought:
    table = photos = None
    for upload in uploads:
        if _is_archive(upload.name):
            photos = upload
        else:
            table = upload
    main = table or photos
    assert main is not None
    return Brought(main.name, table, photos)


def _is_archive(name: str) -> bool:
    return name.lower().endswith(ARCHIVE)


def _waiting(catalog: Catalog, actor: Any, pk: UUID) -> Upload:
    """What this person brought to this catalogue and no import has taken. Raises ValidationError."""
    waiting = uploads_waiting().filter(catalog=catalog, created_by=actor, pk=pk)
    upload = waiting.first()
    if upload is None:
        raise conflict("file", NOT_THERE)
    if not upload.is_complete:
        raise conflict("file", INCOMPLETE.format(upload.name))
    return upload
