"""Small pictures of the photos in an archive that is not imported yet."""

from __future__ import annotations

from catalog.importing.archives import ArchiveRejected, MemberRejected, open_archive
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


class NoThumbnail(Exception):  # noqa: N818 -- what the page shows instead is its name
    """There is none: the photo is no photo, or its archive is gone."""


def thumbnail(source: Import, photo: ImportPhoto) -> bytes:
    """A WebP picture of a photo of the archive, made of its checked pixels. Raises NoThumbnail."""
    key = f"import-photo:{photo.pk}:{photo.digest}"
    kept: bytes | None = CACHE.get(key)
    if kept is not None:
        return kept
    try:
        data = _bytes(source, photo.source)
        _, picture = inspect_with_preview(data, photo_limits())
        made = render(picture, WIDTH, "webp")
    except (PhotoRejected, ArchiveRejected, MemberRejected) as error:
        raise NoThumbnail from error
    except (FileMissing, StorageUnavailable, UploadIncomplete) as error:
        raise NoThumbnail from error
    CACHE.set(key, made, KEPT_SECONDS)
    return made


def _bytes(source: Import, name: str) -> bytes:
    if source.photos is None:
        raise NoThumbnail
    with upload_path(source.photos) as path, open_archive(path) as archive:
        member = next((each for each in archive.members if each.name == name), None)
        if member is None or member.kind != "photo":
            raise NoThumbnail
        return archive.read(member)
