"""Feeds in XML: RSS 2.0 and Atom, as Google Merchant takes them, an item at a time.

Items are put together from the parser's events, so that neither a deep nest nor an endless text
takes more memory than one item may.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler, feature_namespaces

from defusedxml import DefusedXmlException
from defusedxml.expatreader import create_parser

from catalog.importing.tables.expecting import expected
from catalog.importing.tables.kinds import XML
from catalog.importing.tables.limits import (
    MAX_CELL,
    MAX_COLUMNS,
    MAX_ROW,
    MAX_ROWS,
    MAX_XML_DEPTH,
    MAX_XML_NAMES,
)
from catalog.importing.tables.rows import FileRejected, Layout, Row
from catalog.interchange.records import Problem

_CHUNK = 65_536
# A tag, comment or text piece of which nothing is heard for so long is no feed's.
_MAX_SILENCE = 4_000_000
# What a tag costs more than its name, in characters; and how much longer than it may be an item is
# passed over.
_TAG_WEIGHT, _ENDLESS = 10, 16
_MOST_OUTSIDE = 100_000
_ITEMS = frozenset({"item", "entry"})
_ITEM_END = re.compile(rb"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
# Elements whose parts are one value, in the order of a text feed: its parts by colons.
_PARTS = ":"
_REPEATED = ","
_FIRST = frozenset({"digital_source_type", "name"})
# A part in which these stand is quoted.
_APART = re.compile(r'[:,"]')
_ADDRESSES = "image_link"


class _Items(ContentHandler):
    """Puts items together. `done` are those that nobody has taken yet."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[Row] = []
        self.heard = 0
        self._names: list[str] = []
        self._known: set[str] = set()
        self._item_depth = 0
        self._outside = 0
        self.count = 0
        self._values: dict[str, list[str]] = {}
        self._text: list[str] = []
        self._parts: list[tuple[str, str]] = []
        self._size = 0

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 -- SAX's name
        self.heard += 1
        local = name.rpartition(":")[2].lower()
        self._names.append(local)
        if len(self._names) > MAX_XML_DEPTH:
            raise FileRejected(f"The file is nested more than {MAX_XML_DEPTH} deep. It is no feed.")
        # The parser keeps each name that it has met.
        self._known.update((name, *attrs.getNames()))
        if len(self._known) > MAX_XML_NAMES:
            raise FileRejected(
                f"The file has more than {MAX_XML_NAMES:,} kinds of elements. It is no feed."
            )
        if self._item_depth:
            self._size += len(name) + _TAG_WEIGHT
            if self._size > _ENDLESS * MAX_ROW:
                raise FileRejected(f"Item {self.count + 1} has no end. It is no feed.")
            if self._size > MAX_ROW:
                return
            self._start_part(local, attrs)
        elif local not in _ITEMS:
            self._outside += 1
            if self._outside > _MOST_OUTSIDE:
                raise FileRejected("Nearly nothing in this file is an item. It is no feed.")
        else:
            self._item_depth = len(self._names)
            self._values, self._size = {}, 0

    def _start_part(self, local: str, attrs: Any) -> None:
        at = len(self._names) - self._item_depth
        if at == 1:
            self._text, self._parts = [], []
            # Atom writes addresses as attributes.
            if local == "link" and attrs.get("rel", "alternate") == "alternate":
                self.characters(attrs.get("href", ""))
        else:
            self._text = []

    def characters(self, content: str) -> None:
        self.heard += 1
        if self._item_depth and len(self._names) > self._item_depth:
            self._size += len(content)
            if self._size <= MAX_ROW:
                self._text.append(content)

    def endElement(self, name: str) -> None:  # noqa: ARG002, N802 -- SAX's signature
        self.heard += 1
        local = self._names.pop()
        at = len(self._names) + 1 - self._item_depth
        if not self._item_depth:
            return
        if at == 0:
            self._finish()
        elif self._size > MAX_ROW:
            return
        elif at == 1:
            own = _one(self._parts) if self._parts else "".join(self._text).strip()
            self._values.setdefault(local, []).append(own)
        else:
            self._parts.append((local, "".join(self._text).strip()))
            self._text = []

    def _finish(self) -> None:
        self.count += 1
        self._item_depth = 0
        number, problems = self.count, []
        cells = {name: _joined(name, values) for name, values in self._values.items()}
        if self._size > MAX_ROW or any(len(cell) > MAX_CELL for cell in cells.values()):
            message = f"Item {number} has a text longer than {MAX_CELL:,} characters. Shorten it."
            problems, cells = [Problem(number, "", message)], {}
        elif len(cells) > MAX_COLUMNS:
            message = f"Item {number} has more than {MAX_COLUMNS:,} elements."
            problems, cells = [Problem(number, "", message)], {}
        self.done.append(Row(number, cells, problems))
        self._values = {}


def layout_of(path: Path, upto: int | None = None) -> Layout:
    """The names of all elements that items of the feed have. Raises FileRejected for other XML."""
    names: dict[str, None] = {}
    count = 0
    for row in islice(rows(path, upto), MAX_ROWS):
        count += 1
        names.update(dict.fromkeys(row.cells))
        if len(names) > MAX_COLUMNS:
            raise FileRejected(
                f"The feed's items have more than {MAX_COLUMNS:,} kinds of elements."
            )
    if not count:
        where = "This XML file has"
        if upto is not None and path.stat().st_size > upto:
            where = f"The first {upto // 1_000_000} MB of this XML file have"
        raise FileRejected(
            f"{where} no items. Feeds in RSS 2.0 or Atom are read, as Google Merchant takes them."
        )
    items = expected(path, _ITEM_END)
    return Layout(kind=XML, header_row=0, headers=tuple(names), rows=items)


def rows(path: Path, upto: int | None = None) -> Iterator[Row]:
    """The items of a feed, numbered from 1; with `upto` those that end in so many bytes.

    Raises FileRejected where the file cannot be read.
    """
    items = _Items()
    parser = create_parser(forbid_dtd=True)
    parser.setFeature(feature_namespaces, False)
    parser.setContentHandler(items)
    size = silence = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                before = items.heard
                parser.feed(chunk)
                silence = 0 if items.heard > before else silence + len(chunk)
                if silence > _MAX_SILENCE:
                    raise FileRejected(
                        "The file has a tag or comment without an end. It is no feed."
                    )
                yield from _taken(items)
                size += len(chunk)
                if upto is not None and size >= upto:
                    return
            parser.close()
            yield from _taken(items)
    except DefusedXmlException as error:
        raise FileRejected(
            "The file declares a document type or entities, which feeds do not need and which can "
            "harm. Remove the <!DOCTYPE …> part."
        ) from error
    except SAXParseException as error:
        raise FileRejected(
            f"The XML cannot be read in line {error.getLineNumber()}, after item {items.count}: "
            f"{error.getMessage()}. Save or download it again."
        ) from error
    except (SAXException, ValueError, LookupError) as error:
        raise FileRejected(
            f"The XML cannot be read after item {items.count}. Save it as UTF-8."
        ) from error


def _taken(items: _Items) -> Iterator[Row]:
    done, items.done = items.done, []
    yield from done


def _one(parts: list[tuple[str, str]]) -> str:
    """The parts of one value as a text feed writes them; who wrote a text, or what a value is called,
    stands first there.
    """
    ordered = sorted(parts, key=lambda part: part[0] not in _FIRST)
    return _PARTS.join(_quoted(text) for _, text in ordered)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _APART.search(text) else text


def _joined(name: str, values: list[str]) -> str:
    if len(values) == 1:
        return values[0]
    if name.endswith(_ADDRESSES):
        values = [value.replace(",", "%2C") for value in values]
    return _REPEATED.join(value for value in values if value)
