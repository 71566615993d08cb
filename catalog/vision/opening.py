"""The only door for photos: bytes in, a checked photo out, or one clear refusal."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageFile

from catalog.vision import admission, fragile, metadata, pixels
from catalog.vision.containers import Container, walk
from catalog.vision.fingerprint import perceptual_hash
from catalog.vision.limits import DEFAULT, MEBIBYTE, Limits, PhotoRejected, check_size, corrupt
from catalog.vision.polyglots import refuse_hidden_content
from catalog.vision.sniffing import photo_format

# format: (MIME type, file name extension)
_TYPES = {
    "JPEG": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "WEBP": ("image/webp", "webp"),
    "GIF": ("image/gif", "gif"),
    "BMP": ("image/bmp", "bmp"),
    "TIFF": ("image/tiff", "tiff"),
    "AVIF": ("image/avif", "avif"),
    "HEIF": ("image/heic", "heic"),
}
PREVIEW_SIDE = 160
_FIRST_ON_ITS_SIDE = 5  # of EXIF's orientations
_BMP_CORE_HEADER = 12
_BMP_RUN_LENGTHS = frozenset((1, 2))  # BI_RLE8, BI_RLE4


@dataclass(frozen=True)
class OpenedPhoto:
    """A photo that was decoded to its end.

    `format` is JPEG, PNG, WEBP, GIF, BMP, TIFF, AVIF or HEIF; `width` and `height` are those of
    the upright picture; `sha256` is the hex digest of the bytes as given; `phash` a signed 64-bit
    perceptual hash. `working_copy` is set for formats that must not be decoded in this process: a
    JPEG or PNG to use in place of the original for everything after, of the type `working_mime`.
    `digital_source_type` is IPTC's term where the photo says how it was made.
    """

    format: str
    mime: str
    extension: str
    width: int
    height: int
    size_bytes: int
    sha256: str
    phash: int
    has_transparency: bool
    animated: bool
    digital_source_type: str | None
    working_copy: bytes | None = None

    @property
    def working_mime(self) -> str:
        """The MIME type of `working_copy`, or of the original where there is none."""
        return _TYPES[photo_format(self.working_copy)][0] if self.working_copy else self.mime


def inspect(data: bytes | BinaryIO, limits: Limits = DEFAULT) -> OpenedPhoto:
    """Check a photo completely and say what it is. The content decides, never a name.

    Of animations the first frame counts, of TIFF and HEIC the first picture.
    Raises: PhotoRejected, and nothing else, whatever the bytes are.
    """
    return inspect_with_preview(data, limits)[0]


def inspect_with_preview(
    data: bytes | BinaryIO, limits: Limits = DEFAULT
) -> tuple[OpenedPhoto, Image.Image]:
    """As `inspect`, with the picture that was decoded on the way, for measuring its colours.

    The preview is upright and sRGB, RGB or (where the photo has transparency) RGBA, its short side
    at least 160 pixels where the photo has that many; not a fixed size.
    Raises: PhotoRejected.
    """
    content = _read(data, limits)
    file_format = photo_format(content)
    if file_format in fragile.FORMATS:
        return _inspect_fragile(content, file_format, limits)
    found = _structure(content, file_format)
    check_size(found.width, found.height, limits)
    refuse_hidden_content(content, file_format, found.end if file_format != "BMP" else None)
    preview = _upright(found, file_format, PREVIEW_SIDE)
    size = (found.width, found.height)
    on_its_side = metadata.orientation(found.exif) >= _FIRST_ON_ITS_SIDE
    width, height = size[::-1] if on_its_side else size
    opened = _opened(
        content,
        file_format,
        width=width,
        height=height,
        phash=perceptual_hash(pixels.flatten(preview)),
        has_transparency=preview.mode == "RGBA",
        animated=found.animated,
        digital_source_type=metadata.source_type_in(found.xmp),
    )
    return opened, preview


def load(data: bytes, max_side: int | None = None) -> Image.Image:
    """The upright sRGB picture (mode RGB, transparency on white), at most `max_side` pixels long.

    `data` is a photo that `inspect` took, or its working copy; of HEIC, AVIF and TIFF, the working
    copy only. Never enlarged.
    Raises: PhotoRejected for damaged bytes, ValueError for a format that needs its working copy.
    """
    kind = photo_format(data)
    found = _safe_structure(data, kind)
    at_least = _short_side(found, 2 * max_side) if max_side else 0
    image = pixels.flatten(_upright(found, kind, at_least))
    if max_side:
        image.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    return image


def load_for_model(data: bytes, size: int) -> Image.Image:
    """The upright sRGB picture with a short side of at least twice `size` where it has that many.

    For a model's own preprocessing, which resizes to `size`: a JPEG is decoded at a fraction of its
    size when that is enough, which saves most of the time and does not change the result visibly.
    Raises: as `load`.
    """
    kind = photo_format(data)
    return pixels.flatten(_upright(_safe_structure(data, kind), kind, 2 * size))


def load_reduced(data: bytes, side: int) -> Image.Image:
    """The upright sRGB picture with a long side of at least `side` where it has that many.

    For whoever makes it that long: decoded as for `load_for_model`, but to no less than is shown.
    Raises: as `load`.
    """
    kind = photo_format(data)
    found = _safe_structure(data, kind)
    return pixels.flatten(_upright(found, kind, _short_side(found, side)))


def _read(data: bytes | BinaryIO, limits: Limits) -> bytes:
    content = data if isinstance(data, bytes) else data.read(limits.max_bytes + 1)
    if not content:
        raise PhotoRejected("empty", "The file is empty. Choose the photo again and upload it.")
    if len(content) > limits.max_bytes:
        raise PhotoRejected(
            "too_many_bytes",
            f"The file is larger than {limits.max_bytes / MEBIBYTE:g} MB, which is the limit. "
            "Save it smaller or as a JPEG, and upload it again.",
        )
    return content


def _inspect_fragile(
    content: bytes, file_format: str, limits: Limits
) -> tuple[OpenedPhoto, Image.Image]:
    refuse_hidden_content(content, file_format, None)
    photo = fragile.decode(content, file_format, limits)
    copy_format = photo_format(photo.working_copy)
    preview = _upright(_structure(photo.working_copy, copy_format), copy_format, PREVIEW_SIDE)
    opened = _opened(
        content,
        file_format,
        width=photo.width,
        height=photo.height,
        phash=perceptual_hash(pixels.flatten(preview)),
        has_transparency=photo.has_transparency,
        animated=photo.animated,
        digital_source_type=photo.digital_source_type,
        working_copy=photo.working_copy,
    )
    return opened, preview


def _opened(content: bytes, file_format: str, **facts: object) -> OpenedPhoto:
    mime, extension = _TYPES[file_format]
    return OpenedPhoto(
        format=file_format,
        mime=mime,
        extension=extension,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        **facts,  # type: ignore[arg-type]
    )


def _structure(data: bytes, file_format: str) -> Container:
    if file_format != "BMP":
        return walk(data, file_format)
    wide = int.from_bytes(data[14:18], "little") > _BMP_CORE_HEADER
    step = 4 if wide else 2
    width, height = (
        abs(int.from_bytes(data[at : at + step], "little", signed=wide)) for at in (18, 18 + step)
    )
    if wide and int.from_bytes(data[30:34], "little") in _BMP_RUN_LENGTHS:
        # Pillow unpacks it in Python: some kilobytes take seconds, at every look at the photo.
        raise PhotoRejected(
            "unsupported_format",
            "The bitmap is compressed with run lengths (RLE), which is not taken. "
            "Save it as a PNG, or as a BMP without compression, and upload that.",
        )
    return Container(width=width, height=height, end=len(data), picture=[data])


def _safe_structure(data: bytes, file_format: str) -> Container:
    if file_format in fragile.FORMATS:
        raise ValueError(f"{file_format} photos are loaded from their working copy")
    return _structure(data, file_format)


def _short_side(found: Container, long_side: int) -> int:
    return math.ceil(long_side * min(found.width, found.height) / max(found.width, found.height))


def _upright(found: Container, file_format: str, at_least: int) -> Image.Image:
    """The upright sRGB picture, RGB, or RGBA where it has transparency; decoded to the end.

    Waits while other threads of this process decode as many pixels as memory is meant for.
    """
    try:
        image = pixels.reader(found.decodable, file_format)
        if image.size != (found.width, found.height):
            raise corrupt("it gives two sizes")
        if at_least:
            pixels.draft(image, at_least)
        with admission.DECODING.share(pixels.cost(image, found.width * found.height)):
            picture = _decoded(image, found.icc, at_least)
            picture.info = {}
            return pixels.orient(picture, metadata.orientation(found.exif))
    except MemoryError as error:
        raise PhotoRejected(
            "too_costly",
            "There was not enough memory to open the photo. Make it smaller and upload it again.",
        ) from error
    except pixels.DECODE_ERRORS as error:
        raise corrupt() from error


def _decoded(image: ImageFile.ImageFile, profile: bytes, at_least: int) -> Image.Image:
    image.load()
    plain = pixels.plain(image)
    if plain.mode == "RGBA" and not pixels.has_transparency(plain):
        plain = plain.convert("RGB")
    if at_least:
        plain = pixels.shrink(plain, at_least)
    return pixels.to_srgb(plain, profile)
