"""Photos to vectors: claimed in batches, decoded in threads while the engine runs the batch before."""

from __future__ import annotations

import os
import time
import uuid
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import structlog

from catalog import storage
from catalog.index import spaces
from catalog.models import EmbeddingSpace, EmbedTask, Photo
from catalog.services.embeddings import embeddings_record
from catalog.vision.limits import PhotoRejected
from catalog.vision.opening import load_for_model
from prodintel.engine.errors import EngineError, EngineUnavailable
from prodintel.engine.interface import EncoderInfo, Engine
from prodintel.engine.preprocess import PreprocessSpec, prepare
from prodintel.lib.lease import kept_alive
from prodintel.lib.runner import Stopping, never
from prodintel.lib.work import Claim

logger = structlog.get_logger(__name__)
BATCHES_AHEAD = 2
ENGINE_RETRY = timedelta(seconds=2)
STORAGE_RETRY = timedelta(seconds=10)
# Uploads make their own tasks; what was missed nevertheless is looked for now and then only, since
# that reads whole tables.
TIDY_SECONDS = 60.0


@dataclass
class _Batch:
    """A claimed batch on its way: pictures being decoded, then vectors being computed."""

    claim: Claim[EmbedTask]
    pictures: list[Future[np.ndarray]]
    tasks: list[EmbedTask] = field(default_factory=list)
    stack: np.ndarray | None = None
    vectors: Future[np.ndarray] | None = None


class Embedder:
    """The embed runner's work. One a worker process; `step` is called by one thread."""

    def __init__(self, engine: Engine, *, owner: str, stopping: Stopping = never) -> None:
        self._stopping = stopping
        self._engine = engine
        self._owner = owner
        self._space: EmbeddingSpace | None = None
        self._encoder: EncoderInfo | None = None
        self._decoders = ThreadPoolExecutor(max(os.cpu_count() or 1, 2), "decode")
        self._calls = ThreadPoolExecutor(1, "encode")
        self._open: set[uuid.UUID] = set()
        self._tidied_at = -TIDY_SECONDS
        self._kept_back_by = 0

    def step(self) -> int:
        """Embed whatever waits; returns how many photos were handled, 0 when nothing could be."""
        # Only a database that failed in the middle of a step leaves claims open.
        self._release_all("")
        encoder = self._ready_encoder()
        if encoder is None:
            return 0
        handled = 0
        try:
            with kept_alive(EmbedTask.objects.all(), self._open):
                for batch in self._computed(encoder):
                    handled += self._finish(batch)
                    self._open.discard(batch.claim.token)
        except EngineUnavailable as error:
            self._release_all(str(error))
            logger.info("embedding waits", reason=str(error))
            return handled
        if self._stopping():
            self._release_all("", delay=timedelta(0))
            return handled
        if handled:
            self._tidied_at = -TIDY_SECONDS
            return handled
        return self._when_idle()

    def close(self) -> None:
        """End the threads; photos that nobody waits for any more are not decoded."""
        for pool in (self._decoders, self._calls):
            pool.shutdown(wait=False, cancel_futures=True)

    def _release_all(self, reason: str, *, delay: timedelta = ENGINE_RETRY) -> None:
        """Give back every batch that was claimed ahead."""
        for token in self._open:
            EmbedTask.objects.release(token, error=reason, delay=delay)
        self._open.clear()

    def _ready_encoder(self) -> EncoderInfo | None:
        try:
            info = self._engine.info()
        except EngineError:
            # The engine starts, or starts again; its own log says which.
            return None
        if info.encoder is None:
            return None
        if self._encoder is None or self._encoder.fingerprint != info.encoder.fingerprint:
            self._encoder = info.encoder
            self._space = spaces.space_for(info.encoder)
            self._tidied_at = -TIDY_SECONDS
            spaces.backfill(self._space)
        return info.encoder

    def _when_idle(self) -> int:
        assert self._space is not None
        if time.monotonic() - self._tidied_at > TIDY_SECONDS:
            made = spaces.backfill(self._space)
            if made:
                return made
            # First the sample: a space that goes live has what its scores are judged against.
            spaces.refresh_background(self._space)
            self._tidied_at = time.monotonic()
        kept_back_by = spaces.switch_if_filled(self._space)
        if kept_back_by and kept_back_by != self._kept_back_by:
            logger.warning(
                "the new model's space does not go live: too many photos failed",
                space=self._space.pk,
                model=self._space.model_id,
                failed=kept_back_by,
            )
        self._kept_back_by = kept_back_by
        return 0

    def _claim(self, limit: int) -> Claim[EmbedTask]:
        waiting = EmbedTask.objects.filter(space=self._space)
        claim = waiting.claim_with_care(owner=self._owner, limit=limit)
        EmbedTask.objects.give_up_exhausted()
        return claim

    def _decoding(self, encoder: EncoderInfo) -> Iterator[_Batch]:
        """Batches in the order of their claims, the next ones being decoded meanwhile."""
        ahead: deque[_Batch] = deque()
        more = True
        while (more or ahead) and not self._stopping():
            while more and len(ahead) <= BATCHES_AHEAD:
                claim = self._claim(encoder.batch)
                more = bool(claim)
                if claim:
                    ahead.append(self._start_decoding(claim, encoder.preprocess))
            if ahead:
                yield ahead.popleft()

    def _start_decoding(self, claim: Claim[EmbedTask], spec: PreprocessSpec) -> _Batch:
        self._open.add(claim.token)
        photos = Photo.objects.in_bulk([task.photo_id for task in claim.rows])
        # A photo that was purged since the claim took its task with it.
        claim.rows[:] = [task for task in claim.rows if task.photo_id in photos]
        pictures = [
            self._decoders.submit(prepared, photos[task.photo_id], spec) for task in claim.rows
        ]
        return _Batch(claim, pictures)

    def _computed(self, encoder: EncoderInfo) -> Iterator[_Batch]:
        """Batches whose vectors are being computed, each yielded when the next one is under way."""
        before: _Batch | None = None
        for batch in self._decoding(encoder):
            batch.stack = self._collect(batch)
            if self._stopping():
                break
            if batch.stack is not None:
                batch.vectors = self._calls.submit(self._encode, batch.stack)
            if before is not None:
                yield before
            before = batch
        if before is not None:
            yield before

    def _collect(self, batch: _Batch) -> np.ndarray | None:
        """The decoded pictures as one uint8 array (n, H, W, 3); failures are recorded."""
        pictures = []
        for task, picture in zip(batch.claim.rows, batch.pictures, strict=True):
            if self._stopping():
                return None
            try:
                pictures.append(picture.result())
            except PhotoRejected as error:
                self._fail(batch.claim.token, task, error.message, permanent=True)
            except storage.FileMissing as error:
                self._fail(batch.claim.token, task, str(error))
            except storage.StorageUnavailable as error:
                held = EmbedTask.objects.filter(pk=task.pk)
                held.release(batch.claim.token, error=str(error), delay=STORAGE_RETRY)
            else:
                batch.tasks.append(task)
        return np.stack(pictures) if pictures else None

    def _fail(
        self, token: uuid.UUID, task: EmbedTask, message: str, *, permanent: bool = False
    ) -> None:
        EmbedTask.objects.fail(token, [task.pk], error=message, permanent=permanent)
        logger.warning("photo not embedded", photo=task.photo_id, reason=message)

    def _finish(self, batch: _Batch) -> int:
        token = batch.claim.token
        if batch.vectors is None or batch.stack is None:
            return len(batch.claim.rows)
        try:
            vectors = _by_photo(batch.tasks, batch.vectors.result())
        except EngineUnavailable:
            raise
        except EngineError as error:
            self._check_model(error)
            vectors = self._halved(token, batch.tasks, batch.stack, error)
        assert self._space is not None
        kept = embeddings_record(space=self._space, token=token, vectors=vectors)
        logger.debug("photos embedded", count=kept)
        return len(batch.claim.rows)

    def _encode(self, stack: np.ndarray) -> np.ndarray:
        assert self._encoder is not None
        return self._engine.encode_photos(stack, model=self._encoder.fingerprint)

    def _check_model(self, error: EngineError) -> None:
        """Raises EngineUnavailable where the model refuses an empty picture as well.

        Then no photo is to blame, but a graphics card without memory or a wrong setting, and all of
        them wait for that to be put right.
        """
        assert self._encoder is not None
        height, width = self._encoder.preprocess.size
        try:
            self._encode(np.zeros((1, height, width, 3), np.uint8))
        except EngineError as trouble:
            raise EngineUnavailable(str(error)) from trouble

    def _halved(
        self, token: uuid.UUID, tasks: list[EmbedTask], stack: np.ndarray, error: EngineError
    ) -> dict[int, np.ndarray]:
        """The vectors of a refused batch, by photo, without those that are to blame, which fail."""
        if len(tasks) == 1:
            self._fail(token, tasks[0], str(error), permanent=error.permanent)
            return {}
        vectors: dict[int, np.ndarray] = {}
        middle = len(tasks) // 2
        for half in (slice(None, middle), slice(middle, None)):
            try:
                vectors |= _by_photo(tasks[half], self._encode(stack[half]))
            except EngineUnavailable:
                raise
            except EngineError as refusal:
                vectors |= self._halved(token, tasks[half], stack[half], refusal)
        return vectors


def _by_photo(tasks: list[EmbedTask], vectors: np.ndarray) -> dict[int, np.ndarray]:
    return {task.photo_id: vector for task, vector in zip(tasks, vectors, strict=True)}


def prepared(photo: Photo, spec: PreprocessSpec) -> np.ndarray:
    """A photo as the model takes it: uint8 (H, W, 3).

    Raises FileMissing, StorageUnavailable, PhotoRejected.
    """
    data = storage.read(photo.readable_name)
    return prepare(load_for_model(data, max(spec.size)), spec)
