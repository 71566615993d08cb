"""Files of products read: looked at once, then their products one by one, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from catalog.importing import tables
from catalog.importing.facts import IGNORE, KEEP, MARKED
from catalog.importing.formats import FORMATS, format_of
from catalog.importing.formats.base import ReadProduct, TableFormat
from catalog.importing.formats.json_lines import JsonLinesFormat
from catalog.importing.guessing import guesses_at
from catalog.importing.tables import FileRejected, Layout, Row
from catalog.importing.tables.limits import LOOKED_BYTES, SAMPLE_ROWS, SHOWN_CHARACTERS, SHOWN_ROWS
from catalog.importing.values.money import decimal_mark
from catalog.interchange.records import Problem
from prodintel.lib.csv_files import plain

# The column that a report of what was refused adds to the file's own.
PROBLEMS = "Problems"

__all__ = ["FileRejected", "Inspection", "ReadProduct", "inspect", "read_records", "read_rows"]


@dataclass
class Inspection:
    """What was seen of a file at first sight.

    `format` is a name of `FORMATS`; `rows` are the first ones, as cells in the order of `headers`;
    `marks` are the decimal marks of columns with numbers, by header, where the file tells them.
    """

    format: str
    layout: Layout
    headers: list[str]
    rows: list[list[str]]
    mapping: dict[str, str]
    marks: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    # Why each column was taken for what it is, for the person who checks it.
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def encoding(self) -> str:
        return self.layout.encoding if self.layout.kind in {tables.CSV, tables.JSON_LINES} else ""

    @property
    def dialect(self) -> dict[str, str]:
        """What parts the cells of a text file, or which sheet of a workbook is read."""
        if self.layout.kind == tables.CSV:
            return {"delimiter": self.layout.delimiter, "quote": self.layout.quote}
        return {"sheet": self.layout.sheet} if self.layout.kind == tables.XLSX else {}

    def as_json(self) -> dict[str, Any]:
        return {
            "format": self.format,
            "layout": self.layout.as_json(),
            "headers": self.headers,
            "rows": self.rows,
            "mapping": self.mapping,
            "marks": self.marks,
            "reasons": self.reasons,
            "problems": [[p.row, p.field, p.message, p.severity] for p in self.problems],
        }

    @classmethod
    def of_json(cls, document: Mapping[str, Any]) -> Inspection:
        return cls(
            **{
                **document,
                "layout": Layout.of_json(document["layout"]),
                "problems": [Problem(*each) for each in document["problems"]],
            }
        )


def inspect(path: Path, name: str, size: int = 0) -> Inspection:  # noqa: ARG001 -- the content decides; whoever calls knows the name
    """What a file is, how it is read, and what its columns seem to be.

    Of its beginning, so that nobody waits long for it; where nothing else is at `path`, `size` is how
    large all of it is. Raises FileRejected with a message for whoever brought it.
    """
    layout, problems = tables.layout_of(path, LOOKED_BYTES, size)
    found = format_of(layout)
    rows = (row for row in _rows(path, found, layout, LOOKED_BYTES) if not row.is_refused)
    sample = list(found.prepare(islice(rows, SAMPLE_ROWS)))
    headers = found.headers(layout, sample)
    cells = [[row.cells.get(header, "") for header in headers] for row in sample]
    if found.name == TableFormat.name:
        guesses = guesses_at(headers, cells)
        mapping = {each.header: each.target for each in guesses}
        reasons = {each.header: each.reason for each in guesses}
    else:
        mapping = found.mapping(headers, sample)
        reasons = {
            header: f"{found.label} call it so." for header in headers if mapping[header] != KEEP
        }
    if PROBLEMS in mapping:
        mapping[PROBLEMS] = IGNORE
    return Inspection(
        format=found.name,
        layout=layout,
        headers=headers,
        rows=[[cell[:SHOWN_CHARACTERS] for cell in row] for row in cells[:SHOWN_ROWS]],
        mapping=mapping,
        marks=_marks(sample, headers),
        problems=problems,
        reasons=reasons,
    )


def read_records(
    path: Path, inspection: Inspection, mapping: Mapping[str, str]
) -> Iterator[ReadProduct]:
    """The products of a file, in its order, with what is wrong in their rows.

    Rows of one product that do not stand together come as further products of the same key. Raises
    FileRejected where the file breaks off.
    """
    found = FORMATS[inspection.format]
    layout = tables.settled(path, inspection.layout)
    if isinstance(found, JsonLinesFormat):
        yield from found.read(path, layout)
        return
    # A column that nobody has spoken of is kept rather than lost.
    whole = dict.fromkeys(inspection.headers, KEEP) | dict(mapping)
    if layout.is_partial:
        # Elements that come later in a feed mean what they always do.
        whole = dict(found.meanings) | whole
    marks = {
        header: inspection.marks.get(header) or found.default_mark
        for header, target in whole.items()
        if target in MARKED
    }
    yield from found.products(_rows(path, found, layout), whole, marks)


def read_rows(path: Path, inspection: Inspection) -> Iterator[Row]:
    """The rows of the file as they stand, for a report that can be mended and brought again."""
    layout = tables.settled(path, inspection.layout)
    yield from _rows(path, FORMATS[inspection.format], layout)


def _rows(path: Path, found: TableFormat, layout: Layout, upto: int | None = None) -> Iterator[Row]:
    """The rows of a file, without the marks that were put before what looks like a formula."""
    is_guarded = found.is_guarded(layout) or PROBLEMS in layout.headers
    for row in tables.rows(path, layout, upto):
        if is_guarded:
            row.cells = {header: plain(text) for header, text in row.cells.items()}
        yield row


def _marks(sample: list[Row], headers: list[str]) -> dict[str, str]:
    marks = {
        header: decimal_mark(row.cells.get(header, "") for row in sample) for header in headers
    }
    return {header: mark for header, mark in marks.items() if mark}
