"""Photos on their way into the catalogue: their files first, then their rows in a transaction.

A file is written after a `FileRemoval` row for it, and that row goes with the transaction that
records the photo. So the rows say at any moment, whatever dies or fails, which files nobody needs.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone

from catalog import storage
from catalog.ingest import wake
from catalog.models import Catalog, EmbedTask, FileRemoval, Photo
from catalog.services.errors import conflict
from catalog.services.photo_work import photos_embed
from catalog.services.photos import StagedPhoto

logger = structlog.get_logger(__name__)
LEFT_BEHIND_AFTER = timedelta(hours=6)
PHOTOS = "photos/{catalog}/"


@dataclass(frozen=True)
class StoredPhoto:
    """A staged photo and the names of its files, none where `known` has them.

    `known` is the row that had these bytes before; with names, its own files were lost.
    """

    staged: StagedPhoto
    name: str = ""
    working_name: str = ""
    known: Photo | None = None

    @property
    def names(self) -> list[str]:
        return [name for name in (self.name, self.working_name) if name]


@contextmanager
def photo_files(*, catalog: Catalog, photos: Sequence[StagedPhoto]) -> Iterator[list[StoredPhoto]]:
    """Write the files of photos for the block that records them.

    Outside any transaction, since storage may be far away. Names are never used twice, so that a
    late deletion cannot hit a newer photo. Raises StorageUnavailable.
    """
    stored = _named(catalog, photos)
    try:
        for each in stored:
            _write(each)
        yield stored
    except BaseException:
        # Nothing is deleted here: the block may have failed after its commit.
        _remove_soon([name for each in stored for name in each.names])
        raise


def _named(catalog: Catalog, photos: Sequence[StagedPhoto]) -> list[StoredPhoto]:
    """The photos with names for what has to be written; from now on, they are to be removed."""
    sums = {staged.opened.sha256 for staged in photos}
    rows = Photo.objects.filter(catalog=catalog, sha256__in=sums)
    known = {photo.sha256: photo for photo in rows}
    stored = []
    for staged in photos:
        opened = staged.opened
        photo = known.get(opened.sha256)
        if photo is not None and _is_there(photo):
            stored.append(StoredPhoto(staged, known=photo))
            continue
        folder = f"{PHOTOS.format(catalog=catalog.pk)}{opened.sha256[:2]}"
        stem = f"{folder}/{opened.sha256}-{secrets.token_hex(4)}"
        working_name = f"{stem}.working" if opened.working_copy else ""
        stored.append(StoredPhoto(staged, f"{stem}.{opened.extension}", working_name, photo))
    due = timezone.now() + LEFT_BEHIND_AFTER
    FileRemoval.objects.bulk_create(
        [FileRemoval(name=name, next_try_at=due) for each in stored for name in each.names]
    )
    return stored


def _is_there(photo: Photo) -> bool:
    names = [photo.file.name, photo.working_copy.name]
    return all(storage.exists(name) for name in names if name)


def _write(stored: StoredPhoto) -> None:
    if stored.name:
        storage.save(stored.name, stored.staged.data)
    if stored.working_name:
        storage.save(stored.working_name, stored.staged.opened.working_copy or b"")


def _remove_soon(names: Sequence[str]) -> None:
    """Have the files removed that were not recorded; those of recorded photos have no rows."""
    try:
        FileRemoval.objects.filter(name__in=names).update(next_try_at=timezone.now())
    except (DatabaseError, InterfaceError) as error:
        # They are due by themselves, later.
        logger.warning("files left for later", count=len(names), reason=str(error).strip())


def photos_record(*, catalog: Catalog, stored: Sequence[StoredPhoto], actor: Any) -> list[Photo]:
    """The rows of stored photos, in the same order; made now unless the catalogue has these bytes.

    They are locked in the order of their bytes, whatever order they were uploaded in: two uploads
    of the same photos then wait for each other one way only. Raises ValidationError when a row that
    had them was purged since their files were looked for.
    """
    by_sum: dict[str, StoredPhoto] = {}
    for each in stored:
        by_sum.setdefault(each.staged.opened.sha256, each)
    rows = _held(catalog, by_sum)
    missing = [by_sum[digest] for digest in sorted(by_sum.keys() - rows.keys())]
    if any(not each.name for each in missing):
        raise conflict("image", "This photo was being removed just now. Upload it again.")
    # Another upload of the same bytes may be quicker: its row counts then.
    Photo.objects.bulk_create(
        [_row(catalog, each, actor) for each in missing], ignore_conflicts=True
    )
    rows |= _held(catalog, {each.staged.opened.sha256 for each in missing})
    made = [each for each in missing if rows[each.staged.opened.sha256].file.name == each.name]
    photos_embed([rows[each.staged.opened.sha256] for each in made])
    _settle_files(stored, made, rows)
    return [rows[each.staged.opened.sha256] for each in stored]


def _held(catalog: Catalog, sums: Collection[str]) -> dict[str, Photo]:
    """The photos of these bytes. Whoever purges one waits for this transaction, and then sees that
    it is used again.
    """
    if not sums:
        return {}
    rows = Photo.objects.select_for_update(no_key=True).filter(catalog=catalog, sha256__in=sums)
    return {photo.sha256: photo for photo in rows.order_by("sha256")}


def _row(catalog: Catalog, stored: StoredPhoto, actor: Any) -> Photo:
    opened = stored.staged.opened
    return Photo(
        catalog=catalog,
        sha256=opened.sha256,
        file=stored.name,
        working_copy=stored.working_name,
        original_name=stored.staged.name,
        format=opened.format,
        extension=opened.extension,
        width=opened.width,
        height=opened.height,
        size_bytes=opened.size_bytes,
        perceptual_hash=opened.phash,
        digital_source_type=opened.digital_source_type or "",
        colors=stored.staged.colors,
        created_by=actor,
    )


def _settle_files(
    stored: Sequence[StoredPhoto], made: Sequence[StoredPhoto], rows: Mapping[str, Photo]
) -> None:
    """Keep the files that photos have now, and have the others removed."""
    needless: list[str] = []
    for each in stored:
        if each in made:
            continue
        if each.known is not None and each.name:
            _replace_files(rows[each.staged.opened.sha256], each)
        else:
            # The photo has its files, or another upload of the same bytes was quicker.
            needless += each.names
    kept = [name for each in made for name in each.names]
    FileRemoval.objects.filter(name__in=kept).delete()
    FileRemoval.objects.filter(name__in=needless).update(next_try_at=timezone.now())


def _replace_files(photo: Photo, stored: StoredPhoto) -> None:
    """Give a photo that lost its files those that came again, and have it looked at anew."""
    lost = [name for name in (photo.file.name, photo.working_copy.name) if name]
    photo.file, photo.working_copy = stored.name, stored.working_name
    photo.save(update_fields=["file", "working_copy"])
    FileRemoval.objects.filter(name__in=stored.names).delete()
    FileRemoval.objects.bulk_create(
        [FileRemoval(name=name) for name in lost], ignore_conflicts=True
    )
    EmbedTask.objects.filter(photo=photo).retry()
    wake.on_commit(wake.EMBED, wake.JOBS)


def photo_files_restore(*, catalog: Catalog, photos: Sequence[StagedPhoto], actor: Any) -> None:
    """Write the files of known photos again where the storage has lost them.

    Raises StorageUnavailable.
    """
    sums = {staged.opened.sha256 for staged in photos}
    known = Photo.objects.filter(catalog=catalog, sha256__in=sums)
    lost = {photo.sha256 for photo in known if not _is_there(photo)}
    again = [staged for staged in photos if staged.opened.sha256 in lost]
    if again:
        with photo_files(catalog=catalog, photos=again) as stored, transaction.atomic():
            photos_record(catalog=catalog, stored=stored, actor=actor)
