"""What a photo may cost, and the one error that a bad photo raises."""

from __future__ import annotations

from dataclasses import dataclass

MEGAPIXEL = 1_000_000
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds checked before and while a photo is decoded.

    Sides and `working_side` are in pixels, `max_bytes` and `decoder_memory` in bytes, times in
    seconds. `max_pixels` above 178 million has no effect on GIF and WebP, whose readers refuse that
    themselves. The `decoder_*` bounds hold for the subprocess that decodes HEIC, AVIF and TIFF.
    """

    max_bytes: int = 25 * MEBIBYTE
    max_pixels: int = 50 * MEGAPIXEL
    max_side: int = 30_000
    min_side: int = 16
    working_side: int = 4096
    decoder_memory: int = 1536 * MEBIBYTE
    decoder_cpu_seconds: int = 20
    decoder_wall_seconds: int = 45


DEFAULT = Limits()


class PhotoRejected(Exception):  # noqa: N818 - the field's word; the user reads it as a verdict
    """A photo that cannot be taken in.

    `code` is stable and short (`empty`, `too_many_bytes`, `not_an_image`, `unsupported_format`,
    `corrupt`, `too_small`, `too_many_pixels`, `hidden_content`, `too_costly`); `message` tells the
    user what is wrong and what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def corrupt(detail: str = "") -> PhotoRejected:
    """The rejection for bytes that start like a photo but cannot be decoded to the end."""
    reason = f" ({detail})" if detail else ""
    return PhotoRejected(
        "corrupt",
        f"The photo is damaged or incomplete{reason}. Upload it again from the original, "
        "or open it in an image editor and save it as a new JPEG or PNG.",
    )


def check_size(width: int, height: int, limits: Limits) -> None:
    """Refuse a photo by its announced size, before anything is decoded.

    Raises: PhotoRejected with `corrupt`, `too_small` or `too_many_pixels`.
    """
    if width < 1 or height < 1:
        raise corrupt("it gives no size")
    if min(width, height) < limits.min_side:
        raise PhotoRejected(
            "too_small",
            f"The photo is only {width} x {height} pixels. Upload one that is at least "
            f"{limits.min_side} pixels on each side.",
        )
    if width * height > limits.max_pixels or max(width, height) > limits.max_side:
        raise PhotoRejected(
            "too_many_pixels",
            f"The photo has {width} x {height} pixels ({width * height / MEGAPIXEL:.0f} "
            f"megapixels). The limit is {limits.max_pixels / MEGAPIXEL:g} megapixels and "
            f"{limits.max_side} pixels on the longest side: make it smaller and upload it again.",
        )
