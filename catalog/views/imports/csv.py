"""Reports as CSV."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator

from prodintel.lib.csv_files import csv_text

CSV_TYPE = "text/csv; charset=utf-8"


def csv_lines(rows: Iterator[list[str]]) -> Iterator[bytes]:
    """Rows as CSV that a spreadsheet opens without running anything in them, line by line."""
    # By this mark spreadsheets know UTF-8.
    yield BOM_UTF8
    for row in rows:
        yield csv_text([row]).encode()
