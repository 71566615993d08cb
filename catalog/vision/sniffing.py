"""Which kind of file some bytes are, judged by the bytes alone."""

from __future__ import annotations

import re

from catalog.vision.limits import PhotoRejected

_PHOTOS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
)
# The first bytes of what people really upload by mistake, with the word they know it by.
_UNSUPPORTED: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", "a PDF document"),
    (0, b"8BPS", "a Photoshop file (PSD)"),
    (0, b"\x00\x00\x01\x00", "an icon (ICO)"),
    (0, b"\x00\x00\x02\x00", "a cursor (CUR)"),
    (0, b"%!PS", "an EPS drawing"),
    (0, b"\xc5\xd0\xd3\xc6", "an EPS drawing"),
    (0, b"\xff\x0a", "a JPEG XL image"),
    (0, b"\x00\x00\x00\x0cJXL ", "a JPEG XL image"),
    (0, b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (0, b"PK\x03\x04", "a ZIP archive or office document"),
    (0, b"PK\x05\x06", "a ZIP archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"\x1a\x45\xdf\xa3", "a video (MKV or WebM)"),
    (0, b"\x00\x00\x01\xba", "a video (MPEG)"),
    (8, b"AVI ", "a video (AVI)"),
    (4, b"ftyp", "a video (MP4 or MOV)"),
    (4, b"moov", "a video (MOV)"),
    (4, b"mdat", "a video (MOV)"),
    (0, b"gimp xcf", "a GIMP file (XCF)"),
    (0, b"DDS ", "a DDS texture"),
    (0, b"MZ", "a program"),
    (0, b"\x7fELF", "a program"),
)
_HEIF_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
)
_AVIF_BRANDS = frozenset((b"avif", b"avis"))
_SVG = re.compile(rb"<svg[\s>]|<!doctype\s+svg", re.IGNORECASE)
_HTML = re.compile(rb"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]|<script", re.IGNORECASE)
_ASK = "Upload a JPEG, PNG, WebP, GIF, AVIF, HEIC, TIFF or BMP photo instead."


def photo_format(data: bytes) -> str:
    """The format of a photo: JPEG, PNG, WEBP, GIF, BMP, TIFF, AVIF or HEIF.

    Raises: PhotoRejected with `unsupported_format` for a known other kind of file, named in the
    message, and `not_an_image` for everything else.
    """
    found = _raster(data)
    if found is not None:
        return found
    for offset, magic, name in _UNSUPPORTED:
        if data.startswith(magic, offset):
            raise _unsupported(name)
    head = data[:4096]
    if _SVG.search(head):
        raise _unsupported("an SVG drawing")
    if _HTML.search(head) or head.lstrip().startswith(b"<?xml"):
        raise _unsupported("a web page or XML document")
    raise PhotoRejected("not_an_image", f"The file is not a photo. {_ASK}")


def _raster(data: bytes) -> str | None:
    for magic, name in _PHOTOS:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return _iso_media(data)
    if data[:2] == b"BM" and data[6:10] == b"\x00\x00\x00\x00":
        return "BMP"
    return None


def _iso_media(data: bytes) -> str | None:
    size = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, size, 4))}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else None


def _unsupported(name: str) -> PhotoRejected:
    return PhotoRejected("unsupported_format", f"The file is {name}, which is not taken. {_ASK}")
