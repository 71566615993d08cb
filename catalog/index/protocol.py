"""What the catalogue needs of a vector index, and the values it speaks in.

Two things implement it: `catalog.index.embedded` (the shard in the engine process) and
`catalog.index.server` (a Qdrant server). Both pass the same contract tests. The index is derived
data: whatever it loses can be put in again from the database.

Point ids are whole numbers from 0. Vectors are float32 and are compared by cosine; payloads and
field paths are described in `prodintel.engine.vectors`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from prodintel.engine.vectors import (
    MAX_RESULTS,
    AnyOf,
    CollectionHealth,
    Condition,
    Field,
    FieldSchema,
    Filter,
    HasId,
    IsEmpty,
    Payload,
    Point,
    Range,
    Record,
    ScoredPoint,
    Value,
    Vector,
)

__all__ = [
    "MAX_RESULTS",
    "AnyOf",
    "CollectionHealth",
    "CollectionNotFound",
    "Condition",
    "Field",
    "FieldSchema",
    "Filter",
    "HasId",
    "IndexHealth",
    "IndexProblem",
    "IndexUnavailable",
    "IsEmpty",
    "Payload",
    "Point",
    "Range",
    "Record",
    "ScoredPoint",
    "Value",
    "Vector",
    "VectorIndex",
]


class IndexProblem(Exception):  # noqa: N818  IndexError is Python's own
    """The index refused a call. `permanent`: the same call can never succeed."""

    def __init__(self, message: str, *, permanent: bool = True) -> None:
        super().__init__(message)
        self.permanent = permanent


class IndexUnavailable(IndexProblem):
    """The index cannot be reached or answers too late; the same call may succeed later."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=False)


class CollectionNotFound(IndexProblem):
    """The collection does not exist; `ensure` makes it."""


@dataclass(frozen=True, slots=True)
class IndexHealth:
    """Whether the index answers, and what it holds.

    A collection with `needs_rebuild` lost points to damaged files: put all of them in again, then
    call `mark_rebuilt`.
    """

    ok: bool
    detail: str
    collections: tuple[CollectionHealth, ...] = ()


@runtime_checkable
class VectorIndex(Protocol):
    """Named collections of points.

    Calls raise `IndexUnavailable` for outside failures, `CollectionNotFound` for an unknown
    collection and `IndexProblem` for arguments that cannot work. Every call may be repeated.
    Writes are visible to the next call, from any process.
    """

    @property
    def identity(self) -> str:
        """At most 64 characters that tell this index from every other that might be configured."""
        ...

    def ensure(self, collection: str, dimension: int, fields: Sequence[Field] = ()) -> bool:
        """Create the collection and the field indexes that are missing.

        Returns True when the collection is new, and so empty. Raises `IndexProblem` when it
        exists with another dimension.
        """
        ...

    def ensure_field(self, collection: str, field: Field) -> None:
        """Index one more payload field, also over the points that are already there."""
        ...

    def drop(self, collection: str) -> None:
        """Remove the collection; nothing happens when there is none."""
        ...

    def collections(self) -> list[str]:
        """Names of the collections, sorted."""
        ...

    def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """Store any number of points, replacing those with the same id, payload included.

        Raises `IndexProblem` before anything is stored when a vector has the wrong length, is
        zero or is not finite.
        """
        ...

    def set_payloads(self, collection: str, payloads: Mapping[int, Payload]) -> set[int]:
        """Replace whole payloads. Returns the ids that the collection does not hold."""
        ...

    def delete(self, collection: str, ids: Sequence[int]) -> None:
        """Remove points; unknown ids are no error."""
        ...

    def search(
        self,
        collection: str,
        vector: Vector,
        *,
        where: Filter | None = None,
        limit: int = 10,
        offset: int = 0,
        fields: Sequence[str] | None = None,
    ) -> list[ScoredPoint]:
        """The points nearest to `vector` by cosine, best first, equal scores by id.

        The vector needs no particular length, but not zero. `limit + offset` is at most
        `MAX_RESULTS`. `fields` narrows the payload that comes back; () leaves it out.
        """
        ...

    def retrieve(
        self, collection: str, ids: Sequence[int], *, with_vectors: bool = False
    ) -> list[Record]:
        """The points with these ids that exist, in the order of `ids`; vectors have length 1."""
        ...

    def count(self, collection: str, where: Filter | None = None) -> int:
        """How many points fit, exactly."""
        ...

    def facets(
        self, collection: str, field: str, where: Filter | None = None, limit: int = 100
    ) -> dict[Value, int]:
        """How many points hold each value of an indexed field, most frequent first.

        A point with several values counts once for each of them.
        """
        ...

    def ids(self, collection: str) -> Iterator[int]:
        """All ids, ascending, read in pages."""
        ...

    def health(self) -> IndexHealth:
        """Whether the index answers; never raises `IndexUnavailable`."""
        ...

    def mark_rebuilt(self, collection: str) -> None:
        """Say that a collection whose files were damaged has all its points again."""
        ...
