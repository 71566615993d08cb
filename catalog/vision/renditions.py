"""Small copies of a photo to show: encoded anew from the pixels, so nothing personal is in them."""

from __future__ import annotations

import io
from typing import Any, Literal

from PIL import Image

from catalog.vision import pixels
from catalog.vision.metadata import source_type_packet

RenditionFormat = Literal["webp", "avif", "jpeg"]
MIME: dict[RenditionFormat, str] = {
    "webp": "image/webp",
    "avif": "image/avif",
    "jpeg": "image/jpeg",
}
DEFAULT_QUALITY: dict[RenditionFormat, int] = {"webp": 80, "avif": 60, "jpeg": 85}
# WebP cannot store more; a strip taller than this is no use on a page in any format.
MAX_HEIGHT = 16_000


def render(
    image: Image.Image,
    width: int,
    rendition_format: RenditionFormat = "webp",
    quality: int | None = None,
    *,
    digital_source_type: str | None = None,
) -> bytes:
    """An sRGB copy at most `width` pixels wide, never enlarged, without metadata.

    Only the IPTC digital source type is written, where the original has it: whoever marks a picture
    as made by a machine must not lose the mark on the way through here. `quality` is 1 to 100.
    Raises: ValueError for a width below 1 or a source type that IPTC does not know.
    """
    if width < 1:
        raise ValueError("a rendition is at least one pixel wide")
    copy = pixels.bare(image if image.mode == "RGB" else pixels.flatten(pixels.plain(image)))
    copy.thumbnail((width, MAX_HEIGHT), Image.Resampling.LANCZOS, reducing_gap=3.0)
    options: dict[str, Any] = {"quality": quality or DEFAULT_QUALITY[rendition_format]}
    if digital_source_type is not None:
        options["xmp"] = source_type_packet(digital_source_type)
    if rendition_format == "webp":
        options["method"] = 4
    elif rendition_format == "avif":
        # Of libavif's 0 (slowest) to 10: a thumbnail is made while somebody waits for it.
        options["speed"] = 8
    else:
        options |= {"optimize": True, "progressive": True}
    stream = io.BytesIO()
    copy.save(stream, rendition_format.upper(), **options)
    return stream.getvalue()
