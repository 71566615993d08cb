"""What an engine is to its callers: its settings, what it tells of itself, and its calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from prodintel.engine.preprocess import PreprocessSpec
from prodintel.engine.vectors import (
    CollectionHealth,
    Field,
    Filter,
    Payload,
    Record,
    ScoredPoint,
    Value,
    Vector,
)

Device = Literal["auto", "cpu", "cuda", "mps"]
Dtype = Literal["auto", "float32", "bfloat16", "float16"]

MAX_SENTENCES = 500
"""Texts of one call of `Engine.embed_sentences`."""

SENTENCE_DIMENSION = 384

SENTENCE_MODEL = "all-MiniLM-L6-v2"
"""What `Engine.embed_sentences` embeds with, whatever the search model is."""


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """The settings of one engine.

    Attributes:
        data_dir: the folder of all local state; measured speeds and the key are kept here.
        socket: where the engine listens; see `prodintel.engine.wire.socket_path`.
        model: an OpenCLIP model name (`ViT-B-32`, `hf-hub:...`, `local-dir:...`), or "starter".
        pretrained: weights of a built-in model: a tag or a file. Other names bring their own.
        device: "auto" takes a GPU where there is one.
        dtype: "auto" takes the fastest that the machine computes well, by measuring.
        threads: CPU threads of one forward pass; None leaves it to torch.
        shard_folder: where collections are kept; None when a Qdrant server keeps them.
    """

    data_dir: Path
    socket: Path
    model: str = "starter"
    pretrained: str = ""
    device: Device = "auto"
    dtype: Dtype = "auto"
    threads: int | None = None
    shard_folder: Path | None = None

    @property
    def key_file(self) -> Path:
        """The secret that callers prove themselves with."""
        return self.data_dir / "engine.key"


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """A loaded model.

    Attributes:
        model_id: the model's name with its weights' tag, free of this machine's paths.
        dimension: length of its vectors.
        fingerprint: changes exactly when vectors stop being comparable (name, weights,
            preprocessing), so that it names an embedding space.
        preprocess: what callers do to a photo before sending it.
        batch: photos to send in one bulk call; the engine takes as many of them in a pass as fit
            300 ms, which it measured while loading and goes on measuring.
        device: "cpu", "cuda" or "mps".
        dtype: "float32", "bfloat16" or "float16".
        text_context: tokens that the text tower reads; the rest of a text is cut off.
        photos_per_second: measured while loading, at `batch`.
    """

    model_id: str
    dimension: int
    fingerprint: str
    preprocess: PreprocessSpec
    batch: int
    device: str
    dtype: str
    text_context: int
    photos_per_second: float


@dataclass(frozen=True, slots=True)
class ShardInfo:
    """The collections that the engine keeps, and why others cannot be opened."""

    collections: tuple[CollectionHealth, ...]
    error: str = ""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """How the model is. `encoder` is set when `state` is "ready", `error` when it is "failed"."""

    state: Literal["idle", "loading", "ready", "failed"]
    model: str
    pid: int
    error: str = ""
    encoder: EncoderInfo | None = None


class Engine(Protocol):
    """The calls of an engine, alike in process and over the socket.

    Every call may raise `EngineUnavailable` (nobody answers, too late, encoder not loaded) and
    `EngineError` (refused; `permanent` says whether trying again makes sense). `timeout` is in
    seconds; None takes the client's default. Every call may be repeated without harm.

    `model` is the fingerprint that vectors are wanted of: an engine that has another model by now,
    as after a restart with other settings, raises `EngineUnavailable` instead of mixing them.
    """

    def info(self) -> EngineInfo:
        """How the model is; answers at once, also while it loads."""
        ...

    def wait_ready(self, timeout: float | None = None) -> EncoderInfo:
        """Wait until the model is loaded."""
        ...

    def encode_texts(
        self, texts: Sequence[str], *, model: str, timeout: float | None = None
    ) -> Vector:
        """Embed texts: float32 (n, dimension), each row of length 1."""
        ...

    def encode_photos(
        self, photos: NDArray[np.uint8], *, model: str, timeout: float | None = None
    ) -> Vector:
        """Embed prepared photos in the bulk lane: uint8 (n, H, W, 3) or (n, 3, H, W), as
        `preprocess.prepare` makes them, to float32 (n, dimension), each row of length 1.
        """
        ...

    def encode_query_photo(
        self, photo: NDArray[np.uint8], *, model: str, timeout: float | None = None
    ) -> Vector:
        """Embed one prepared photo, uint8 (H, W, 3), ahead of any bulk work: (dimension,)."""
        ...

    def embed_sentences(self, texts: Sequence[str], *, timeout: float | None = None) -> Vector:
        """Embed at most `MAX_SENTENCES` texts by what they mean, with `SENTENCE_MODEL`: float32
        (n, `SENTENCE_DIMENSION`), each row of length 1. English. The model loads at the first call.
        """
        ...

    def shard_info(self) -> ShardInfo:
        """What the engine keeps, counted: some milliseconds for a large collection."""
        ...

    def shard_ensure(self, collection: str, dimension: int, fields: Sequence[Field] = ()) -> bool:
        """Create the collection and the missing field indexes; True when it is new and empty."""
        ...

    def shard_ensure_field(self, collection: str, field: Field) -> None:
        """Index one more payload field of a collection that exists."""
        ...

    def shard_drop(self, collection: str) -> None:
        """Remove the collection and its files; nothing happens when there is none."""
        ...

    def shard_collections(self) -> list[str]:
        """Names of the collections, sorted."""
        ...

    def shard_upsert(
        self, collection: str, ids: Sequence[int], vectors: Vector, payloads: Sequence[Payload]
    ) -> None:
        """Store points, replacing those with the same id: at most 500, vectors (n, dimension)."""
        ...

    def shard_set_payloads(
        self, collection: str, ids: Sequence[int], payloads: Sequence[Payload]
    ) -> list[int]:
        """Replace whole payloads; the ids that are not in the collection are left out and
        returned.
        """
        ...

    def shard_delete(self, collection: str, ids: Sequence[int]) -> None:
        """Remove points; unknown ids are no error."""
        ...

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
        """The nearest points by cosine, best first; `fields` narrows the payload returned."""
        ...

    def shard_retrieve(
        self, collection: str, ids: Sequence[int], *, with_vectors: bool = False
    ) -> list[Record]:
        """The points with these ids that exist, in the order of `ids`."""
        ...

    def shard_count(self, collection: str, where: Filter | None = None) -> int:
        """How many points fit, exactly."""
        ...

    def shard_facets(
        self, collection: str, field: str, where: Filter | None = None, limit: int = 100
    ) -> dict[Value, int]:
        """How many points hold each value of an indexed field, most frequent first."""
        ...

    def shard_ids(
        self, collection: str, after: int | None = None, limit: int = 10_000
    ) -> list[int]:
        """The next ids above `after`, ascending."""
        ...

    def shard_flush(self) -> None:
        """Write everything to disk."""
        ...

    def shard_optimize(self, collection: str) -> bool:
        """Build the graph index; long, and searches wait: only with the site stopped."""
        ...

    def shard_mark_rebuilt(self, collection: str) -> None:
        """Say that a damaged collection has all its points again."""
        ...

    def close(self) -> None:
        """Let go of connections, model and shard."""
        ...
