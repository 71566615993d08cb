"""Walks the structure of JPEG, PNG, GIF and WebP files without decoding a pixel.

The walk gives the announced size (checked before memory is spent), the place where the image ends
(what follows may be another file in disguise), the metadata blocks, and the parts that carry the
picture. Decoders are given those parts only, so that no metadata parser ever sees hostile input.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.vision.limits import MEBIBYTE, corrupt

MAX_METADATA = 4 * MEBIBYTE
# Each scan of a progressive JPEG is a pass over the whole picture: encoders write about ten, an
# attacker thousands.
MAX_SCANS = 50
MAX_SCAN_PIXELS = 1_000_000_000
# Not those that stand alone: restarts, the beginning (once more), and the one of arithmetic coding.
_JPEG_MARKER = re.compile(rb"\xff([^\x00\x01\xff\xd0-\xd8])", re.DOTALL)
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_EOI, _JPEG_SOS, _JPEG_COM = 0xD9, 0xDA, 0xFE
_PNG_PICTURE = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))
_PNG_XMP = b"XML:com.adobe.xmp\x00"
_EXIF = b"Exif\x00\x00"
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
# What does not fit in one segment follows in others, each after 40 bytes that say where it belongs.
_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\x00"
_MORE_XMP_HEADER = len(_MORE_XMP) + 40
# As many as hold MAX_METADATA.
_MAX_PACKETS = 64
_ADOBE = b"Adobe"
_ICC = b"ICC_PROFILE\x00"


@dataclass
class Container:
    """A walked file. Sizes are as stored, before the orientation is applied.

    `end` is the offset just after the image; `picture` are the parts a decoder needs, a complete
    file when joined; `animated` says that there is more than one frame.
    """

    width: int = 0
    height: int = 0
    end: int = 0
    animated: bool = False
    exif: bytes = b""
    xmp: bytes = b""
    icc: bytes = b""
    picture: list[bytes] = field(default_factory=list)

    @property
    def decodable(self) -> bytes:
        """The file with nothing but the picture in it."""
        return b"".join(self.picture)


def walk(data: bytes, file_format: str) -> Container:
    """The structure of a photo.

    Raises: PhotoRejected (`corrupt`) when the file ends early or contradicts itself.
    """
    walkers = {"JPEG": _walk_jpeg, "PNG": _walk_png, "GIF": _walk_gif, "WEBP": _walk_webp}
    try:
        return walkers[file_format](data)
    except (struct.error, IndexError) as error:
        raise corrupt("it ends too early") from error


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each part of a JPEG after its first two bytes.

    A scan's part reaches to the end of its compressed data; the last part is the end marker.
    """
    position = 2
    while True:
        found = _next_marker(data, position)
        if found is None:
            raise corrupt("it ends too early")
        marker, start = found[1][0], found.start()
        if marker == _JPEG_EOI:
            yield marker, start, found.end()
            return
        length = struct.unpack_from(">H", data, found.end())[0]
        position = found.end() + length
        if length < 2 or position > len(data):  # noqa: PLR2004 - the length counts its own two bytes
            raise corrupt("it ends too early")
        if marker == _JPEG_SOS:
            following = _next_marker(data, position)
            position = following.start() if following else len(data)
        yield marker, start, position


def _next_marker(data: bytes, position: int) -> re.Match[bytes] | None:
    # A search holds the interpreter until it ends: a long one is made in parts.
    for start in range(position, len(data), MEBIBYTE):
        found = _JPEG_MARKER.search(data, start, start + MEBIBYTE + 1)
        if found is not None:
            return found
    return None


def _walk_jpeg(data: bytes) -> Container:
    found = Container(picture=[data[:2]])
    scans = 0
    profile: list[bytes] = []
    packets: list[bytes] = []
    for marker, start, end in jpeg_segments(data):
        body = data[start + 4 : end]
        found.end = end
        if marker in _JPEG_SIZES:
            if found.width:
                raise corrupt("it gives two sizes")
            found.height, found.width = struct.unpack_from(">HH", body, 1)
        scans += marker == _JPEG_SOS
        if not (_is_application(marker) or marker == _JPEG_COM) or body.startswith(_ADOBE):
            # Without Adobe's segment the decoder cannot tell how the colours are stored.
            found.picture.append(data[start:end])
        elif body.startswith(_ICC):
            profile.append(body[len(_ICC) + 2 :])
        elif body.startswith(_EXIF):
            found.exif = found.exif or body[len(_EXIF) :]
        elif body.startswith((_XMP, _MORE_XMP)) and len(packets) < _MAX_PACKETS:
            packets.append(body[len(_XMP) if body.startswith(_XMP) else _MORE_XMP_HEADER :])
    if not (found.width and scans):
        raise corrupt("it holds no picture")
    if scans > MAX_SCANS or scans * found.width * found.height > MAX_SCAN_PIXELS:
        raise corrupt("it is stored in too many layers")
    found.icc, found.xmp = b"".join(profile), b"".join(packets)
    return found


def _is_application(marker: int) -> bool:
    return 0xE0 <= marker <= 0xEF  # noqa: PLR2004 - APP0 to APP15


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, end) of each chunk of a PNG, up to and including the last."""
    position = 8
    name = b""
    while name != b"IEND":
        length, name = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            raise corrupt("it ends too early")
        yield name, position, end
        position = end


def _walk_png(data: bytes) -> Container:
    found = Container(picture=[data[:8]])
    # Of each the first alone is looked at: inflating costs a thousand times what a chunk weighs.
    profile: bytes | None = None
    packet: bytes | None = None
    for name, start, end in png_chunks(data):
        body = data[start + 8 : end - 4]
        if found.end == 0 and name != b"IHDR":
            raise corrupt("its header is missing")
        found.end = end
        if name in _PNG_PICTURE:
            if zlib.crc32(data[start + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
                raise corrupt("a checksum does not match")
            found.picture.append(data[start:end])
        if name == b"IHDR":
            found.width, found.height = struct.unpack_from(">II", body)
        elif name == b"acTL":
            found.animated = len(body) >= 4 and struct.unpack_from(">I", body)[0] > 1  # noqa: PLR2004
        elif name == b"eXIf":
            found.exif = body
        elif name == b"iCCP" and profile is None:
            profile = _inflate(body.partition(b"\x00")[2][1:])
        elif name == b"iTXt" and packet is None and body.startswith(_PNG_XMP):
            packet = _png_text(body)
    found.icc, found.xmp = profile or b"", packet or b""
    return found


def _png_text(body: bytes) -> bytes:
    _, _, rest = body.partition(b"\x00")
    compressed = rest[:1] == b"\x01"
    text = rest[2:].split(b"\x00", 2)[-1]
    return _inflate(text) if compressed else text


def _inflate(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(data, MAX_METADATA)
    except zlib.error:
        return b""
    return b"" if inflater.unconsumed_tail else inflated


def gif_blocks(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(introducer, start, end) of each block of a GIF after its header and global palette."""
    position = _after_palette(data, 10, 13)
    while True:
        start, introducer = position, data[position]
        if introducer == 0x3B:  # noqa: PLR2004 - the trailer
            yield introducer, start, start + 1
            return
        if introducer == 0x21:  # noqa: PLR2004 - an extension
            position += 2
        elif introducer == 0x2C:  # noqa: PLR2004 - a frame
            position = _after_palette(data, position + 9, position + 10) + 1
        else:
            raise corrupt("a block is not known")
        while data[position]:
            position += data[position] + 1
        position += 1
        yield introducer, start, position


def _after_palette(data: bytes, flags_at: int, position: int) -> int:
    flags = data[flags_at]
    return position + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)


def _walk_gif(data: bytes) -> Container:
    found = Container()
    found.width, found.height = struct.unpack_from("<HH", data, 6)
    found.picture.append(data[: _after_palette(data, 10, 13)])
    frames = 0
    control = b""
    for introducer, start, end in gif_blocks(data):
        found.end = end
        if introducer == 0x2C:  # noqa: PLR2004 - a frame
            frames += 1
            if frames == 1:
                found.picture += [control, data[start:end], b"\x3b"]
                left, top, width, height = struct.unpack_from("<HHHH", data, start + 1)
                found.width = max(found.width, left + width)
                found.height = max(found.height, top + height)
        elif data[start + 1 : start + 2] == b"\xf9":
            control = data[start:end]
        elif data[start + 1 : start + 14] == b"\xff\x0bXMP DataXMP":
            found.xmp = data[start + 14 : end]
    if not frames:
        raise corrupt("it holds no picture")
    found.animated = frames > 1
    return found


def webp_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, end) of each chunk of a WebP; odd-sized chunks include their padding."""
    whole = struct.unpack_from("<I", data, 4)[0] + 8
    if whole > len(data):
        raise corrupt("it ends too early")
    position = 12
    while position + 8 <= whole:
        name, length = struct.unpack_from("<4sI", data, position)
        end = position + 8 + length
        if end > whole:
            raise corrupt("it ends too early")
        yield name, position, min(end + (length & 1), whole)
        position = end + (length & 1)


def _walk_webp(data: bytes) -> Container:
    found = Container(end=struct.unpack_from("<I", data, 4)[0] + 8)
    for name, start, end in webp_chunks(data):
        length = struct.unpack_from("<I", data, start + 4)[0]
        body = data[start + 8 : min(start + 8 + length, end)]
        if name == b"VP8X":
            found.animated = bool(body[0] & 2)
            found.width = int.from_bytes(body[4:7], "little") + 1
            found.height = int.from_bytes(body[7:10], "little") + 1
        elif name == b"VP8 " and not found.width:
            width, height = struct.unpack_from("<HH", body, 6)
            found.width, found.height = width & 0x3FFF, height & 0x3FFF
        elif name == b"VP8L" and not found.width:
            bits = struct.unpack_from("<I", body, 1)[0]
            found.width, found.height = (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
        elif name == b"EXIF":
            found.exif = body.removeprefix(_EXIF)
        elif name == b"XMP ":
            found.xmp = body
        elif name == b"ICCP":
            found.icc = body
    if not found.width:
        raise corrupt("it holds no picture")
    found.picture.append(data[: found.end])
    return found
