"""The vector index on a Qdrant server or cluster. The one module that imports qdrant_client."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from catalog.index.protocol import (
    AnyOf,
    CollectionHealth,
    CollectionNotFound,
    Condition,
    Field,
    Filter,
    HasId,
    IndexHealth,
    IndexProblem,
    IndexUnavailable,
    IsEmpty,
    Payload,
    Point,
    Range,
    Record,
    ScoredPoint,
    Value,
    Vector,
)
from catalog.index.values import matrix, query
from prodintel.engine.codec import encoded
from prodintel.engine.errors import EngineError
from prodintel.engine.vectors import check_path

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

_UPSERT = 256
_PAGE = 10_000
_TOO_MANY = 429
_SERVER_ERROR = 500


class ServerIndex:
    """`VectorIndex` on a Qdrant server. Threads may share one."""

    def __init__(
        self,
        url: str = "",
        *,
        api_key: str | None = None,
        timeout: int = 10,
        client: QdrantClient | None = None,
    ) -> None:
        """Nothing is connected until the first call.

        Args:
            url: address of the server, http or https.
            api_key: what the server wants to see.
            timeout: seconds that a call may take.
            client: a client to use instead of one for `url`.

        """
        self._url = url
        self._api_key = api_key
        self._timeout = timeout
        self._made = client
        self._lock = threading.Lock()

    @property
    def identity(self) -> str:
        """Stands for the server's address, which may hold a password."""
        return f"server-{hashlib.sha256(self._url.encode()).hexdigest()[:32]}"

    def ensure(self, collection: str, dimension: int, fields: Sequence[Field] = ()) -> bool:
        """Create the collection and the field indexes that are missing; True when it is new."""
        from qdrant_client import models

        with self._client() as client:
            created = not client.collection_exists(collection)
            if created:
                params = models.VectorParams(size=dimension, distance=models.Distance.COSINE)
                client.create_collection(collection, vectors_config=params)
            info = client.get_collection(collection)
            size = _dimension(info)
            indexed = set(info.payload_schema)
        if size != dimension:
            raise IndexProblem(
                f"The collection {collection!r} holds vectors of {size} numbers, not {dimension}."
            )
        for field in fields:
            if field.path not in indexed:
                self.ensure_field(collection, field)
        return created

    def ensure_field(self, collection: str, field: Field) -> None:
        """Index one more payload field."""
        from qdrant_client import models

        with self._client() as client:
            client.create_payload_index(
                collection, field.path, models.PayloadSchemaType(str(field.schema)), wait=True
            )

    def drop(self, collection: str) -> None:
        """Remove the collection."""
        with self._client() as client:
            client.delete_collection(collection)

    def collections(self) -> list[str]:
        """Names of all collections on the server, sorted."""
        with self._client() as client:
            return sorted(item.name for item in client.get_collections().collections)

    def upsert(self, collection: str, points: Sequence[Point]) -> None:
        """Store points, replacing those with the same id."""
        from qdrant_client import models

        if not points:
            return
        vectors = matrix(points)
        payloads = [_checked(point.payload) for point in points]
        with self._client() as client:
            for start in range(0, len(points), _UPSERT):
                part = slice(start, start + _UPSERT)
                batch = models.Batch(
                    ids=[point.id for point in points[part]],
                    vectors=vectors[part].tolist(),
                    payloads=payloads[part],
                )
                client.upsert(collection, batch, wait=True)

    def set_payloads(self, collection: str, payloads: Mapping[int, Payload]) -> set[int]:
        """Replace whole payloads. Returns the ids that the collection does not hold."""
        from qdrant_client import models

        ids = list(payloads)
        missing = set(ids)
        with self._client() as client:
            for start in range(0, len(ids), _UPSERT):
                part = ids[start : start + _UPSERT]
                found = client.retrieve(collection, part, with_payload=False)
                present = [int(record.id) for record in found]
                missing.difference_update(present)
                operations = [
                    models.OverwritePayloadOperation(
                        overwrite_payload=models.SetPayload(
                            payload=_checked(payloads[point]), points=[point]
                        )
                    )
                    for point in present
                ]
                if operations:
                    client.batch_update_points(collection, operations, wait=True)
        return missing

    def delete(self, collection: str, ids: Sequence[int]) -> None:
        """Remove points."""
        from qdrant_client import models

        with self._client() as client:
            for start in range(0, len(ids), _PAGE):
                selector = models.PointIdsList(points=list(ids[start : start + _PAGE]))
                client.delete(collection, selector, wait=True)

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
        vector = query(vector, limit, offset)
        if limit == 0:
            return []
        with self._client() as client:
            wanted = True if fields is None else [check_path(path) for path in fields] or False
            found = client.query_points(
                collection,
                query=vector.tolist(),
                query_filter=_filter(where),
                limit=limit + offset,
                with_payload=wanted,
            ).points
        hits = [ScoredPoint(int(hit.id), hit.score, hit.payload or {}) for hit in found]
        hits.sort(key=lambda hit: (-hit.score, hit.id))
        return hits[offset:]

    def retrieve(
        self, collection: str, ids: Sequence[int], *, with_vectors: bool = False
    ) -> list[Record]:
        """The points with these ids that exist, in the order of `ids`."""
        found: dict[int, Record] = {}
        with self._client() as client:
            for start in range(0, len(ids), _PAGE):
                page = client.retrieve(
                    collection, list(ids[start : start + _PAGE]), with_vectors=with_vectors
                )
                for record in page:
                    vector = np.asarray(record.vector, np.float32) if with_vectors else None
                    point = int(record.id)
                    found[point] = Record(point, record.payload or {}, vector)
        return [found[point] for point in ids if point in found]

    def count(self, collection: str, where: Filter | None = None) -> int:
        """How many points fit, exactly."""
        with self._client() as client:
            return int(client.count(collection, _filter(where), exact=True).count)

    def facets(
        self, collection: str, field: str, where: Filter | None = None, limit: int = 100
    ) -> dict[Value, int]:
        """How many points hold each value of an indexed field, most frequent first."""
        with self._client() as client:
            answer = client.facet(collection, check_path(field), _filter(where), limit, exact=True)
        counts = [(hit.value, hit.count) for hit in answer.hits]
        return dict(sorted(counts, key=lambda pair: (-pair[1], str(pair[0]))))

    def ids(self, collection: str) -> Iterator[int]:
        """All ids, ascending."""
        after: Any = None
        while True:
            with self._client() as client:
                page, after = client.scroll(
                    collection, limit=_PAGE, offset=after, with_payload=False
                )
            yield from (int(record.id) for record in page)
            if after is None:
                return

    def health(self) -> IndexHealth:
        """Whether the server answers, and what it holds."""
        try:
            healths = tuple(self._health(name) for name in self.collections())
        except IndexProblem as error:
            return IndexHealth(ok=False, detail=str(error))
        return IndexHealth(ok=True, detail=f"Qdrant server {self._url}", collections=healths)

    def mark_rebuilt(self, collection: str) -> None:
        """Nothing to do: a server repairs its own files."""

    def _health(self, name: str) -> CollectionHealth:
        with self._client() as client:
            info = client.get_collection(name)
            return CollectionHealth(name, info.points_count or 0, _dimension(info))

    @contextmanager
    def _client(self) -> Iterator[QdrantClient]:
        from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
        from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

        try:
            yield self._connected()
        except UnexpectedResponse as error:
            raise _refused(
                error.status_code or 0, error.content.decode(errors="replace")
            ) from error
        except (ApiException, ResourceExhaustedResponse, OSError) as error:
            raise IndexUnavailable(f"The Qdrant server does not answer: {error}") from error
        except ValueError as error:
            # What the client finds wrong before asking anybody.
            text = str(error)
            missing = "Collection" in text and "not found" in text
            raise (CollectionNotFound if missing else IndexProblem)(text) from error

    def _connected(self) -> QdrantClient:
        with self._lock:
            if self._made is None:
                from qdrant_client import QdrantClient

                self._made = QdrantClient(
                    url=self._url,
                    api_key=self._api_key,
                    timeout=self._timeout,
                    # It would ask the server while being made, and warn instead of raising.
                    check_compatibility=False,
                )
            return self._made


def _refused(status: int, text: str) -> IndexProblem:
    if status == 404 and "ollection" in text:  # noqa: PLR2004
        return CollectionNotFound(text)
    if status in (401, 403):
        return IndexProblem(f"The Qdrant server wants another QDRANT_API_KEY: {text}")
    if status in (408, _TOO_MANY) or status >= _SERVER_ERROR:
        return IndexUnavailable(f"The Qdrant server answered {status}: {text}")
    return IndexProblem(f"The Qdrant server answered {status}: {text}")


def _dimension(info: Any) -> int:
    vectors = info.config.params.vectors
    return int(getattr(vectors, "size", 0))


def _checked(payload: Payload) -> dict[str, Any]:
    try:
        encoded(payload)
    except EngineError as error:
        raise IndexProblem(str(error)) from error
    return dict(payload)


def _filter(where: Filter | None) -> Any:
    if where is None or not (where.must or where.must_not):
        return None
    from qdrant_client import models

    return models.Filter(
        must=[_condition(condition) for condition in where.must],
        must_not=[_condition(condition) for condition in where.must_not],
    )


def _condition(condition: Condition) -> Any:
    from qdrant_client import models

    match condition:
        case HasId(ids):
            return models.HasIdCondition(has_id=[point for point in ids if point >= 0])
        case IsEmpty(path):
            return models.IsEmptyCondition(is_empty=models.PayloadField(key=path))
        case Range(path, gte, lte):
            return models.FieldCondition(key=path, range=models.Range(gte=gte, lte=lte))
        case AnyOf(path, values):
            texts = [value for value in values if isinstance(value, str)]
            numbers = [value for value in values if not isinstance(value, str | bool)]
            matches: list[Any] = [models.MatchAny(any=part) for part in (texts, numbers) if part]
            matches += [
                models.MatchValue(value=value) for value in values if isinstance(value, bool)
            ]
            parts = [
                models.FieldCondition(key=path, match=match)
                for match in matches or [models.MatchAny(any=[])]
            ]
            return parts[0] if len(parts) == 1 else models.Filter(should=parts)
