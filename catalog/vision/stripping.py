"""Photos to hand out in full: the same pixels, without what else their files say.

Where the file's own structure allows it the picture is not encoded anew: what is copied is every part
that has to do with the picture, and nothing else. Of the metadata only the way up is kept, the colour
profile, and the mark of images made with AI (IPTC DigitalSourceType).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator

from catalog.vision import metadata
from catalog.vision.containers import (
    Container,
    gif_blocks,
    jpeg_segments,
    png_chunks,
    walk,
    webp_chunks,
)
from catalog.vision.opening import load
from catalog.vision.renditions import render
from catalog.vision.sniffing import photo_format

REENCODED_QUALITY = 95
_SEGMENT = 65_533  # of a JPEG's segment, without the two bytes that say how long it is
_XMP_OF_JPEG = b"http://ns.adobe.com/xap/1.0/\x00"
_ICC_OF_JPEG = b"ICC_PROFILE\x00"
_JFIF = b"JFIF\x00"
_JFIF_WITHOUT_PICTURE = 14
# What of a PNG has to do with the picture, animations and colours included.
_PNG_PICTURE = frozenset(
    b"IHDR PLTE tRNS IDAT IEND acTL fcTL fdAT gAMA cHRM sRGB iCCP sBIT bKGD pHYs cICP".split()
)
_PNG_XMP = b"XML:com.adobe.xmp\x00\x00\x00\x00\x00"
_WEBP_PRIVATE = frozenset((b"EXIF", b"XMP "))
_WEBP_HAS_EXIF, _WEBP_HAS_XMP = 0x08, 0x04


class _MadeAnew(Exception):  # noqa: N818 -- not an error: what is asked for
    """The file cannot say what it has to without being encoded anew."""


def stripped(data: bytes, digital_source_type: str = "") -> tuple[bytes, str]:
    """The photo without personal metadata, and the extension of its file's name.

    Raises: PhotoRejected where it cannot be read.
    """
    file_format = photo_format(data)
    writer = _WRITERS.get(file_format)
    if writer is not None:
        found = walk(data, file_format)
        try:
            return writer(data, found, digital_source_type), _EXTENSIONS[file_format]
        except _MadeAnew:
            pass
    picture = load(data)
    return render(
        picture,
        picture.width,
        "jpeg",
        REENCODED_QUALITY,
        digital_source_type=digital_source_type or None,
    ), "jpg"


def _jpeg(data: bytes, found: Container, source_type: str) -> bytes:
    parts = [data[:2]]
    segments = [(marker, data[start:end]) for marker, start, end in jpeg_segments(data)]
    parts += [part for marker, part in segments if marker == 0xE0 and _is_plain_jfif(part)]  # noqa: PLR2004 -- APP0
    upright = metadata.orientation(found.exif)
    if upright != 1:
        parts.append(_segment(0xE1, b"Exif\x00\x00" + _only_orientation(upright)))
    if source_type:
        parts.append(_segment(0xE1, _XMP_OF_JPEG + metadata.source_type_packet(source_type)))
    parts += [part for marker, part in segments if _is_profile(marker, part)]
    return b"".join([*parts, *found.picture[1:]])


def _is_plain_jfif(part: bytes) -> bool:
    """Without the small picture that it may hold."""
    return part[4:9] == _JFIF and len(part) == _JFIF_WITHOUT_PICTURE + 4


def _is_profile(marker: int, part: bytes) -> bool:
    return marker == 0xE2 and part[4:].startswith(_ICC_OF_JPEG)  # noqa: PLR2004 -- APP2


def _segment(marker: int, body: bytes) -> bytes:
    if len(body) > _SEGMENT:
        raise _MadeAnew
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _only_orientation(value: int) -> bytes:
    """A TIFF structure that says nothing else."""
    entry = struct.pack(">HHIHH", metadata.ORIENTATION_TAG, 3, 1, value, 0)
    return b"MM\x00\x2a" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)


def _png(data: bytes, found: Container, source_type: str) -> bytes:
    _check_upright(found)
    parts = [data[:8]]
    for name, start, end in png_chunks(data):
        if name in _PNG_PICTURE:
            parts.append(data[start:end])
        if name == b"IHDR" and source_type:
            parts.append(_chunk(b"iTXt", _PNG_XMP + metadata.source_type_packet(source_type)))
    return b"".join(parts)


def _chunk(name: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)


def _webp(data: bytes, found: Container, source_type: str) -> bytes:
    _check_upright(found)
    chunks = [(name, data[start:end]) for name, start, end in webp_chunks(data)]
    if source_type and chunks[0][0] != b"VP8X":
        raise _MadeAnew
    parts = list(_webp_parts(chunks, says_source=bool(source_type)))
    if source_type:
        packet = metadata.source_type_packet(source_type)
        parts.append(struct.pack("<4sI", b"XMP ", len(packet)) + packet + b"\0" * (len(packet) & 1))
    body = b"WEBP" + b"".join(parts)
    return struct.pack("<4sI", b"RIFF", len(body)) + body


def _webp_parts(chunks: list[tuple[bytes, bytes]], *, says_source: bool) -> Iterator[bytes]:
    for name, part in chunks:
        if name in _WEBP_PRIVATE:
            continue
        if name == b"VP8X":
            flags = part[8] & ~(_WEBP_HAS_EXIF | _WEBP_HAS_XMP)
            flags |= _WEBP_HAS_XMP if says_source else 0
            yield part[:8] + bytes([flags]) + part[9:]
        else:
            yield part


def _gif(data: bytes, found: Container, source_type: str) -> bytes:
    del found
    if source_type:
        raise _MadeAnew
    blocks = list(gif_blocks(data))
    beginning = data[: blocks[0][1]]
    return beginning + b"".join(
        data[start:end] for _, start, end in blocks if not _is_gif_note(data[start:end])
    )


def _is_gif_note(block: bytes) -> bool:
    """A comment, or an application's own words, but for how often an animation is shown."""
    is_comment = block[:2] == b"\x21\xfe"
    is_other = block[:2] == b"\x21\xff" and block[3:14] not in (b"NETSCAPE2.0", b"ANIMEXTS1.0")
    return is_comment or is_other


def _check_upright(found: Container) -> None:
    if metadata.orientation(found.exif) != 1:
        raise _MadeAnew


_WRITERS: dict[str, Callable[[bytes, Container, str], bytes]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "WEBP": _webp,
    "GIF": _gif,
}
_EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
