"""Small copies of photos, made when first asked for and kept beside the originals."""

from __future__ import annotations

from catalog import storage
from catalog.models import Photo
from catalog.vision.opening import load
from catalog.vision.renditions import render

WIDTHS = (96, 240, 480, 960, 1600)
MIME = "image/webp"
# Shops zoom into photos of 2,000 pixels and more; Meta takes no file over 8 MB.
PUBLISHED_SIDE = 2400
PUBLISHED_QUALITY = 90
PUBLISHED_MIME = "image/jpeg"
RENDITIONS = "renditions/{catalog}/"


def rendition(photo: Photo, width: int) -> tuple[str, bytes | None]:
    """The stored name of a WebP copy at most `width` wide, and its bytes where just made.

    Metadata is gone from it, but for the mark of AI-made images. Raises ValueError for a width that
    is not offered, PhotoRejected, FileMissing, StorageUnavailable.
    """
    if width not in WIDTHS:
        raise ValueError(f"choose one of {WIDTHS}")
    name = rendition_name(photo, width)
    if storage.exists(name):
        return name, None
    data = storage.read(photo.readable_name)
    picture = load(data, max_side=max(width * 2, 640))
    made = render(picture, width, "webp", digital_source_type=photo.digital_source_type or None)
    return storage.save(name, made), made


def published_rendition(photo: Photo) -> bytes:
    """A JPEG copy for channels, as large as they use it; metadata as of `rendition`.

    Raises PhotoRejected, FileMissing, StorageUnavailable.
    """
    name = published_name(photo)
    if storage.exists(name):
        return storage.read(name)
    picture = load(storage.read(photo.readable_name), max_side=PUBLISHED_SIDE)
    made = render(
        picture,
        PUBLISHED_SIDE,
        "jpeg",
        PUBLISHED_QUALITY,
        digital_source_type=photo.digital_source_type or None,
    )
    storage.save(name, made)
    return made


def published_name(photo: Photo) -> str:
    folder = f"{RENDITIONS.format(catalog=photo.catalog_id)}{photo.sha256[:2]}"
    return f"{folder}/{photo.pk}-{photo.sha256}-published.jpg"


def rendition_name(photo: Photo, width: int) -> str:
    folder = f"{RENDITIONS.format(catalog=photo.catalog_id)}{photo.sha256[:2]}"
    return f"{folder}/{photo.pk}-{photo.sha256}-{width}.webp"


def rendition_names(photo: Photo) -> list[str]:
    """Every name under which a copy of the photo may be kept."""
    return [*(rendition_name(photo, width) for width in WIDTHS), published_name(photo)]
