"""Where a table's headers stand, and what they are called so that each is called once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catalog.importing.tables.limits import MAX_COLUMNS, MAX_HEADER
from catalog.importing.tables.rows import FileRejected
from catalog.interchange.records import Problem

# Titles, notes and empty lines may stand above the headers, so many of them.
_SEARCHED = 30
_NUMBER = re.compile(r"[-+]?[\d.,\s]+[%€$£]?")
_LETTER = re.compile(r"[^\W\d_]")
_WORDY = 0.8
_NEARLY_FULL = 0.6
_LONG = 80


def header_row(rows: Sequence[Sequence[str]]) -> int:
    """The index of the row that names the columns: the first that is about full, of short words."""
    widths = [_filled(row) for row in rows]
    # Notes above a table are narrow; what lies below its headers is not, nearly anywhere.
    usual = sorted(width for width in widths if width)[-1 - len(rows) // 4 :] or [0]
    wanted = max(1, usual[0] * _NEARLY_FULL)
    for index, row in enumerate(rows[:_SEARCHED]):
        if widths[index] >= wanted and _wordy(row) >= _WORDY:
            return index
    return next((index for index, width in enumerate(widths) if width), 0)


def named(cells: Sequence[str]) -> tuple[tuple[str, ...], list[Problem]]:
    """The headers, each different: empty ones by their column's letters, repeated ones numbered.

    Raises FileRejected when there are more than a table may have.
    """
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    if len(cells) > MAX_COLUMNS:
        raise FileRejected(
            f"The table has {len(cells):,} columns; at most {MAX_COLUMNS:,} are read. Remove those that "
            "are not needed."
        )
    headers: list[str] = []
    problems = []
    taken: set[str] = set()
    for index, cell in enumerate(cells):
        header = " ".join(cell.replace("\ufeff", "").split())[:MAX_HEADER]
        if not header:
            header = f"Column {letters(index)}"
        elif header in taken:
            message = f"There is more than one column “{header}”. The later ones are numbered."
            problems.append(Problem(0, header, message, "warning"))
        headers.append(_free(header, taken))
        taken.add(headers[-1])
    return tuple(headers), problems


def letters(index: int) -> str:
    """A column as spreadsheets call it: A is the first, AA comes after Z."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _free(header: str, taken: set[str]) -> str:
    name, number = header, 1
    while name in taken:
        number += 1
        name = f"{header} ({number})"
    return name


def _filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _wordy(row: Sequence[str]) -> float:
    cells = [cell.strip() for cell in row if cell.strip()]
    wordy = sum(
        len(cell) <= _LONG
        and bool(_LETTER.search(cell))
        and not _NUMBER.fullmatch(cell)
        and "://" not in cell
        for cell in cells
    )
    return wordy / max(1, len(cells))
