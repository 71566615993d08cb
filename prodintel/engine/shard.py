"""One collection of vectors on disk. The one module that imports qdrant_edge.

Edge 0.9 as measured: a write-ahead log makes every write survive the death of the process; every
call holds the GIL for its whole length, so calls are kept short; damaged files show as plain
exceptions or as panics, which are caught here.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from prodintel.engine import deadline
from prodintel.engine.codec import decoded, encoded
from prodintel.engine.errors import EngineError, EngineUnavailable
from prodintel.engine.vectors import (
    MAX_RESULTS,
    MAX_UPSERT,
    AnyOf,
    Condition,
    Field,
    FieldSchema,
    Filter,
    HasId,
    IsEmpty,
    Payload,
    Range,
    Record,
    ScoredPoint,
    Value,
    Vector,
    check_path,
)

_PAGE = 1000
# Not damage but trouble of the machine: input/output, memory, rights, open files, space. Errors show
# the first form, panics the second.
_PASSING = re.compile(r"(?:os error |Os \{ code: )(?:5|12|13|23|24|28|30)\b")


class ShardFailure(EngineError):  # noqa: N818  what happened is the name
    """Edge failed for another reason than the arguments or the machine: damaged files."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=False)


class EdgeCollection:
    """One Edge shard with vectors of one dimension, compared by cosine.

    Threads may use it at once. `unflushed` counts the points written since the last flush and
    `last_write` is when, on the monotonic clock.
    """

    def __init__(self, folder: Path, dimension: int, *, create: bool) -> None:
        """Open the shard in `folder`, or create it there.

        Raises:
            ShardFailure: when that fails.
            EngineUnavailable: when the machine is in the way: a full disk, no rights.
        """
        import qdrant_edge

        self.dimension = dimension
        self.unflushed = 0
        self.last_write = time.monotonic()
        self._writing = threading.Lock()
        with _edge_errors():
            if create:
                folder.mkdir(parents=True, exist_ok=True)
                params = qdrant_edge.EdgeVectorParams(
                    size=dimension, distance=qdrant_edge.Distance.Cosine
                )
                config = qdrant_edge.EdgeConfig(vectors=params)
                self._shard = qdrant_edge.EdgeShard.create(str(folder), config)
            else:
                self._shard = qdrant_edge.EdgeShard.load(str(folder))
        # Some damage only shows when the files are read.
        self.count()
        self.search(np.ones(dimension, np.float32), limit=1)

    def indexed(self) -> set[str]:
        """Paths of the payload fields that have an index."""
        with _edge_errors():
            return set(self._shard.info().payload_schema)

    def add_index(self, field: Field) -> None:
        """Index a payload field, over the points that are there too."""
        import qdrant_edge

        kind = qdrant_edge.PayloadSchemaType
        schema = {
            FieldSchema.KEYWORD: kind.Keyword,
            FieldSchema.INTEGER: kind.Integer,
            FieldSchema.FLOAT: kind.Float,
            FieldSchema.BOOL: kind.Keyword,  # see codec
        }[field.schema]
        with self._writing, _edge_errors():
            self._shard.update(qdrant_edge.UpdateOperation.create_field_index(field.path, schema))

    def upsert(self, ids: Sequence[int], vectors: Vector, payloads: Sequence[Payload]) -> None:
        """Store at most `MAX_UPSERT` points; see `Engine.shard_upsert`."""
        import qdrant_edge

        rows = self._checked(ids, vectors, payloads).tolist()
        stored = [encoded(payload) for payload in payloads]
        points = [
            qdrant_edge.Point(point, row, payload)
            for point, row, payload in zip(ids, rows, stored, strict=True)
        ]
        if points:
            self._update(qdrant_edge.UpdateOperation.upsert_points(points), len(points))

    def set_payloads(self, ids: Sequence[int], payloads: Sequence[Payload]) -> list[int]:
        """Replace whole payloads; returns the ids that are not here."""
        import qdrant_edge

        operations = {
            point: qdrant_edge.UpdateOperation.overwrite_payload([point], encoded(payload))
            for point, payload in zip(_checked_ids(ids), payloads, strict=True)
        }
        with self._writing, _edge_errors():
            deadline.check()
            present = {
                int(record.id) for record in self._shard.retrieve(list(operations), False, False)
            }
            for point in present:
                self._shard.update(operations[point])
            self._wrote(len(present))
        return [point for point in operations if point not in present]

    def delete(self, ids: Sequence[int]) -> None:
        """Remove points; unknown ids are no error."""
        import qdrant_edge

        ids = _checked_ids(ids)
        if ids:
            self._update(qdrant_edge.UpdateOperation.delete_points(ids), len(ids))

    def search(
        self,
        vector: Vector,
        *,
        where: Filter | None = None,
        limit: int = 10,
        offset: int = 0,
        fields: Sequence[str] | None = None,
    ) -> list[ScoredPoint]:
        """The nearest points; see `Engine.shard_search`."""
        import qdrant_edge

        if limit < 0 or offset < 0 or limit + offset > MAX_RESULTS:
            raise EngineError(f"A search returns at most {MAX_RESULTS} points, offset included.")
        if limit == 0:
            return []
        vector = np.asarray(vector, dtype=np.float32)
        _check_vectors(vector[np.newaxis], self.dimension)
        request = qdrant_edge.SearchRequest(
            query=qdrant_edge.Query.Nearest(vector.tolist()),
            limit=limit + offset,
            filter=_edge_filter(where),
            with_payload=_payload_wanted(fields),
        )
        with _edge_errors():
            found = self._shard.search(request)
        hits = [ScoredPoint(int(hit.id), hit.score, decoded(hit.payload or {})) for hit in found]
        hits.sort(key=lambda hit: (-hit.score, hit.id))
        return hits[offset:]

    def retrieve(self, ids: Sequence[int], *, with_vectors: bool = False) -> list[Record]:
        """The points with these ids that exist, in the order of `ids`."""
        ids = _checked_ids(ids)
        found: dict[int, Any] = {}
        for start in range(0, len(ids), _PAGE):
            with _edge_errors():
                page = self._shard.retrieve(ids[start : start + _PAGE], True, with_vectors)
            found |= {int(record.id): record for record in page}
        return [
            Record(
                point,
                decoded(found[point].payload or {}),
                np.asarray(found[point].vector, np.float32) if with_vectors else None,
            )
            for point in ids
            if point in found
        ]

    def count(self, where: Filter | None = None) -> int:
        """How many points fit, exactly."""
        import qdrant_edge

        request = qdrant_edge.CountRequest(exact=True, filter=_edge_filter(where))
        with _edge_errors():
            return int(self._shard.count(request))

    def facets(self, field: str, where: Filter | None, limit: int) -> dict[Value, int]:
        """How many points hold each value of an indexed field, most frequent first."""
        import qdrant_edge

        request = qdrant_edge.FacetRequest(
            key=_path(field), limit=limit, exact=True, filter=_edge_filter(where)
        )
        with _edge_errors():
            hits = self._shard.facet(request).hits
        counts = [(decoded(hit.value), int(hit.count)) for hit in hits]
        return dict(sorted(counts, key=lambda pair: (-pair[1], str(pair[0]))))

    def ids(self, after: int | None, limit: int) -> list[int]:
        """The next ids above `after`, ascending."""
        import qdrant_edge

        request = qdrant_edge.ScrollRequest(
            offset=None if after is None else after + 1,
            limit=limit,
            with_payload=False,
            with_vector=False,
        )
        with _edge_errors():
            records, _ = self._shard.scroll(request)
        return [int(record.id) for record in records]

    def flush(self) -> None:
        """Write everything to disk and shorten the log."""
        with self._writing, _edge_errors():
            self._shard.flush()
            self.unflushed = 0

    def optimize(self) -> bool:
        """Build the graph index; True when there was something to do."""
        with self._writing, _edge_errors():
            return bool(self._shard.optimize())

    def close(self) -> None:
        """Flush and let go of the files."""
        with self._writing, _edge_errors():
            self._shard.flush()
            self._shard.close()

    def discard(self) -> None:
        """Let go of files that are deleted: what was not flushed is not worth it any more."""
        with self._writing, _edge_errors():
            self._shard.close()

    def _update(self, operation: Any, points: int) -> None:
        with self._writing, _edge_errors():
            deadline.check()
            self._shard.update(operation)
            self._wrote(points)

    def _wrote(self, points: int) -> None:
        self.unflushed += points
        self.last_write = time.monotonic()

    def _checked(self, ids: Sequence[int], vectors: Vector, payloads: Sequence[Payload]) -> Vector:
        if not len(ids) == len(vectors) == len(payloads) or len(ids) > MAX_UPSERT:
            raise EngineError(
                f"Give as many ids as vectors and payloads, and at most {MAX_UPSERT}: these are "
                f"{len(ids)}, {len(vectors)} and {len(payloads)}."
            )
        _checked_ids(ids)
        vectors = np.asarray(vectors, dtype=np.float32)
        if len(vectors):
            _check_vectors(vectors, self.dimension)
        return vectors


def _checked_ids(ids: Sequence[int]) -> list[Any]:
    """The ids, as the list of ids of any kind that Edge's stubs ask for."""
    checked = [int(point) for point in ids]
    if any(point < 0 for point in checked):
        raise EngineError("The ids of points are whole numbers from 0.")
    return checked


def _check_vectors(vectors: Vector, dimension: int) -> None:
    if vectors.ndim != 2 or vectors.shape[1] != dimension:  # noqa: PLR2004  a matrix
        raise EngineError(
            f"The collection holds vectors of {dimension} numbers; this is an array of shape "
            f"{vectors.shape}."
        )
    if not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
        raise EngineError("A vector cannot be zero, nor hold values that are not numbers.")


def _path(path: str) -> str:
    try:
        return check_path(path)
    except ValueError as error:
        raise EngineError(str(error)) from error


def _payload_wanted(fields: Sequence[str] | None) -> bool | list[str]:
    if fields is None:
        return True
    return [_path(path) for path in fields] or False


def _edge_filter(where: Filter | None) -> Any:
    if where is None or not (where.must or where.must_not):
        return None
    import qdrant_edge

    return qdrant_edge.Filter(
        must=[_edge_condition(condition) for condition in where.must],
        must_not=[_edge_condition(condition) for condition in where.must_not],
    )


def _edge_condition(condition: Condition) -> Any:
    import qdrant_edge

    match condition:
        case HasId(ids):
            return qdrant_edge.HasIdCondition({point for point in ids if point >= 0})
        case IsEmpty(path):
            return qdrant_edge.IsEmptyCondition(path)
        case Range(path, gte, lte):
            return qdrant_edge.FieldCondition(
                key=path, range=qdrant_edge.RangeFloat(gte=gte, lte=lte)
            )
        case AnyOf(path, values):
            stored = [encoded(value) for value in values]
            texts = [value for value in stored if isinstance(value, str)]
            numbers = [value for value in stored if not isinstance(value, str)]
            parts: list[Any] = [
                qdrant_edge.FieldCondition(key=path, match=qdrant_edge.MatchAny(part))
                for part in (texts, numbers)
                if part or not values
            ]
            return parts[0] if len(parts) == 1 else qdrant_edge.Filter(should=parts)


@contextmanager
def _edge_errors() -> Iterator[None]:
    """Turn what Edge raises into `ShardFailure`, or `EngineUnavailable` where it is the machine's.

    Edge knows only the bare `Exception`, and panics of its Rust code arrive as a `BaseException`
    that has no public name.
    """
    try:
        yield
    except EngineError:
        raise
    except Exception as error:
        raise _failure(f"The vector shard failed: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise _failure(f"The vector shard failed badly: {error}") from error


def _failure(message: str) -> EngineError:
    return EngineUnavailable(message) if _PASSING.search(message) else ShardFailure(message)
