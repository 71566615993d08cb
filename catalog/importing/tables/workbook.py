"""XLSX workbooks: the first sheet that people see and that has something in it, as they see it."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from openpyxl.utils.exceptions import InvalidFileException

from catalog.importing.tables.book import BookReader, Bound, EnoughRead
from catalog.importing.tables.delimited import Raw
from catalog.importing.tables.expecting import scaled
from catalog.importing.tables.kinds import XLSX
from catalog.importing.tables.limits import (
    HEAD_BYTES,
    MAX_CELL,
    MAX_COLUMNS,
    MAX_ROW,
    MAX_SHARED_TEXT_BYTES,
    MAX_SHARED_TEXT_TAGS,
    MAX_SHEET_ROW_BYTES,
    MAX_TAGS,
    MAX_WORKBOOK_BYTES,
    MAX_WORKBOOK_PARTS,
)
from catalog.importing.tables.rows import FileRejected, Layout
from catalog.interchange.records import Problem

# Read piece by piece, or never. All other parts are in memory while a workbook is open.
_SHEETS, _MEDIA = "xl/worksheets/", "xl/media/"
_IN_PIECES = (_SHEETS, _MEDIA)
_CONTENT_TYPES = "[Content_Types].xml"
_SHARED_TEXT = re.compile(
    rb'<Override(?=[^>]*sharedStrings\+xml)[^>]*PartName\s*=\s*["\']/?([^"\']*)'
)
_ROW_END = re.compile(rb"</(?:[\w.-]+:)?row\s*>")
# The shortest tag, and so how large a part is that may have too many.
_TAG_BYTES = len(b"<c/>")
_CHUNK = 1 << 20
_SEARCHED_ROWS = 200
# What openpyxl lets through when a workbook is damaged or made to harm.
_BROKEN = (
    *(
        zipfile.BadZipFile,
        InvalidFileException,
        ParseError,
        zlib.error,
        EOFError,
        NotImplementedError,
    ),
    *(KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError, OSError),
)
_DAMAGED = "The workbook is damaged and cannot be read. Open it, and save it again as .xlsx."
_DIGITS = 15


def layout_of(path: Path, upto: int | None = None) -> Layout:
    """Which sheet is read. Raises FileRejected when there is none, or unpacking it would harm.

    With `upto` no more than about so many bytes of sheets are looked at.
    """
    _check_size(path, upto)
    with _opened(path, upto) as book:
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible" and _has_data(sheet):
                return Layout(kind=XLSX, sheet=sheet.title, rows=_rows_expected(path, sheet))
    raise FileRejected("No visible sheet of this workbook has anything in its first rows.")


def _rows_expected(path: Path, sheet: Any) -> int:
    """About how many rows there are. What the sheet says of its own size is often wrong: that of a
    sheet with a formatted column is a million.
    """
    part = sheet._worksheet_path  # noqa: SLF001 -- nothing public tells it
    with zipfile.ZipFile(path) as archive, archive.open(part) as file:
        return scaled(file, _ROW_END, archive.getinfo(part).file_size)


def rows_of(path: Path, layout: Layout, upto: int | None = None) -> Iterator[Raw]:
    """Every row of the sheet, blank ones too; with `upto` of about so many bytes.

    Raises FileRejected where it cannot be read.
    """
    _check_size(path, upto)
    with _opened(path, upto) as book, suppress(EnoughRead):
        if layout.sheet not in book.sheetnames:
            raise FileRejected(f"The workbook has no sheet “{layout.sheet}” any more.")
        sheet = book[layout.sheet]
        for number, row in enumerate(sheet.iter_rows(), 1):
            yield _row(number, row)


def _row(number: int, row: tuple[Any, ...]) -> Raw:
    cells, problems = [], []
    # One column more than may be, so that whoever names the headers sees it.
    for cell in row[: MAX_COLUMNS + 1]:
        text = _text(cell)
        if cell.data_type == "e":
            message = (
                f"A formula in this row gives {text}. The cell was left out; mend the formula."
            )
            problems.append(Problem(number, "", message, "warning"))
            text = ""
        if len(text) > MAX_CELL:
            message = f"A cell here is longer than {MAX_CELL:,} characters. Shorten it."
            return number, [], [Problem(number, "", message)]
        cells.append(text)
    while cells and not cells[-1]:
        cells.pop()
    return number, cells, problems


def _text(cell: Any) -> str:
    """A cell as people see it: numbers without exponents, with the zeros that its format puts first."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value, cell.number_format)
    if isinstance(value, datetime):
        whole = value.time() == time()
        return value.date().isoformat() if whole else value.isoformat(" ", "seconds")
    if isinstance(value, date | time | timedelta):
        return str(value)
    return str(value).replace("_x000D_", "").replace("\x00", "")


def _number(value: float, number_format: str) -> str:
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 -- NaN is not itself
        return ""
    pattern = (number_format or "").split(";")[0]
    if pattern and set(pattern) == {"0"}:
        return f"{round(value):0{len(pattern)}d}"
    if pattern.endswith("%") and "%" not in pattern[:-1]:
        return f"{_plain(value * 100)}%"
    return _plain(value)


def _plain(value: float) -> str:
    if isinstance(value, int) or value.is_integer():
        return str(int(value))
    return f"{Decimal(f'{value:.{_DIGITS}g}'):f}"


def _has_data(sheet: Any) -> bool:
    rows = islice(sheet.iter_rows(values_only=True), _SEARCHED_ROWS)
    with suppress(EnoughRead):
        return any(value not in (None, "") for row in rows for value in row)
    return False


@contextmanager
def _opened(path: Path, upto: int | None) -> Iterator[Any]:
    try:
        with path.open("rb") as file, closing(BookReader(file, Bound(upto))) as reader:
            yield reader.open()
    except FileRejected:
        raise
    except _BROKEN as error:
        raise FileRejected(_DAMAGED) from error


def _check_size(path: Path, upto: int | None) -> None:
    """Refuse a workbook by its directory, before any of it is unpacked; then what would be in memory
    at once of its parts, as far as they are read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            _check_parts(parts)
            shared_text = _shared_text(archive)
            for part in parts:
                if not part.filename.startswith(_MEDIA):
                    _check_no_doctype(archive, part)
                    _check_tags(archive, part, shared_text, upto)
    except _BROKEN as error:
        raise FileRejected(_DAMAGED) from error


def _check_parts(parts: list[zipfile.ZipInfo]) -> None:
    total = sum(part.file_size for part in parts)
    shared = sum(part.file_size for part in parts if not part.filename.startswith(_IN_PIECES))
    if len(parts) > MAX_WORKBOOK_PARTS or total > MAX_WORKBOOK_BYTES:
        raise FileRejected(
            f"Unpacked, this workbook has {total // 1_000_000:,} MB in {len(parts):,} parts, more than "
            "is read. Save the sheet with the products as CSV."
        )
    if shared > MAX_SHARED_TEXT_BYTES:
        raise FileRejected(
            f"This workbook has {shared // 1_000_000:,} MB of text, more than is read. Save the sheet "
            "with the products as CSV, or split it."
        )
    if any(part.flag_bits & 1 for part in parts):
        raise FileRejected("The workbook has a password. Save it without one.")


def _shared_text(archive: zipfile.ZipFile) -> set[str]:
    """The parts that hold the cells' texts, and nothing else."""
    with archive.open(_CONTENT_TYPES) as file:
        types = file.read(MAX_ROW)
        if file.read(1):
            raise FileRejected(_DAMAGED)
    names = _SHARED_TEXT.findall(types)
    # Texts that pose as something that is read in pieces would all be in memory.
    if any(name.decode(errors="replace").startswith(_IN_PIECES) for name in names):
        raise FileRejected(_DAMAGED)
    return {name.decode(errors="replace") for name in names if types.count(name) == 1}


def _check_tags(
    archive: zipfile.ZipFile, part: zipfile.ZipInfo, shared_text: set[str], upto: int | None
) -> None:
    """Few bytes of tags take much memory: only so many may be there at once."""
    if part.file_size <= _TAG_BYTES * MAX_TAGS:
        return
    most = MAX_SHARED_TEXT_TAGS if part.filename in shared_text else MAX_TAGS
    with archive.open(part) as file:
        is_too_much = (
            _row_is_endless(_pieces(file, upto))
            if part.filename.startswith(_SHEETS)
            else sum(piece.count(b"<") for piece in _pieces(file, None)) > most
        )
    if is_too_much:
        raise FileRejected(
            "A part of this workbook is larger than spreadsheets make it. Save the sheet with the "
            "products as CSV."
        )


def _row_is_endless(pieces: Iterable[bytes]) -> bool:
    """Whether what lies before, between or behind the rows of a sheet is more than one row has."""
    size = tags = 0
    last = b""
    is_odd = False
    for piece in pieces:
        # In comments and the like, which no program writes there, an end of a row is none.
        is_odd = is_odd or b"<!" in last + piece
        last = piece[-1:]
        ends = [] if is_odd else list(_ROW_END.finditer(piece))
        upto = ends[0].start() if ends else len(piece)
        size, tags = size + upto, tags + piece.count(b"<", 0, upto)
        if size > MAX_SHEET_ROW_BYTES or tags > MAX_TAGS:
            return True
        if ends:
            size, tags = len(piece) - ends[-1].end(), piece.count(b"<", ends[-1].end())
    return False


def _pieces(file: IO[bytes], upto: int | None) -> Iterator[bytes]:
    """A part piece by piece; with `upto` a little more than is read of all sheets together."""
    left = upto
    while (left is None or left > -_CHUNK) and (piece := file.read(_CHUNK)):
        yield piece
        if left is not None:
            left -= len(piece)


def _check_no_doctype(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """No program writes declarations of types or entities into a workbook."""
    with archive.open(part) as file:
        head = file.read(HEAD_BYTES).replace(b"\x00", b"")
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise FileRejected(
            "The workbook has declarations that no spreadsheet writes. It is not read."
        )
