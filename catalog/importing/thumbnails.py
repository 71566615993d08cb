"""Small pictures of the photos in an archive that is not imported yet."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from catalog.importing.archives import (
    PHOTO,
    ArchiveRejected,
    Member,
    MemberRejected,
    member_bytes,
    open_archive,
)
from catalog.models import Import, ImportPhoto
from catalog.services.photos import photo_limits
from catalog.storage import FileMissing, StorageUnavailable
from catalog.uploads.files import UploadIncomplete, upload_path
from catalog.vision.limits import PhotoRejected
from catalog.vision.opening import inspect_with_preview
from catalog.vision.renditions import render
from prodintel.lib.optional_cache import CACHE

WIDTH = 240
MIME = "image/webp"
KEPT_SECONDS = 3600
# What is kept of what is no photo, or costs too much to be shown: it is not opened at each look.
_NONE = b""
_LISTING = threading.Lock()


class NoThumbnail(Exception):  # noqa: N818 -- what the page shows instead is its name
    """There is none: the photo is no photo, or its archive is gone."""


def thumbnail(source: Import, photo: ImportPhoto) -> bytes:
    """A WebP picture of a photo of the archive, made of its checked pixels. Raises NoThumbnail."""
    key = f"import-photo:{photo.pk}:{photo.digest}"
    kept: bytes | None = CACHE.get(key)
    if kept is None:
        kept = _made(source, photo)
        CACHE.set(key, kept, KEPT_SECONDS)
    if kept == _NONE:
        raise NoThumbnail
    return kept


def _made(source: Import, photo: ImportPhoto) -> bytes:
    """The picture, or `_NONE`. Raises NoThumbnail where that may be otherwise another time."""
    try:
        data = _bytes(source, photo.source)
        _, picture = inspect_with_preview(data, photo_limits())
        return render(picture, WIDTH, "webp")
    except (PhotoRejected, ArchiveRejected, MemberRejected):
        return _NONE
    except (FileMissing, StorageUnavailable, UploadIncomplete) as error:
        raise NoThumbnail from error


def _bytes(source: Import, name: str) -> bytes:
    if source.photos is None:
        raise NoThumbnail
    with upload_path(source.photos) as path:
        # A page asks for dozens at once, and an archive may list a hundred thousand.
        with _LISTING:
            member = _photos_in(source.photos.pk, path).get(name)
        if member is None:
            raise NoThumbnail
        with path.open("rb") as file:
            return member_bytes(file, member)


@lru_cache(maxsize=1)
def _photos_in(upload: UUID, path: Path) -> Mapping[str, Member]:  # noqa: ARG001 -- that of this path
    """The photos of an uploaded archive by name, of the one that was looked at last."""
    with open_archive(path) as archive:
        return {each.name: each for each in archive.members if each.kind == PHOTO}
