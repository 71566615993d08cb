"""Finds a second file hidden in a photo.

A file that is a photo to us and a ZIP, a web page or a program to somebody else is refused: it has
no honest use, and a browser, a mail scanner or an unpacker may take the other view. Plain padding
and what cameras append (the preview images of the Multi-Picture Format, the film of a motion photo,
makers' own trailers) are let through: only the picture is ever decoded, and what is shown to others
is encoded anew from its pixels.
"""

from __future__ import annotations

import re

from catalog.vision.limits import PhotoRejected

# A ZIP is read from its end: the record that must lie within the last 64 KiB and 22 bytes.
_ZIP_TAIL = 65_557
_PDF_HEAD = 1024
# Searched in the whole file: nothing that a camera or editor writes contains these, and each is long
# enough not to come up by chance in the compressed pixels of a million photos.
_MARKUP = re.compile(rb"<(?:\?php\s|script[\s>/]|!doctype\s{1,200}html|html[\s>]|iframe[\s>/])")
_SCRIPT_ADDRESS = b"javascript:"
_SVG = re.compile(rb"<svg\s")
_NAMESPACE = re.compile(rb"[^>]{0,200}xmlns")
# Chance does not write so many of them, and each one costs a look for its namespace.
_MAX_SVGS = 100
# A search holds the interpreter until it ends, and pages wait for it meanwhile: so the file is
# searched in parts, each of them reaching into the next by more than any of these patterns is long.
_PART = 256 * 1024
_REACH = 256
_TRAILERS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"%PDF-", "a PDF document"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x1f\x8b\x08", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"#!", "a script"),
    (b"\x1a\x45\xdf\xa3", "a video"),
)
_PADDING = b"\x00\xff\r\n\t "


def refuse_hidden_content(data: bytes, file_format: str, end: int | None) -> None:
    """Refuse a photo that is a second kind of file too.

    `end` is the offset after the image, None where the format does not tell.
    Raises: PhotoRejected with `hidden_content`.
    """
    found = _hidden(data, file_format, end)
    if found is not None:
        raise PhotoRejected(
            "hidden_content",
            f"The photo has {found} inside it. Open it in an image editor, "
            "save it as a new JPEG or PNG, and upload that.",
        )


def _hidden(data: bytes, file_format: str, end: int | None) -> str | None:
    if b"PK\x05\x06" in data[-_ZIP_TAIL:] and b"PK\x01\x02" in data:
        return "a ZIP archive"
    if b"%PDF-" in data[:_PDF_HEAD]:
        return "a PDF document"
    if _has_markup(data):
        return "a web page or script"
    if _is_script(data, file_format):
        return "a script"
    trailer = data[end:].lstrip(_PADDING) if end is not None else b""
    for magic, name in _TRAILERS:
        if trailer.startswith(magic):
            return name
    return None


def _has_markup(data: bytes) -> bool:
    svgs = 0
    for start in range(0, len(data), _PART):
        part = data[start : start + _PART + _REACH].lower()
        if _SCRIPT_ADDRESS in part or _MARKUP.search(part):
            return True
        for svg in _SVG.finditer(part):
            svgs += 1
            if svgs > _MAX_SVGS or _NAMESPACE.match(part, svg.end()):
                return True
    return False


def _is_script(data: bytes, file_format: str) -> bool:
    """Whether the header doubles as JavaScript: the size fields open a comment or a string."""
    if file_format == "GIF":
        return data[6:8] in (b"/*", b"='", b'="', b"=`")
    if file_format == "BMP":
        return data[2:4] == b"/*" and int.from_bytes(data[2:6], "little") != len(data)
    # Thumbnails in an APP0 segment are RGB triplets: this length cannot come from an encoder.
    return file_format == "JPEG" and data[2:6] == b"\xff\xe0/*"
