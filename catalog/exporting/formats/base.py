"""What every file format has in common."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from catalog.channels.facts import Known
from catalog.describe.vocabulary import Vocabulary, current
from catalog.exporting.addresses import Addresses, NoAddresses
from catalog.interchange.records import CATEGORY, ProductRecord
from catalog.models import Catalog

# What is handed on at once: few enough to start at once, many enough to be worth a system call.
PIECE = 64 * 1024
Row = dict[str, str]
T = TypeVar("T")


@dataclass(frozen=True)
class Choice:
    """A setting of a format: its first choice is the usual one."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...]
    hint: str = ""

    @property
    def usual(self) -> str:
        return self.choices[0][0]


@dataclass(frozen=True)
class Writing:
    """One file to be written.

    `columns` are the headers that were chosen, in order; none: all. `attributes` are the names of
    those that the products have, but the category, `variant_attributes` of those that variants have
    of their own; `kept` the headers of foreign cells that are written back. `addresses` named the
    photos of the records. `other_labels` are those of values that the vocabulary does not offer, by
    attribute and value.
    """

    catalog: Catalog
    columns: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    variant_attributes: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    addresses: Addresses = field(default_factory=NoAddresses)
    vocabulary: Vocabulary = field(default_factory=current)
    other_labels: Mapping[tuple[str, str], str] = field(default_factory=dict)
    _made: dict[Callable, Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, make: Callable[[Writing], T]) -> T:
        """What is made of this for all records of the file, made when it is asked for first."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]

    def label(self, name: str, value: str) -> str:
        """A value as people read it, in the catalogue's language."""
        label = self.vocabulary.label_of(name, value, self.catalog.language)
        return label or self.other_labels.get((name, value), value)

    @cached_property
    def known(self) -> Known:
        """What channels know of categories."""
        nodes = self.vocabulary.categories.values()
        return Known(google_ids={node.path: node.google_id for node in nodes if node.google_id})

    def trail(self, path: str) -> str:
        """A category with what it lies in, as people read it: Home > Kitchen > Mugs."""
        steps = path.split("/") if path else []
        paths = ("/".join(steps[: n + 1]) for n in range(len(steps)))
        return " > ".join(self.label(CATEGORY, each).rpartition("/")[2] for each in paths)


Records = Iterable[ProductRecord]
Headers = Callable[[Writing], list[str]]
Rows = Callable[[ProductRecord, Writing], Iterator[Row]]


@dataclass(frozen=True)
class Format:
    """A file format that is written.

    `headers` are its columns where some can be chosen; those in `always` are written whatever was
    chosen. `kept` names the format whose foreign cells it gives back. `files` makes the addresses of
    photos where the file holds them itself; the records' photos are named by them then. What is
    `for_channel` is read by a shop or a platform.
    """

    name: str
    label: str
    purpose: str
    extension: str
    content_type: str
    write: Callable[[Records, Writing], Iterator[bytes]]
    headers: Headers | None = None
    always: frozenset[str] = frozenset()
    choices: tuple[Choice, ...] = ()
    kept: str = ""
    files: Callable[[], Addresses] | None = None
    for_channel: bool = False

    def option(self, options: Mapping[str, Any], name: str) -> str:
        """The choice that was made, or the usual one."""
        choice = next(each for each in self.choices if each.name == name)
        value = options.get(name, "")
        return value if value in dict(choice.choices) else choice.usual


def chosen(headers: Sequence[str], writing: Writing, always: frozenset[str]) -> list[str]:
    """The headers that were chosen, in that order, behind those that must be there."""
    known = set(headers)
    wanted = [name for name in dict.fromkeys(writing.columns) if name in known]
    if not wanted:
        return list(headers)
    first = [name for name in headers if name in always and name not in wanted]
    return first + wanted


def table(
    headers: Headers, rows: Rows, records: Records, writing: Writing, always: frozenset[str]
) -> Iterator[list[str]]:
    """The lines of a table, its headers first."""
    names = chosen(headers(writing), writing, always)
    yield names
    for record in records:
        for row in rows(record, writing):
            yield [row.get(name, "") for name in names]


def csv_pieces(
    lines: Iterable[Sequence[str]],
    *,
    guard: Callable[[str], str] = str,
    delimiter: str = ",",
    beginning: str = "",
) -> Iterator[bytes]:
    """Lines as CSV (RFC 4180) in UTF-8, in pieces."""
    file = io.StringIO(newline="")
    file.write(beginning)
    writer = csv.writer(file, delimiter=delimiter)
    for line in lines:
        writer.writerow([guard(cell) for cell in line])
        if file.tell() >= PIECE:
            yield file.getvalue().encode()
            file.seek(0)
            file.truncate()
    yield file.getvalue().encode()


def in_pieces(parts: Iterable[str]) -> Iterator[bytes]:
    """Text in UTF-8, in pieces."""
    kept: list[str] = []
    size = 0
    for part in parts:
        kept.append(part)
        size += len(part)
        if size >= PIECE:
            yield "".join(kept).encode()
            kept, size = [], 0
    yield "".join(kept).encode()


def csv_writer(
    headers: Headers, rows: Rows, *, always: frozenset[str] = frozenset(), delimiter: str = ","
) -> Callable[[Records, Writing], Iterator[bytes]]:
    """Writes a table whose cells another program reads as they are."""

    def write(records: Records, writing: Writing) -> Iterator[bytes]:
        lines = table(headers, rows, records, writing, always)
        return csv_pieces(lines, delimiter=delimiter)

    return write
