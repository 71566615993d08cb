"""Rows of one product that do not stand together in a file, put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from catalog.importing.plans import Headers
from catalog.interchange.records import Problem, ProductRecord


def record_merge(record: ProductRecord, more: ProductRecord, headers: Headers) -> Iterator[Problem]:
    """Add to a record what later rows say of the same product; yields what they say otherwise.

    The first word counts, and a blank is none.
    """
    row = more.rows[0] if more.rows else 0
    first = record.rows[0] if record.rows else 0
    for kind, mine, theirs in (
        ("product", record.fields, more.fields),
        ("attribute", record.attributes, more.attributes),
    ):
        for name in _taken(mine, theirs):
            header = headers.of(kind, name)
            message = f"Line {first} says something else of the same product, and counts."
            yield Problem(row, header, message, "warning")
    _taken_all(record.extra, more.extra)
    record.variants += more.variants
    record.photos += more.photos
    record.rows += more.rows


def _taken(mine: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Take what was not said; returns the names of what was said otherwise."""
    differing = []
    for name, value in theirs.items():
        if mine.get(name) in (None, "", []):
            mine[name] = value
        elif value not in (None, "", []) and value != mine[name]:
            differing.append(name)
    return differing


def _taken_all(mine: dict[str, str], theirs: dict[str, str]) -> None:
    for name, value in theirs.items():
        mine.setdefault(name, value)


def rows_of(problems: Sequence[Problem]) -> set[int]:
    """The lines that stay out."""
    return {each.row for each in problems if each.severity == "error"}
