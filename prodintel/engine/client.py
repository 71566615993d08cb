"""Talk to the engine. Imports neither torch nor the shard's library."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from prodintel.engine import wire
from prodintel.engine.errors import CollectionMissing, EngineError, EngineUnavailable
from prodintel.engine.interface import EncoderInfo, Engine, EngineConfig, EngineInfo, ShardInfo
from prodintel.engine.local import LocalEngine
from prodintel.engine.vectors import Field, Filter, Payload, Record, ScoredPoint, Value, Vector

__all__ = ["EngineClient", "LocalEngine", "connect_or_start"]

BULK_SECONDS = 120.0
"""Default timeout of bulk embedding and of calls that rewrite files."""

_GRACE_SECONDS = 1.0
_KEPT = 16
_ERRORS = {kind.__name__: kind for kind in (EngineError, EngineUnavailable, CollectionMissing)}


class EngineClient:
    """`prodintel.engine.interface.Engine` over the engine's socket.

    Threads may share one; each call takes a connection of its own from a small pool. After a
    restart of the engine the next call connects again by itself. A forked process opens its own
    connections.
    """

    def __init__(self, socket: Path, key_file: Path, timeout: float = 10.0) -> None:
        """Nothing is connected yet.

        Args:
            socket: see `wire.socket_path`.
            key_file: see `EngineConfig.key_file`.
            timeout: seconds that a call may take unless it says otherwise.
        """
        self._socket = socket
        self._key_file = key_file
        self._timeout = timeout
        self._lock = threading.Lock()
        self._free: list[Connection] = []
        self._pid = os.getpid()

    @classmethod
    def of(cls, config: EngineConfig, timeout: float = 10.0) -> EngineClient:
        """The client of the engine with this configuration."""
        return cls(config.socket, config.key_file, timeout)

    def info(self, timeout: float | None = None) -> EngineInfo:
        """How the model is; answers at once, also while it loads."""
        return cast("EngineInfo", self._call("info", wait=timeout))

    def wait_ready(self, timeout: float | None = None) -> EncoderInfo:
        """Wait until the model is loaded."""
        return cast("EncoderInfo", self._call("wait_ready", wait=timeout, tell=True))

    def encode_texts(
        self, texts: Sequence[str], *, model: str, timeout: float | None = None
    ) -> Vector:
        """Embed texts: float32 (n, dimension)."""
        call = self._call("encode_texts", list(texts), wait=timeout, tell=True, model=model)
        return cast("Vector", call)

    def encode_photos(
        self, photos: NDArray[np.uint8], *, model: str, timeout: float | None = None
    ) -> Vector:
        """Embed prepared photos in the bulk lane: float32 (n, dimension)."""
        wait = BULK_SECONDS if timeout is None else timeout
        call = self._call("encode_photos", photos, wait=wait, tell=True, model=model)
        return cast("Vector", call)

    def encode_query_photo(
        self, photo: NDArray[np.uint8], *, model: str, timeout: float | None = None
    ) -> Vector:
        """Embed one prepared photo in the query lane: float32 (dimension,)."""
        call = self._call("encode_query_photo", photo, wait=timeout, tell=True, model=model)
        return cast("Vector", call)

    def embed_sentences(self, texts: Sequence[str], *, timeout: float | None = None) -> Vector:
        """Embed texts by what they mean: float32 (n, 384)."""
        wait = BULK_SECONDS if timeout is None else timeout
        return cast("Vector", self._call("embed_sentences", list(texts), wait=wait))

    def shard_info(self) -> ShardInfo:
        """What the engine keeps, counted."""
        return cast("ShardInfo", self._call("shard_info"))

    def shard_ensure(self, collection: str, dimension: int, fields: Sequence[Field] = ()) -> bool:
        """Create the collection and the missing field indexes; True when it is new and empty."""
        call = self._call("shard_ensure", collection, dimension, tuple(fields), wait=BULK_SECONDS)
        return cast("bool", call)

    def shard_ensure_field(self, collection: str, field: Field) -> None:
        """Index one more payload field."""
        self._call("shard_ensure_field", collection, field, wait=BULK_SECONDS)

    def shard_drop(self, collection: str) -> None:
        """Remove the collection and its files."""
        self._call("shard_drop", collection, wait=BULK_SECONDS)

    def shard_collections(self) -> list[str]:
        """Names of the collections, sorted."""
        return cast("list[str]", self._call("shard_collections"))

    def shard_upsert(
        self, collection: str, ids: Sequence[int], vectors: Vector, payloads: Sequence[Payload]
    ) -> None:
        """Store at most 500 points."""
        self._call("shard_upsert", collection, list(ids), vectors, list(payloads))

    def shard_set_payloads(
        self, collection: str, ids: Sequence[int], payloads: Sequence[Payload]
    ) -> list[int]:
        """Replace whole payloads; returns the ids that are not there."""
        call = self._call("shard_set_payloads", collection, list(ids), list(payloads))
        return cast("list[int]", call)

    def shard_delete(self, collection: str, ids: Sequence[int]) -> None:
        """Remove points."""
        self._call("shard_delete", collection, list(ids))

    def shard_search(
        self,
        collection: str,
        vector: Vector,
        *,
        where: Filter | None = None,
        limit: int = 10,
        offset: int = 0,
        fields: Sequence[str] | None = None,
    ) -> list[ScoredPoint]:
        """The nearest points by cosine, best first."""
        call = self._call(
            "shard_search",
            collection,
            vector,
            where=where,
            limit=limit,
            offset=offset,
            fields=fields,
        )
        return cast("list[ScoredPoint]", call)

    def shard_retrieve(
        self, collection: str, ids: Sequence[int], *, with_vectors: bool = False
    ) -> list[Record]:
        """The points with these ids that exist, in the order of `ids`."""
        call = self._call("shard_retrieve", collection, list(ids), with_vectors=with_vectors)
        return cast("list[Record]", call)

    def shard_count(self, collection: str, where: Filter | None = None) -> int:
        """How many points fit, exactly."""
        return cast("int", self._call("shard_count", collection, where))

    def shard_facets(
        self, collection: str, field: str, where: Filter | None = None, limit: int = 100
    ) -> dict[Value, int]:
        """How many points hold each value of an indexed field."""
        call = self._call("shard_facets", collection, field, where, limit)
        return cast("dict[Value, int]", call)

    def shard_ids(
        self, collection: str, after: int | None = None, limit: int = 10_000
    ) -> list[int]:
        """The next ids above `after`, ascending."""
        return cast("list[int]", self._call("shard_ids", collection, after, limit))

    def shard_flush(self) -> None:
        """Write everything to disk."""
        self._call("shard_flush", wait=BULK_SECONDS)

    def shard_optimize(self, collection: str) -> bool:
        """Build the graph index of one collection; takes minutes for a large one."""
        return cast("bool", self._call("shard_optimize", collection, wait=3600.0))

    def shard_mark_rebuilt(self, collection: str) -> None:
        """Say that a damaged collection has all its points again."""
        self._call("shard_mark_rebuilt", collection)

    def close(self) -> None:
        """Close the connections of the pool; the next call opens a new one."""
        with self._lock:
            free, self._free = self._free, []
        for connection in free:
            connection.close()

    def _call(
        self, name: str, *args: Any, wait: float | None = None, tell: bool = False, **kwargs: Any
    ) -> Any:
        """One call with its answer. `tell` passes the timeout on to the engine as well."""
        wait = self._timeout if wait is None else wait
        deadline = time.monotonic() + wait
        if tell:
            kwargs["timeout"] = wait
            # So that the engine's own words about being late arrive before time is up here.
            deadline += _GRACE_SECONDS
        for attempt in (1, 2):
            connection = self._take(deadline)
            try:
                wire.send(connection, (name, args, kwargs, deadline))
                if not connection.poll(max(0.0, deadline - time.monotonic())):
                    connection.close()
                    raise EngineUnavailable(f"The engine did not answer {name} within {wait:g} s.")
                answer = wire.receive(connection)
            except wire.BROKEN as error:
                connection.close()
                # The engine went away since the connection was made; a new one may be there, and
                # every call can be repeated. Whatever is left in the pool is as dead as this.
                self.close()
                if attempt == 1:
                    continue
                raise EngineUnavailable(f"The engine went away during {name}.") from error
            self._give_back(connection)
            return _value(answer)
        raise AssertionError  # the second attempt returns or raises

    def _take(self, deadline: float) -> Connection:
        with self._lock:
            if self._pid != os.getpid():
                # Inherited connections belong to the parent: sharing one would mix up answers.
                self._free, self._pid = [], os.getpid()
            if self._free:
                return self._free.pop()
        left = max(0.1, deadline - time.monotonic())
        try:
            return wire.connect(self._socket, wire.read_key(self._key_file), left)
        except wire.BROKEN as error:
            raise EngineUnavailable(
                f"The engine is not running: nobody answers on {self._socket} "
                f"({type(error).__name__})."
            ) from error

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            if len(self._free) < _KEPT:
                self._free.append(connection)
                return
        connection.close()


@contextmanager
def connect_or_start(config: EngineConfig, timeout: float = 10.0) -> Iterator[Engine]:
    """The running engine of this configuration, or else one in this process for the while.

    Raises:
        EngineError: when none answers and yet another process holds the shard.
    """
    client = EngineClient.of(config, timeout)
    try:
        client.info()
    except EngineUnavailable:
        engine: Engine = LocalEngine(config)
    else:
        engine = client
    try:
        yield engine
    finally:
        engine.close()


def _value(answer: tuple[Any, ...]) -> Any:
    if answer[0] == "ok":
        return answer[1]
    _, kind, message, permanent = answer
    raise _ERRORS.get(kind, EngineError)(message, permanent=permanent)
