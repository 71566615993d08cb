"""The three facts read from a photo's metadata, and their removal.

Read are the orientation, the colour profile and the mark of images made with AI (IPTC
DigitalSourceType). Metadata is hostile input: there is no XML parser and no EXIF library here,
only bounded searches for the one value that is wanted.
"""

from __future__ import annotations

import re
import struct
import zlib

from catalog.vision.containers import (
    MAX_METADATA,
    gif_blocks,
    jpeg_segments,
    png_chunks,
    walk,
    webp_chunks,
)
from catalog.vision.sniffing import photo_format

ORIENTATION_TAG = 0x0112
_MAX_TAGS = 1000
_URI = "http://cv.iptc.org/newscodes/digitalsourcetype/"
# https://cv.iptc.org/newscodes/digitalsourcetype/
SOURCE_TYPES = frozenset(
    (
        "algorithmicMedia",
        "algorithmicallyEnhanced",
        "composite",
        "compositeCapture",
        "compositeSynthetic",
        "compositeWithTrainedAlgorithmicMedia",
        "computationalCapture",
        "dataDrivenMedia",
        "digitalArt",
        "digitalCapture",
        "digitalCreation",
        "humanEdits",
        "minorHumanEdits",
        "multiFrameComputationalCapture",
        "negativeFilm",
        "positiveFilm",
        "print",
        "screenCapture",
        "softwareImage",
        "trainedAlgorithmicMedia",
        "virtualRecording",
    )
)
# The address is used for this one property only, so where it stands in the packet does not matter.
_SOURCE_TYPE = re.compile(
    rb"https?://cv\.iptc\.org/newscodes/digitalsourcetype/([A-Za-z]{3,48})(?![A-Za-z])"
)
_XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType="{uri}{term}"/></rdf:RDF></x:xmpmeta>"""
_XMP_SEGMENT = b"http://ns.adobe.com/xap/1.0/\x00"
_APP0, _APP1, _APP2, _APP14, _APP15, _COM = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_PNG_KEPT = frozenset(
    b"IHDR PLTE tRNS IDAT IEND gAMA cHRM sRGB iCCP pHYs acTL fcTL fdAT bKGD sBIT cICP".split()
)
_WEBP_EXIF_FLAG, _WEBP_XMP_FLAG = 0x08, 0x04


def orientation(exif: bytes) -> int:
    """The EXIF orientation, 1 to 8; 1 where there is none or the block is broken.

    `exif` is the TIFF structure, without the `Exif` prefix.
    """
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, directory)
        for at in range(directory + 2, directory + 2 + 12 * min(count, _MAX_TAGS), 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, at)
            if tag == ORIENTATION_TAG and kind == 3:  # noqa: PLR2004 - a TIFF SHORT
                return value if 1 <= value <= 8 else 1  # noqa: PLR2004 - EXIF's range
    except struct.error:
        return 1
    return 1


def source_type_in(xmp: bytes) -> str | None:
    """The IPTC digital source type in an XMP packet, as its term (`trainedAlgorithmicMedia`)."""
    found = _SOURCE_TYPE.search(xmp[:MAX_METADATA])
    term = found[1].decode("ascii") if found else ""
    return term if term in SOURCE_TYPES else None


def source_type_packet(term: str) -> bytes:
    """A minimal XMP packet that says nothing but the digital source type.

    Raises: ValueError for a term that IPTC does not know.
    """
    if term not in SOURCE_TYPES:
        raise ValueError(f"{term!r} is not an IPTC digital source type")
    return _XMP.format(uri=_URI, term=term).encode("ascii")


def digital_source_type(data: bytes) -> str | None:
    """The IPTC digital source type of a JPEG, PNG, GIF or WebP photo, None where it has none.

    For HEIC, AVIF and TIFF use `OpenedPhoto.digital_source_type`: their structure is read in the
    decoding subprocess.
    Raises: PhotoRejected for what is not a photo.
    """
    file_format = photo_format(data)
    if file_format not in ("JPEG", "PNG", "GIF", "WEBP"):
        return None
    return source_type_in(walk(data, file_format).xmp)


def strip_metadata(data: bytes) -> bytes:
    """The same picture, not encoded anew, without anything personal: no GPS, camera, names, trailer.

    Kept are the orientation, the colour profile and the digital source type. A BMP has no metadata
    and is given back as it is.
    Raises: PhotoRejected for a broken photo, ValueError for HEIC, AVIF and TIFF, whose working
    copies carry no metadata.
    """
    file_format = photo_format(data)
    if file_format == "BMP":
        return data
    strippers = {"JPEG": _strip_jpeg, "PNG": _strip_png, "GIF": _strip_gif, "WEBP": _strip_webp}
    if file_format not in strippers:
        raise ValueError(f"{file_format} files are stripped by using their working copy")
    found = walk(data, file_format)
    term = source_type_in(found.xmp)
    turned = orientation(found.exif)
    exif = _orientation_block(turned) if turned != 1 else b""
    return strippers[file_format](data, exif, source_type_packet(term) if term else b"")


def _orientation_block(value: int) -> bytes:
    return b"MM\x00*\x00\x00\x00\x08" + struct.pack(
        ">HHHIHHI", 1, ORIENTATION_TAG, 3, 1, value, 0, 0
    )


def _strip_jpeg(data: bytes, exif: bytes, xmp: bytes) -> bytes:
    parts = [data[:2]]
    segments = (b"Exif\x00\x00" + exif if exif else b"", _XMP_SEGMENT + xmp if xmp else b"")
    parts += [struct.pack(">BBH", 0xFF, _APP1, len(body) + 2) + body for body in segments if body]
    for marker, start, end in jpeg_segments(data):
        body = data[start + 4 : end]
        kept = (
            not (_APP0 <= marker <= _APP15 or marker == _COM)
            or (marker == _APP0 and body.startswith(b"JFIF\x00"))
            or (marker == _APP2 and body.startswith(b"ICC_PROFILE\x00"))
            or (marker == _APP14 and body.startswith(b"Adobe"))
        )
        if kept:
            parts.append(data[start:end])
    return b"".join(parts)


def _strip_png(data: bytes, exif: bytes, xmp: bytes) -> bytes:
    parts = [data[:8]]
    for name, start, end in png_chunks(data):
        if name in _PNG_KEPT:
            parts.append(data[start:end])
        if name == b"IHDR":
            if exif:
                parts.append(_png_chunk(b"eXIf", exif))
            if xmp:
                parts.append(_png_chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + xmp))
    return b"".join(parts)


def _png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _strip_gif(data: bytes, _exif: bytes, xmp: bytes) -> bytes:
    parts: list[bytes] = []
    for introducer, start, end in gif_blocks(data):
        if not parts:
            parts.append(data[:start])
            if xmp:
                # The closing run of bytes lets readers that skip sub-blocks find the end
                # (XMP specification, part 3, GIF).
                magic = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
                parts.append(b"\x21\xff\x0bXMP DataXMP" + xmp + magic)
        is_comment = introducer == 0x21 and data[start + 1] in (0xFE, 0x01)  # noqa: PLR2004
        is_application = introducer == 0x21 and data[start + 1] == 0xFF  # noqa: PLR2004
        is_loop = is_application and data[start + 3 : start + 14] == b"NETSCAPE2.0"
        if not is_comment and (is_loop or not is_application):
            parts.append(data[start:end])
    return b"".join(parts)


def _strip_webp(data: bytes, exif: bytes, xmp: bytes) -> bytes:
    parts: list[bytes] = []
    extended = False
    for name, start, end in webp_chunks(data):
        if name == b"VP8X":
            extended = True
            flags = data[start + 8] & ~(_WEBP_EXIF_FLAG | _WEBP_XMP_FLAG)
            flags |= (_WEBP_EXIF_FLAG if exif else 0) | (_WEBP_XMP_FLAG if xmp else 0)
            parts += [data[start : start + 8], bytes((flags,)), data[start + 9 : end]]
        elif name in (b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"):
            parts.append(data[start:end])
    if extended:
        for name, body in ((b"EXIF", exif), (b"XMP ", xmp)):
            if body:
                parts.append(name + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) & 1))
    whole = b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(whole) + 4) + b"WEBP" + whole
