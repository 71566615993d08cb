"""JSON Lines: a product a line, as `ProductRecord.as_json` writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catalog.importing.tables.encodings import encoding_of
from catalog.importing.tables.kinds import JSON_LINES
from catalog.importing.tables.limits import MAX_ROW, MAX_ROWS
from catalog.importing.tables.rows import FileRejected, Layout
from catalog.interchange.records import Problem


def layout_of(path: Path) -> Layout:
    encoding, lossy = encoding_of(path)
    layout = Layout(kind=JSON_LINES, encoding=encoding, header_row=0, lossy=lossy)
    for _, document, problem in objects(path, layout):
        if problem is not None and document is None:
            raise FileRejected(
                f"This looks like JSON Lines, but its first line cannot be read: {problem.message}"
            )
        return layout
    raise FileRejected("The file is empty.")


def objects(path: Path, layout: Layout) -> Iterator[tuple[int, Any, Problem | None]]:
    """Each line's number and object; instead of an object that cannot be read, what is wrong."""
    with path.open(encoding=layout.encoding, errors="replace") as file:
        number = 0
        while line := file.readline(MAX_ROW + 1):
            number += 1
            if number > MAX_ROWS:
                message = f"Only the first {MAX_ROWS:,} lines are read."
                yield number, None, Problem(number, "", message)
                return
            if len(line) > MAX_ROW:
                while line and not line.endswith("\n"):
                    line = file.readline(MAX_ROW)
                message = f"The line is longer than {MAX_ROW:,} characters."
                yield number, None, Problem(number, "", message)
            elif line.strip():
                yield number, *_object(line, number)


def _object(line: str, number: int) -> tuple[Any, Problem | None]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return None, Problem(number, "", "The line is no valid JSON. Write one object a line.")
    if not isinstance(document, dict):
        return None, Problem(number, "", "The line is no JSON object.")
    return document, None
