"""Tables in files, whatever the file is: one row after the other by its headers.

Nothing here knows of products.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from catalog.importing.tables import delimited, feeds, json_lines, workbook
from catalog.importing.tables.encodings import encoding_of
from catalog.importing.tables.headers import header_row, letters, named
from catalog.importing.tables.kinds import CSV, JSON_LINES, XLSX, XML, kind_of
from catalog.importing.tables.limits import MAX_ROWS
from catalog.importing.tables.rows import FileRejected, Layout, Row
from catalog.interchange.records import Problem

__all__ = [
    "CSV",
    "JSON_LINES",
    "XLSX",
    "XML",
    "FileRejected",
    "Layout",
    "Row",
    "layout_of",
    "rows",
    "settled",
]

_HEAD_ROWS = 60


def layout_of(path: Path, upto: int | None = None, size: int = 0) -> tuple[Layout, list[Problem]]:
    """How a file is to be read, and what is wrong with all of it. Raises FileRejected.

    With `upto` no more than about so many bytes are looked at. `size` is how large the file is of
    which only the beginning is at `path`.
    """
    there = path.stat().st_size
    kind = kind_of(path, size)
    layout = _found(path, kind, upto)
    if kind != XLSX and upto is not None and max(size, there) > upto:
        expected = round(layout.rows * max(size / max(there, 1), 1))
        layout = replace(layout, rows=expected, is_partial=True)
    if kind in {JSON_LINES, XML}:
        return layout, []
    head = [cells for _, cells, _ in islice(_raw(path, layout, upto), _HEAD_ROWS)]
    if not any(cell.strip() for cells in head for cell in cells):
        raise FileRejected("The file has no text in its first rows. Put the table at its top.")
    index = header_row(head)
    headers, problems = named(head[index])
    if layout.lossy:
        message = (
            "A few characters of this file could not be read and are shown as \ufffd. Save it as UTF-8 "
            "to keep them."
        )
        problems.append(Problem(0, "", message, "warning"))
    below = max(layout.rows - index - 1, 0)
    return replace(layout, headers=headers, header_row=index + 1, rows=below), problems


def _found(path: Path, kind: str, upto: int | None) -> Layout:
    if kind == JSON_LINES:
        return json_lines.layout_of(path, upto)
    if kind == XML:
        return feeds.layout_of(path, upto)
    if kind == XLSX:
        return workbook.layout_of(path, upto)
    layout = delimited.layout_of(path, upto)
    return replace(layout, rows=delimited.rows_expected(path, layout))


def settled(path: Path, layout: Layout) -> Layout:
    """How all of a file is to be read of which only the beginning was looked at."""
    if layout.is_partial and layout.kind in {CSV, JSON_LINES}:
        encoding, lossy = encoding_of(path)
        return replace(layout, encoding=encoding, lossy=lossy, is_partial=False)
    return layout


def rows(path: Path, layout: Layout, upto: int | None = None) -> Iterator[Row]:
    """The rows below the headers, but for blank ones; with `upto` of about so many bytes.

    Raises FileRejected where the file breaks off.
    """
    if layout.kind == JSON_LINES:
        return
    read = feeds.rows(path, upto) if layout.kind == XML else _below(path, layout, upto)
    for count, row in enumerate(read, 1):
        if count > MAX_ROWS:
            message = f"Only the first {MAX_ROWS:,} rows are read. Bring the others in a file of their own."
            yield Row(row.number, {}, [Problem(row.number, "", message)])
            return
        if row.problems or not row.is_blank:
            yield row


def _raw(path: Path, layout: Layout, upto: int | None) -> Iterator[delimited.Raw]:
    module = workbook if layout.kind == XLSX else delimited
    return module.rows_of(path, layout, upto)


def _below(path: Path, layout: Layout, upto: int | None) -> Iterator[Row]:
    for number, cells, problems in _raw(path, layout, upto):
        if number > layout.header_row:
            yield _row(number, cells, problems, layout)


def _row(number: int, cells: list[str], problems: list[Problem], layout: Layout) -> Row:
    headers = layout.headers
    beyond = [index for index in range(len(headers), len(cells)) if cells[index].strip()]
    if beyond and not problems:
        message = (
            f"This row has cells beyond the last header, in column {letters(beyond[0])}. Mostly a "
            "cell with a comma or a quotation mark is not quoted, and the cells are shifted."
        )
        problems = [Problem(number, "", message)]
    row = Row(number, dict(zip(headers, cells, strict=False)), problems)
    if layout.kind == XLSX:
        # A workbook does not store what is empty at the end of a row.
        row.cells = {header: row.cells.get(header, "") for header in headers}
    elif len(cells) < len(headers) and not row.is_blank and not problems:
        message = (
            f"This row has {len(cells)} cells, and there are {len(headers)} columns. What is missing at "
            "its end was left as it is."
        )
        row.problems = [Problem(number, "", message, "warning")]
    return row
