"""Rows of feeds: tables parted by tabs or commas, and XML, with the line that each begins at."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

GOOGLE = "{http://base.google.com/ns/1.0}"
ITEMS = frozenset({"item", "{http://www.w3.org/2005/Atom}entry"})


class Unreadable(Exception):  # noqa: N818 -- what it is about the file
    """The file cannot be read on from here. The message is for the person who made it."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass
class FeedRow:
    """A line, or an item of XML (then `line` is its number, from 1). Blank cells are left out.

    `cells` holds every value of a header; `parts` those of an element that has elements in it, of
    which the cell is the content, or else all of them parted by colons.
    """

    line: int
    cells: dict[str, list[str]] = field(default_factory=dict)
    parts: dict[str, dict[str, str]] = field(default_factory=dict)
    count: int = 0

    def one(self, header: str) -> str:
        return next(iter(self.cells.get(header, ())), "")


@dataclass
class Table:
    """A table's headers, and its rows as they are read."""

    headers: list[str]
    rows: Iterator[FeedRow]


def is_xml(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(200).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def read_table(path: Path, delimiter: str) -> Table:
    """Raises Unreadable, also while rows are read."""
    lines = _lines(path, delimiter)
    headers = next(lines, None)
    if headers is None:
        raise Unreadable("The file is empty.")
    names = [name.strip() for name in headers[1]]
    return Table(names, _rows(lines, names))


def _rows(lines: Iterator[tuple[int, list[str]]], names: list[str]) -> Iterator[FeedRow]:
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        row = FeedRow(line, count=len(cells))
        for name, cell in zip(names, cells, strict=False):
            if cell.strip():
                row.cells.setdefault(name, []).append(cell)
        yield row


def _lines(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    line = 1
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise Unreadable(f"The table cannot be read on: {error}.", line) from error
            except UnicodeDecodeError as error:
                message = "The file is not UTF-8: save it as UTF-8 and try again."
                raise Unreadable(message, line) from error
            if cells is None:
                return
            yield line, cells
            line = reader.line_num + 1


def read_items(path: Path) -> Iterator[FeedRow]:
    """The items of a feed in XML. Raises Unreadable."""
    number, root = 0, None
    try:
        for event, element in iterparse(path, events=("start", "end"), forbid_dtd=True):
            if root is None:
                root = element
            if event != "end" or element.tag not in ITEMS:
                continue
            number += 1
            yield _item(number, element)
            # What was read is dropped, so that a long feed does not stay in memory.
            element.clear()
    except (ParseError, DefusedXmlException, UnicodeDecodeError) as error:
        raise Unreadable(f"The XML cannot be read on: {error}.", number + 1) from error
    if not number:
        raise Unreadable("The XML has no items.")


def _item(number: int, element) -> FeedRow:  # type: ignore[no-untyped-def] # noqa: ANN001 -- defusedxml has no types
    row = FeedRow(number)
    for child in element:
        name = child.tag.removeprefix(GOOGLE)
        if len(child):
            inner = {each.tag.removeprefix(GOOGLE): (each.text or "").strip() for each in child}
            row.parts[name] = inner
            text = inner["content"] if "content" in inner else ":".join(inner.values())
            row.cells.setdefault(name, []).append(text)
        elif (child.text or "").strip():
            row.cells.setdefault(name, []).append(child.text or "")
    return row
