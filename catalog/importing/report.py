"""The lines of a file that were refused or warned of, to be mended and brought again."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.importing.files import import_files, read_lines
from catalog.importing.reading import PROBLEMS
from catalog.models import Import
from prodintel.lib.csv_files import cell

SEVERITIES = ("error", "warning")


def report_rows(source: Import) -> Iterator[list[str]]:
    """The header, then each line as it stands in the file, with what is wrong with it at the end.

    All lines of their products come: a variant's alone would be another product, and would not tell
    the names of its options. Read from the file again, in constant memory but for the messages. Cells that a
    spreadsheet would take for formulas are guarded, as readers of files here undo.
    """
    headers = [header for header in source.inspection.get("headers", ()) if header != PROBLEMS]
    yield [*(cell(header) for header in headers), PROBLEMS]
    messages = _messages(source)
    if not messages or not headers:
        return
    with import_files(source) as files:
        for row in read_lines(source, files):
            if row.number in messages:
                cells = (cell(row.cells.get(header, "")) for header in headers)
                yield [*cells, cell(" ".join(dict.fromkeys(messages[row.number])))]


def _messages(source: Import) -> dict[int, list[str]]:
    """What is wrong, by line; other lines of the same products are there without a message."""
    found: dict[int, list[str]] = {}
    problems = source.problems.filter(severity__in=SEVERITIES).order_by("row", "pk")
    for row, field, message in problems.values_list("row", "field", "message").iterator():
        found.setdefault(row, []).append(f"{field}: {message}" if field else message)
    concerned = source.items.filter(problems__severity__in=SEVERITIES).order_by().distinct()
    for record in concerned.values_list("record", flat=True).iterator():
        for row in record.get("rows", ()):
            found.setdefault(row, [])
    return found
