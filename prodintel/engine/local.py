"""The engine itself, in whatever process it runs: a model that loads when wanted, and the shard."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from prodintel.engine.encoder import Encoder, load_encoder
from prodintel.engine.errors import EngineError, EngineUnavailable
from prodintel.engine.interface import EncoderInfo, EngineConfig, EngineInfo, ShardInfo
from prodintel.engine.sentences import SentenceEncoder, load_sentences
from prodintel.engine.store import CollectionStore
from prodintel.engine.vectors import Field, Filter, Payload, Record, ScoredPoint, Value, Vector

logger = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 30.0
"""A model that failed to load is tried again when it is wanted and this long has passed; the wait
doubles each time, up to `LAST_RETRY_SECONDS`."""

LAST_RETRY_SECONDS = 600.0


class LocalEngine:
    """`prodintel.engine.interface.Engine` in this process.

    The shard is held from the start. The model loads in a thread of its own: at `start_loading`,
    or when a call first needs it. The sentence model loads inside the first call that needs it.
    """

    def __init__(
        self,
        config: EngineConfig,
        *,
        load: Callable[[EngineConfig], Encoder] = load_encoder,
        load_sentences: Callable[[], SentenceEncoder] = load_sentences,
    ) -> None:
        """Open the shard.

        Raises:
            EngineError: when another process holds the shard.
        """
        self._config = config
        self._load = load
        self._load_sentences = load_sentences
        self._sentences: SentenceEncoder | None = None
        self._sentences_lock = threading.Lock()
        self._store = CollectionStore(config.shard_folder) if config.shard_folder else None
        self._changed = threading.Condition()
        self._state: Literal["idle", "loading", "ready", "failed"] = "idle"
        self._encoder: Encoder | None = None
        self._error = ""
        self._retry_at = 0.0
        self._retry_after = FIRST_RETRY_SECONDS

    def start_loading(self) -> None:
        """Load the model in the background, unless that is done, under way or just failed."""
        with self._changed:
            again = self._state == "failed" and time.monotonic() >= self._retry_at
            if self._state != "idle" and not again:
                return
            self._state = "loading"
        threading.Thread(target=self._load_model, name="load-encoder", daemon=True).start()

    def info(self) -> EngineInfo:
        """How the model is; answers at once, also while it loads."""
        with self._changed:
            state, error, encoder = self._state, self._error, self._encoder
        return EngineInfo(
            state=state,
            model=self._config.model,
            pid=os.getpid(),
            error=error,
            encoder=encoder.info if encoder else None,
        )

    def wait_ready(self, timeout: float | None = None) -> EncoderInfo:
        """Wait until the model is loaded."""
        return self._ready(timeout).info

    def encode_texts(
        self, texts: Sequence[str], *, model: str, timeout: float | None = None
    ) -> Vector:
        """Embed texts: float32 (n, dimension)."""
        return self._ready(timeout, model).encode_texts(texts)

    def encode_photos(
        self, photos: NDArray[np.uint8], *, model: str, timeout: float | None = None
    ) -> Vector:
        """Embed prepared photos in the bulk lane: float32 (n, dimension)."""
        return self._ready(timeout, model).encode_photos(photos)

    def encode_query_photo(
        self, photo: NDArray[np.uint8], *, model: str, timeout: float | None = None
    ) -> Vector:
        """Embed one prepared photo in the query lane: float32 (dimension,)."""
        return self._ready(timeout, model).encode_query_photo(photo)

    def embed_sentences(self, texts: Sequence[str], *, timeout: float | None = None) -> Vector:
        """Embed texts by what they mean: float32 (n, 384)."""
        del timeout  # a caller over the socket stops waiting by itself
        with self._sentences_lock:
            if self._sentences is None:
                self._sentences = self._load_sentences()
            sentences = self._sentences
        return sentences.embed(texts)

    def shard_info(self) -> ShardInfo:
        """What the engine keeps, counted."""
        return self._shard.info()

    def shard_ensure(self, collection: str, dimension: int, fields: Sequence[Field] = ()) -> bool:
        """Create the collection and the missing field indexes; True when it is new and empty."""
        return self._shard.ensure(collection, dimension, fields)

    def shard_ensure_field(self, collection: str, field: Field) -> None:
        """Index one more payload field."""
        self._shard.ensure_field(collection, field)

    def shard_drop(self, collection: str) -> None:
        """Remove the collection and its files."""
        self._shard.drop(collection)

    def shard_collections(self) -> list[str]:
        """Names of the collections, sorted."""
        return self._shard.names()

    def shard_upsert(
        self, collection: str, ids: Sequence[int], vectors: Vector, payloads: Sequence[Payload]
    ) -> None:
        """Store at most 500 points."""
        self._shard.get(collection).upsert(ids, vectors, payloads)

    def shard_set_payloads(
        self, collection: str, ids: Sequence[int], payloads: Sequence[Payload]
    ) -> list[int]:
        """Replace whole payloads; returns the ids that are not there."""
        return self._shard.get(collection).set_payloads(ids, payloads)

    def shard_delete(self, collection: str, ids: Sequence[int]) -> None:
        """Remove points."""
        self._shard.get(collection).delete(ids)

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
        return self._shard.get(collection).search(
            vector, where=where, limit=limit, offset=offset, fields=fields
        )

    def shard_retrieve(
        self, collection: str, ids: Sequence[int], *, with_vectors: bool = False
    ) -> list[Record]:
        """The points with these ids that exist, in the order of `ids`."""
        return self._shard.get(collection).retrieve(ids, with_vectors=with_vectors)

    def shard_count(self, collection: str, where: Filter | None = None) -> int:
        """How many points fit, exactly."""
        return self._shard.get(collection).count(where)

    def shard_facets(
        self, collection: str, field: str, where: Filter | None = None, limit: int = 100
    ) -> dict[Value, int]:
        """How many points hold each value of an indexed field."""
        return self._shard.facets(collection, field, where, limit)

    def shard_ids(
        self, collection: str, after: int | None = None, limit: int = 10_000
    ) -> list[int]:
        """The next ids above `after`, ascending."""
        return self._shard.get(collection).ids(after, limit)

    def shard_flush(self) -> None:
        """Write everything to disk."""
        self._shard.flush()

    def shard_optimize(self, collection: str) -> bool:
        """Build the graph index of one collection."""
        return self._shard.get(collection).optimize()

    def shard_mark_rebuilt(self, collection: str) -> None:
        """Say that a damaged collection has all its points again."""
        self._shard.mark_rebuilt(collection)

    def tend(self) -> None:
        """Do what is due from time to time: flush collections that are not being written to."""
        if self._store is not None:
            self._store.flush(only_quiet=True)

    def close(self) -> None:
        """Flush and let go of the shard."""
        if self._store is not None:
            self._store.close()

    @property
    def _shard(self) -> CollectionStore:
        if self._store is None:
            raise EngineError(
                "This engine keeps no vectors: they are on the Qdrant server of QDRANT_URL."
            )
        return self._store

    def _ready(self, timeout: float | None, model: str = "") -> Encoder:
        """The encoder; with `model`, the one of that fingerprint."""
        self.start_loading()
        with self._changed:
            self._changed.wait_for(lambda: self._state != "loading", timeout)
            if self._encoder is not None:
                if model not in ("", self._encoder.info.fingerprint):
                    raise EngineUnavailable(
                        f"Another model is loaded by now: {self._encoder.info.model_id}."
                    )
                return self._encoder
            if self._state == "failed":
                raise EngineUnavailable(f"The encoder could not be loaded: {self._error}")
            raise EngineUnavailable("The encoder is still loading.")

    def _load_model(self) -> None:
        started = time.monotonic()
        try:
            encoder = self._load(self._config)
        except Exception as error:  # what a model's files can raise has no bounds
            logger.exception("The encoder %s could not be loaded", self._config.model)
            with self._changed:
                self._error = f"{type(error).__name__}: {error}"
                self._state = "failed"
                self._retry_at = time.monotonic() + self._retry_after
                self._retry_after = min(self._retry_after * 2, LAST_RETRY_SECONDS)
                self._changed.notify_all()
            return
        logger.info(
            "The encoder is ready after %.1f s: %s", time.monotonic() - started, encoder.info
        )
        with self._changed:
            self._encoder, self._state, self._error = encoder, "ready", ""
            self._changed.notify_all()
