"""CSV in all its kinds, a row at a time, whatever is in it.

`csv` reads the rows; what is here feeds it lines so that neither an endless cell nor a quotation
mark that is never closed takes more memory than one row may.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from catalog.importing.tables.encodings import encoding_of
from catalog.importing.tables.kinds import CSV
from catalog.importing.tables.limits import COUNTED_BYTES, MAX_CELL, MAX_ROW
from catalog.importing.tables.rows import Layout
from catalog.interchange.records import Problem

DELIMITERS = (",", ";", "\t", "|")
_SNIFF_CHARACTERS = 200_000
_SNIFF_ROWS = 200
_MARK = "sep="
# What a line costs more than its characters, where they are counted: it may have none.
_LINE_WEIGHT = 50
# So many characters of a file are read a second time; a file made to be read again and again is not.
_PATIENCE = 8_000_000

# A row as it stands in the file: its number, its cells, and what is wrong with it.
Raw = tuple[int, list[str], list[Problem]]


class _TooLongError(Exception):
    """A row that goes beyond what one may have, most likely since a quotation mark is not closed."""


class _Lines:
    """The lines of a file, for `csv.reader`. It remembers those of the row that is being read."""

    def __init__(self, file: io.TextIOBase, quote: str, upto: int | None = None) -> None:
        self._file = file
        self._left = upto
        self._quote = quote
        self._waiting: deque[str] = deque()
        self._size = 0
        self._patience = _PATIENCE
        self.of_row: list[str] = []
        self.had_nul = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._read()
        if not line:
            raise StopIteration
        self.of_row.append(line)
        self._size += len(line)
        if self._size > MAX_ROW:
            raise _TooLongError
        return line

    def row_is_done(self) -> None:
        self.of_row.clear()
        self._size = 0
        self.had_nul = False

    def read_again(self) -> None:
        """Give the lines of this row again, but for its first one."""
        self._patience -= self._size
        self._waiting.extendleft(reversed(self.of_row[1:]))
        self.row_is_done()

    def skip_rest(self) -> None:
        """Pass over what is left of this row, by its quotation marks, without keeping it."""
        is_open = sum(line.count(self._quote) for line in self.of_row) % 2 == 1
        last = self.of_row[-1] if self.of_row else ""
        self.row_is_done()
        while (is_open or not last.endswith(("\n", "\r"))) and (last := self._read()):
            is_open ^= last.count(self._quote) % 2 == 1

    @property
    def is_open(self) -> bool:
        """Whether a quotation mark of this row is not closed."""
        return sum(line.count(self._quote) for line in self.of_row) % 2 == 1

    def has_swallowed(self, width: int, delimiter: str) -> bool:
        """Whether this row took in others, which are to be read again."""
        return self._patience > 0 and _swallowed(self.of_row, width, delimiter)

    def _read(self) -> str:
        if self._waiting:
            return self._waiting.popleft()
        if self._left is not None and self._left <= 0:
            return ""
        line = self._file.readline(MAX_ROW + 1)
        if self._left is not None:
            self._left -= len(line) + _LINE_WEIGHT
        if "\x00" in line:
            self.had_nul = True
            line = line.replace("\x00", "") or "\n"
        return line


def layout_of(path: Path, upto: int | None = None) -> Layout:
    """Encoding and dialect of a text file; its headers are not looked for yet."""
    encoding, lossy = encoding_of(path, upto)
    with _opened(path, encoding) as file:
        sample = file.read(_SNIFF_CHARACTERS).replace("\x00", "")
        is_whole = not file.read(1)
    delimiter = _marked(sample)
    if not is_whole:
        sample = sample[: sample.rfind("\n") + 1] or sample
    quote = "'" if '"' not in sample and _is_quoted(sample, "'") else '"'
    return Layout(
        kind=CSV,
        encoding=encoding,
        delimiter=delimiter or _delimiter(sample, quote),
        quote=quote,
        lossy=lossy,
    )


def rows_expected(path: Path, layout: Layout) -> int:
    """About how many rows there are, the headers among them."""
    count = 0
    with path.open("rb") as file:
        text = io.TextIOWrapper(file, layout.encoding, errors="replace", newline="")
        for _ in _rows(_Lines(text, layout.quote, 2 * COUNTED_BYTES), layout):
            count += 1
            if file.tell() > COUNTED_BYTES:
                break
        return round(count * path.stat().st_size / max(file.tell(), 1))


def rows_of(path: Path, layout: Layout, upto: int | None = None) -> Iterator[Raw]:
    """Every row of the file, blank ones too. A line that only says `sep=;` is none.

    With `upto` no more than about so many characters are read.
    """
    with _opened(path, layout.encoding) as file:
        if not _marked(file.readline(len(_MARK) + 6)):
            file.seek(0)
        yield from _rows(_Lines(file, layout.quote, upto), layout)


def _rows(lines: _Lines, layout: Layout) -> Iterator[Raw]:
    number, width = 0, 0
    while True:
        reader = csv.reader(lines, delimiter=layout.delimiter, quotechar=layout.quote)
        try:
            for cells in reader:
                number += 1
                if lines.is_open and lines.has_swallowed(width, layout.delimiter):
                    yield number, cells[:1], [_unclosed(number)]
                    lines.read_again()
                    break
                width = width or len(cells)
                yield number, cells, _said(number, lines, cells)
                lines.row_is_done()
            else:
                return
        except _TooLongError:
            number += 1
            if lines.has_swallowed(width, layout.delimiter):
                yield number, [], [_unclosed(number)]
                lines.read_again()
            else:
                yield number, [], [_too_long(number, "row", MAX_ROW)]
                lines.skip_rest()
        except csv.Error:
            number += 1
            if lines.is_open and lines.has_swallowed(width, layout.delimiter):
                yield number, [], [_unclosed(number)]
                lines.read_again()
            else:
                yield number, [], [_too_long(number, "cell", MAX_CELL)]
                lines.skip_rest()


def _said(number: int, lines: _Lines, cells: list[str]) -> list[Problem]:
    problems = []
    if lines.had_nul:
        message = "This row has zero bytes, which are no text. They were left out."
        problems.append(Problem(number, "", message, "warning"))
    if any("\ufffd" in cell for cell in cells):
        message = (
            "This row has characters that could not be read, shown as \ufffd. Save the file as UTF-8, "
            "or put the right characters in."
        )
        problems.append(Problem(number, "", message, "warning"))
    return problems


def _swallowed(lines: list[str], width: int, delimiter: str) -> bool:
    """Whether the later lines of a row look like rows of their own."""
    later = [line for line in islice(lines, 1, None) if line.strip()]
    least = max(1, width - 1)
    return bool(later) and sum(line.count(delimiter) >= least for line in later) * 2 > len(later)


def _unclosed(number: int) -> Problem:
    return Problem(
        number,
        "",
        "A quotation mark in this row is never closed. Close it, or write it twice where it belongs "
        "to the text.",
    )


def _too_long(number: int, what: str, limit: int) -> Problem:
    return Problem(
        number, "", f"A {what} here is longer than {limit:,} characters. Shorten it.", "error"
    )


def _opened(path: Path, encoding: str) -> io.TextIOWrapper:
    return path.open(encoding=encoding, errors="replace", newline="")


def _marked(text: str) -> str:
    """The delimiter that a first line such as `sep=;` names, as Excel writes it."""
    line = text.lstrip("\ufeff").splitlines()[0].strip(" \"'") if text.strip() else ""
    named = line[len(_MARK) :]
    return named if line.lower().startswith(_MARK) and named in DELIMITERS else ""


def _is_quoted(sample: str, quote: str) -> bool:
    """Whether cells stand between such marks, rather than words that have one."""
    lines = sample.splitlines()[:_SNIFF_ROWS]
    inside = sum(quote + delimiter + quote in line for line in lines for delimiter in DELIMITERS)
    return inside * 2 > len(lines)


def _delimiter(sample: str, quote: str) -> str:
    """By which the rows are most alike in how many cells they have, and then have the most."""
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        counts = Counter(_widths(sample, delimiter, quote))
        if not counts:
            continue
        cells, rows = max(counts.items(), key=lambda each: (each[1] if each[0] > 1 else 0, each[0]))
        score = (round(rows / counts.total(), 1) if cells > 1 else 0.0, cells)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _widths(sample: str, delimiter: str, quote: str) -> Iterator[int]:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, quotechar=quote)
    try:
        for cells in islice(reader, _SNIFF_ROWS):
            if cells:
                yield len(cells)
    except csv.Error:
        return
