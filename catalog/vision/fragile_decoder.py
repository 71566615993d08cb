"""The program that decodes HEIC, AVIF and TIFF, alone in a process with limits.

Standard input: the photo. Standard output: one line of JSON (the facts, or a rejection), then the
working copy: a plain 8-bit sRGB picture, turned upright, without metadata, at most `working_side`
on its longest side; JPEG, or PNG where it has transparency. Argument: JSON with the format and the
limits. Imports nothing of Django, torch or numpy, so that it starts in a tenth of a second.
"""

from __future__ import annotations

import io
import json
import sys
import warnings
from typing import Any

from PIL import AvifImagePlugin, Image, ImageFile, TiffImagePlugin

from catalog.vision import metadata, pixels
from catalog.vision.limits import Limits, PhotoRejected, check_size, corrupt

Image.MAX_IMAGE_PIXELS = None  # the size is checked here, with the limits of the caller


def main() -> None:
    request = json.loads(sys.argv[1])
    data = sys.stdin.buffer.read()
    # What the libraries have to say about odd files interests nobody in this process.
    warnings.simplefilter("ignore")
    try:
        facts, copy = decode(data, request["format"], Limits(**request["limits"]))
    except PhotoRejected as rejection:
        facts, copy = {"code": rejection.code, "message": rejection.message}, b""
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + copy)


def decode(data: bytes, file_format: str, limits: Limits) -> tuple[dict[str, Any], bytes]:
    """The facts about a photo and its working copy.

    Raises: PhotoRejected.
    """
    try:
        image = _open(data, file_format)
        check_size(*image.size, limits)
        xmp = image.info.get("xmp", b"")
        profile = image.info.get("icc_profile") or b""
        turned = _orientation(image, file_format)
        animated = bool(getattr(image, "is_animated", False)) and file_format == "AVIF"
        image.load()
        flat = pixels.plain(image)
        transparent = pixels.has_transparency(flat)
        width, height = flat.size if turned <= 4 else flat.size[::-1]  # noqa: PLR2004 - upright
        flat.thumbnail((limits.working_side, limits.working_side), Image.Resampling.LANCZOS)
        upright = pixels.orient(pixels.to_srgb(flat, profile), turned)
        copy = _encode(upright if transparent else pixels.flatten(upright))
    except pixels.DECODE_ERRORS as error:
        raise corrupt() from error
    facts = {
        "width": width,
        "height": height,
        "has_transparency": transparent,
        "animated": animated,
        "digital_source_type": metadata.source_type_in(xmp if isinstance(xmp, bytes) else b""),
    }
    return facts, copy


def _open(data: bytes, file_format: str) -> ImageFile.ImageFile:
    stream = io.BytesIO(data)
    if file_format == "TIFF":
        return TiffImagePlugin.TiffImageFile(stream)
    if file_format == "AVIF":
        return AvifImagePlugin.AvifImageFile(stream)
    import pillow_heif

    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.options.THUMBNAILS = False
    return pillow_heif.HeifImageFile(stream)


def _orientation(image: ImageFile.ImageFile, file_format: str) -> int:
    # The readers of HEIF and TIFF turn the picture themselves while they load it.
    if file_format != "AVIF":
        return 1
    turned = image.getexif().get(metadata.ORIENTATION_TAG, 1)
    return turned if isinstance(turned, int) else 1


def _encode(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    plain = pixels.bare(image)
    if image.mode == "RGBA":
        plain.save(stream, "PNG", compress_level=3)
    else:
        plain.save(stream, "JPEG", quality=95, subsampling=0)
    return stream.getvalue()


if __name__ == "__main__":
    main()
