"""JSON Lines: a product a line, as `ProductRecord.as_json` writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catalog.importing.tables.encodings import encoding_of
from catalog.importing.tables.expecting import expected
from catalog.importing.tables.kinds import JSON_LINES
from catalog.importing.tables.limits import MAX_ROW, MAX_ROWS
from catalog.importing.tables.rows import FileRejected, Layout
from catalog.interchange.records import Problem

_LINE_END = re.compile(rb"\n")
# As an escape that is no escaped escape.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def layout_of(path: Path, upto: int | None = None) -> Layout:
    encoding, lossy = encoding_of(path, upto)
    rows = expected(path, _LINE_END)
    layout = Layout(kind=JSON_LINES, encoding=encoding, header_row=0, lossy=lossy, rows=rows)
    for _, document, problem in objects(path, layout, upto):
        if problem is not None and document is None:
            raise FileRejected(
                f"This looks like JSON Lines, but its first line cannot be read: {problem.message}"
            )
        return layout
    raise FileRejected("The file is empty.")


def objects(
    path: Path, layout: Layout, upto: int | None = None
) -> Iterator[tuple[int, Any, Problem | None]]:
    """Each line's number and object; instead of an object that cannot be read, what is wrong.

    With `upto` no more than about so many characters are read.
    """
    with path.open(encoding=layout.encoding, errors="replace") as file:
        number = size = 0
        while (line := file.readline(MAX_ROW + 1)) and (upto is None or size < upto):
            number += 1
            size += len(line)
            if number > MAX_ROWS:
                message = f"Only the first {MAX_ROWS:,} lines are read."
                yield number, None, Problem(number, "", message)
                return
            if len(line) > MAX_ROW:
                message = f"The line is longer than {MAX_ROW:,} characters."
                yield number, None, Problem(number, "", message)
                while line and not line.endswith("\n"):
                    line = file.readline(MAX_ROW)
            elif line.strip():
                yield number, *_object(line, number)


def _object(line: str, number: int) -> tuple[Any, Problem | None]:
    try:
        document = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None, Problem(number, "", "The line is no valid JSON. Write one object a line.")
    if not isinstance(document, dict):
        return None, Problem(number, "", "The line is no JSON object.")
    if "\\u" in line and not _is_text(document):
        message = "The line has zero bytes or halves of characters, which are no text. Remove them."
        return None, Problem(number, "", message)
    return document, None


def _no_number(word: str) -> None:
    raise ValueError(word)


def _is_text(document: dict) -> bool:
    """Whether all its texts can be stored: escapes can write what is no character."""
    plain = json.dumps(document, ensure_ascii=False)
    try:
        plain.encode()
    except UnicodeEncodeError:
        return False
    return _NUL.search(plain) is None
