"""A file of rows, whatever program wrote it: its encoding, its delimiter, its cells."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 10_000
MAX_COLUMNS = 80
MAX_CELL = 2_000
DELIMITERS = ",;\t|"
SNIFFED_LINES = 40
_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}


@dataclass(frozen=True)
class Table:
    """Headings, and rows with their number as a spreadsheet counts: the headings are row 1.

    A cell is text without control and invisible characters. `cut` are the numbers of rows that had
    cells longer than `MAX_CELL`.
    """

    headings: list[str]
    rows: list[tuple[int, list[str]]]
    cut: frozenset[int] = frozenset()


def read_table(data: bytes) -> Table:
    """The table in a file. Raises ValidationError where there is none, or one too large."""
    if len(data) > MAX_BYTES:
        raise ValidationError(f"Files have at most {MAX_BYTES // 1024**2} MB.")
    text = decoded(data)
    delimiter = sniffed_delimiter(text)
    numbered = _numbered(text, delimiter)
    headings = next((cells for _, cells, _ in numbered if any(cells)), [])
    if not headings:
        raise ValidationError("The file is empty.")
    if len(headings) > MAX_COLUMNS:
        raise ValidationError(f"Files have at most {MAX_COLUMNS} columns.")
    rows: list[tuple[int, list[str]]] = []
    cut: set[int] = set()
    for number, cells, was_cut in numbered:
        if not any(cells):
            continue
        if len(rows) == MAX_ROWS:
            raise ValidationError(f"Files have at most {MAX_ROWS:,} rows; split this one.")
        rows.append((number, cells))
        if was_cut:
            cut.add(number)
    return Table(headings, rows, frozenset(cut))


def decoded(data: bytes) -> str:
    """The text: by its mark, else UTF-8, else the code page that spreadsheets write."""
    for mark, name in _MARKS.items():
        if data.startswith(mark):
            return data.decode(name, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def sniffed_delimiter(text: str) -> str:
    """What separates the cells: the sign that cuts the first lines into the most equal parts."""
    lines = text.lstrip().splitlines()[:SNIFFED_LINES]
    if lines and lines[0].lower().startswith("sep=") and len(lines[0]) == len("sep=;"):
        return lines[0][-1]

    def merit(sign: str) -> tuple[int, int]:
        counts = [len(row) for row in _rows("\n".join(lines), sign, most=SNIFFED_LINES) if row]
        if not counts or counts[0] == 1:
            return (0, 0)
        return (sum(count == counts[0] for count in counts), counts[0])

    return max(DELIMITERS, key=merit)


def _numbered(text: str, delimiter: str) -> Iterator[tuple[int, list[str], bool]]:
    """Each row's number, its tidy cells, and whether one of them was too long."""
    for number, row in enumerate(_rows(text, delimiter), start=1):
        if number == 1 and len(row) <= 2 and "".join(row).lower().startswith("sep="):  # noqa: PLR2004 -- the cells before and after the delimiter
            continue
        cells = [tidy(cell) for cell in row[: MAX_COLUMNS + 1]]
        yield number, [cell[:MAX_CELL] for cell in cells], any(len(c) > MAX_CELL for c in cells)


def _rows(text: str, delimiter: str, most: int | None = None) -> Iterator[list[str]]:
    """The rows as the csv module reads them. Raises ValidationError for what it cannot read."""
    try:
        # The module refuses NUL in some versions and keeps it in others.
        source = io.StringIO(text.replace("\x00", ""), newline="")
        for count, row in enumerate(csv.reader(source, delimiter=delimiter)):
            if count == most:
                return
            yield row
    except csv.Error as error:
        if most is None:
            message = "A cell of the file never ends: a quotation mark is missing."
            raise ValidationError(message) from error


def tidy(text: str) -> str:
    """Text without control and invisible characters, spaces single, empty lines left out."""
    lines = ("".join(filter(_is_shown, line)).split() for line in text.splitlines())
    return "\n".join(" ".join(words) for words in lines if words)


def _is_shown(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) not in {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
    }
