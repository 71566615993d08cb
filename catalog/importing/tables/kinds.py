"""What a file is, by its content: its name is somebody's word."""

from __future__ import annotations

import codecs
import zipfile
from pathlib import Path

from catalog.importing.tables.limits import HEAD_BYTES, MAX_FILE_BYTES
from catalog.importing.tables.rows import FileRejected
from catalog.importing.zip_directory import ZipBroken, read_directory

CSV, XLSX, XML, JSON_LINES = "csv", "xlsx", "xml", "jsonl"

# Of photos that are brought as a table, with which the answer is to bring them elsewhere.
MAX_ENTRIES = 100_000
_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = (
    (b"\xff\xd8\xff", "a JPEG photo"),
    (b"\x89PNG", "a PNG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a WebP image or a sound"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"SQLite format 3", "a database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# More control characters than this among a text's bytes, and it is none.
_MOST_CONTROLS = 0.02
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1a\x1b\x00"))
_USE = "Bring a CSV, TSV or XLSX file, a Google Merchant feed, or JSON Lines."


def kind_of(path: Path, size: int = 0) -> str:
    """Which kind of table a file holds; `size` is how large it is where only its beginning is there.

    Raises FileRejected for everything that is none.
    """
    size = size or path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise FileRejected(
            f"The file has {size // 1_000_000:,} MB; at most {MAX_FILE_BYTES // 1_000_000:,} MB are "
            "read. Split it."
        )
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise FileRejected("The file is empty.")
    if head.startswith(_ZIP):
        return _kind_of_zip(path)
    if head.startswith(_OLD_OFFICE):
        raise FileRejected(
            "This is an Excel file of the old kind (.xls), or one with a password. Open it, and save "
            "it as “Excel workbook (.xlsx)” without a password, or as CSV UTF-8."
        )
    for start, name in _OTHERS:
        if head.startswith(start):
            raise FileRejected(f"This is {name}, whatever its name says, and no table. {_USE}")
    return _kind_of_text(head)


def is_packed(path: Path) -> bool:
    """Whether the file is a zip archive, as workbooks are."""
    with path.open("rb") as file:
        return file.read(len(_ZIP)) == _ZIP


def bom_encoding(head: bytes) -> str:
    """The encoding that a byte order mark names, or nothing."""
    return next((name for mark, name in _BOMS if head.startswith(mark)), "")


def utf16_without_mark(head: bytes) -> str:
    """UTF-16 shows by its zeros: in Latin text every other byte is one."""
    sample = head[:4096]
    half = len(sample) // 2
    if half < 2:  # noqa: PLR2004 -- of one character nothing can be said
        return ""
    even, odd = sample[::2].count(0) / half, sample[1::2].count(0) / half
    most, least = 0.6, 0.1
    if odd > most and even < least:
        return "utf-16-le"
    return "utf-16-be" if even > most and odd < least else ""


def _kind_of_zip(path: Path) -> str:
    try:
        # The standard library would take a directory of any size into memory.
        with path.open("rb") as file:
            read_directory(file, MAX_ENTRIES)
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (ZipBroken, zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise FileRejected(
            "The file is damaged: it begins like an Excel workbook or a zip archive and cannot be "
            "opened. Save or download it again."
        ) from error
    if "xl/workbook.xml" in names:
        return XLSX
    if "xl/workbook.bin" in names:
        raise FileRejected(
            "This is an Excel binary workbook (.xlsb). Save it as “Excel workbook (.xlsx)”."
        )
    if "content.xml" in names:
        raise FileRejected("This is an OpenDocument file (.ods). Save it as .xlsx or as CSV.")
    if any(name.startswith("Index/") and name.endswith(".iwa") for name in names):
        raise FileRejected("This is a Numbers file. Export it as Excel (.xlsx) or CSV.")
    raise FileRejected(
        "This is a zip archive and no table. Bring it as the archive of photos; a table inside it is "
        "found there."
    )


def _kind_of_text(head: bytes) -> str:
    encoding = bom_encoding(head) or utf16_without_mark(head)
    if not encoding and _is_binary(head):
        raise FileRejected(f"This is no text file, and no workbook. {_USE}")
    text = head.decode(encoding or "utf-8", errors="ignore").lstrip("\ufeff \t\r\n\x00")
    start = text[:200].lower()
    if start.startswith(("<!doctype html", "<html")):
        raise FileRejected(
            "This is a web page, perhaps the login page of the shop it was downloaded from. "
            "Download the file itself."
        )
    if start.startswith("<"):
        return XML
    if start.startswith("{"):
        return JSON_LINES
    if start.startswith("[{"):
        raise FileRejected(
            "This is one JSON list. JSON Lines are read: one product a line, without a list around."
        )
    return CSV


def _is_binary(head: bytes) -> bool:
    controls = len(head) - len(head.translate(None, _CONTROLS))
    zeros = head.count(0)
    return controls > _MOST_CONTROLS * len(head) or zeros > _MOST_CONTROLS * len(head) + 8
