"""The values that travel to and from a vector index: points, payloads and filters.

Payloads are JSON-like: int, float, bool, str, and lists of them, in dictionaries that may be
nested. A field is named by its path: `"status"` is a top-level key, `"attr.color"` is the key
`color` of the dictionary `attr`. Path segments are letters, digits, `_` and `-`. A condition on a
field that holds a list is true when any of its items fits.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vector: TypeAlias = NDArray[np.float32]
Payload: TypeAlias = Mapping[str, Any]
Value: TypeAlias = str | int | bool

MAX_UPSERT = 500
"""Points that one upsert to the shard may carry: a larger one would hold up queries."""

MAX_RESULTS = 1000
"""Hits that one search may return, offset included."""

_PATH = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


def check_path(path: str) -> str:
    """`path` itself, if both engines read it as the same field.

    Raises:
        ValueError: for a path with other characters than letters, digits, `_`, `-` and dots.
    """
    if not _PATH.fullmatch(path):
        raise ValueError(
            f"{path!r} is no payload field: use letters, digits, '_' and '-', with dots between "
            "the keys of nested dictionaries."
        )
    return path


class FieldSchema(enum.StrEnum):
    """How a payload field is indexed. Facets need one of KEYWORD, INTEGER and BOOL."""

    KEYWORD = "keyword"
    INTEGER = "integer"
    FLOAT = "float"
    BOOL = "bool"


@dataclass(frozen=True, slots=True)
class Field:
    """A payload field that is filtered or counted by, and so needs an index."""

    path: str
    schema: FieldSchema

    def __post_init__(self) -> None:
        check_path(self.path)


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """One vector to store: float32 of shape (dimension,), with its payload."""

    id: int
    vector: Vector
    payload: Payload = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScoredPoint:
    """One hit: cosine similarity in [-1, 1], best first in any list of them."""

    id: int
    score: float
    payload: Payload

    # A thousand of these travel with every search, and what dataclasses do by default for frozen
    # ones takes four times as long.
    def __reduce__(self) -> tuple[type[ScoredPoint], tuple[int, float, Payload]]:
        return ScoredPoint, (self.id, self.score, self.payload)


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A stored point as it was read back; the vector has length 1, or was not asked for."""

    id: int
    payload: Payload
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The field holds at least one of these values. No values: nothing fits."""

    path: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        check_path(self.path)
        wrong = [value for value in self.values if not isinstance(value, str | int)]
        if wrong:
            raise ValueError(
                f"{self.path} cannot be compared with {wrong[0]!r}: give text, whole numbers or "
                "booleans, and a Range for other numbers."
            )


@dataclass(frozen=True, slots=True)
class Range:
    """The field holds a number within these bounds, both of them included."""

    path: str
    gte: float | None = None
    lte: float | None = None

    def __post_init__(self) -> None:
        check_path(self.path)
        if self.gte is None and self.lte is None:
            raise ValueError(f"The range of {self.path} needs a lower or an upper bound.")


@dataclass(frozen=True, slots=True)
class IsEmpty:
    """The point has no such field, or nothing in it."""

    path: str

    def __post_init__(self) -> None:
        check_path(self.path)


@dataclass(frozen=True, slots=True)
class HasId:
    """The point is one of these."""

    ids: tuple[int, ...]


Condition: TypeAlias = AnyOf | Range | IsEmpty | HasId


@dataclass(frozen=True, slots=True)
class Filter:
    """All of `must` and none of `must_not`. An empty filter fits every point."""

    must: tuple[Condition, ...] = ()
    must_not: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class CollectionHealth:
    """What is known of one collection.

    `needs_rebuild`: its files were damaged and it was started afresh, so that points are missing
    until they are put in again and the collection is marked as rebuilt.
    """

    name: str
    points: int
    dimension: int
    needs_rebuild: bool = False
