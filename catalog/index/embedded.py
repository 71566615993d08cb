"""The vector index inside the engine process: Qdrant Edge, reached through the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from catalog.index.protocol import (
    CollectionNotFound,
    Field,
    Filter,
    IndexHealth,
    IndexProblem,
    IndexUnavailable,
    Payload,
    Point,
    Record,
    ScoredPoint,
    Value,
    Vector,
)
from catalog.index.values import matrix, query
from prodintel.engine.errors import CollectionMissing, EngineError, EngineUnavailable
from prodintel.engine.interface import Engine
from prodintel.engine.vectors import MAX_UPSERT

_PAGE = 10_000


class EmbeddedIndex:
    """`VectorIndex` on the shard of an engine, running elsewhere or in this process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def identity(self) -> str:
        """There is one embedded index."""
        return "embedded"

    def ensure(self, collection: str, dimension: int, fields: Sequence[Field] = ()) -> bool:
        """Create the collection and the field indexes that are missing; True when it is new."""
        with _index_errors():
            return self._engine.shard_ensure(collection, dimension, fields)

    def ensure_field(self, collection: str, field: Field) -> None:
        """Index one more payload field."""
        with _index_errors():
            self._engine.shard_ensure_field(collection, field)

    def drop(self, collection: str) -> None:
        """Remove the collection."""
        with _index_errors():
            self._engine.shard_drop(collection)

    def collections(self) -> list[str]:
        """Names of the collections, sorted."""
        with _index_errors():
            return self._engine.shard_collections()

    def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """Store points, replacing those with the same id."""
        if not points:
            return
        vectors = matrix(points)
        with _index_errors():
            for start in range(0, len(points), MAX_UPSERT):
                part = points[start : start + MAX_UPSERT]
                self._engine.shard_upsert(
                    collection,
                    [point.id for point in part],
                    vectors[start : start + MAX_UPSERT],
                    [dict(point.payload) for point in part],
                )

    def set_payloads(self, collection: str, payloads: Mapping[int, Payload]) -> set[int]:
        """Replace whole payloads. Returns the ids that the collection does not hold."""
        ids = list(payloads)
        missing: set[int] = set()
        with _index_errors():
            for start in range(0, len(ids), MAX_UPSERT):
                part = ids[start : start + MAX_UPSERT]
                values = [dict(payloads[point]) for point in part]
                missing.update(self._engine.shard_set_payloads(collection, part, values))
        return missing

    def delete(self, collection: str, ids: Sequence[int]) -> None:
        """Remove points."""
        with _index_errors():
            for start in range(0, len(ids), MAX_UPSERT):
                self._engine.shard_delete(collection, ids[start : start + MAX_UPSERT])

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
        """The points nearest to `vector` by cosine, best first."""
        with _index_errors():
            return self._engine.shard_search(
                collection,
                query(vector, limit, offset),
                where=where,
                limit=limit,
                offset=offset,
                fields=fields,
            )

    def retrieve(
        self, collection: str, ids: Sequence[int], *, with_vectors: bool = False
    ) -> list[Record]:
        """The points with these ids that exist, in the order of `ids`."""
        with _index_errors():
            return self._engine.shard_retrieve(collection, ids, with_vectors=with_vectors)

    def count(self, collection: str, where: Filter | None = None) -> int:
        """How many points fit, exactly."""
        with _index_errors():
            return self._engine.shard_count(collection, where)

    def facets(
        self, collection: str, field: str, where: Filter | None = None, limit: int = 100
    ) -> dict[Value, int]:
        """How many points hold each value of an indexed field, most frequent first."""
        with _index_errors():
            return self._engine.shard_facets(collection, field, where, limit)

    def ids(self, collection: str) -> Iterator[int]:
        """All ids, ascending."""
        after: int | None = None
        while True:
            with _index_errors():
                page = self._engine.shard_ids(collection, after, _PAGE)
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1]

    def health(self) -> IndexHealth:
        """Whether the index answers, and what it holds."""
        try:
            shard = self._engine.shard_info()
        except EngineError as error:
            return IndexHealth(ok=False, detail=str(error))
        return IndexHealth(
            ok=not shard.error,
            detail=shard.error or "Embedded in the engine.",
            collections=shard.collections,
        )

    def mark_rebuilt(self, collection: str) -> None:
        """Say that a damaged collection has all its points again."""
        with _index_errors():
            self._engine.shard_mark_rebuilt(collection)


@contextmanager
def _index_errors() -> Iterator[None]:
    try:
        yield
    except EngineUnavailable as error:
        raise IndexUnavailable(str(error)) from error
    except CollectionMissing as error:
        raise CollectionNotFound(str(error)) from error
    except EngineError as error:
        raise IndexProblem(str(error), permanent=error.permanent) from error
