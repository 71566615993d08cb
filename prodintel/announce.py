"""Tells the person at the terminal how far a starting site is."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, connection

from catalog.models import Embedding, EmbedTask, IndexChange, Photo, SpaceState
from prodintel.engine import configured
from prodintel.engine.errors import EngineError
from prodintel.engine.interface import EncoderInfo
from prodintel.lib.work import WorkState

ENGINE_SECONDS = 0.5
PHOTO_SECONDS = 2.0
CALL_TIMEOUT = 2.0
# Lines of progress from nothing to everything.
STEPS = 10


def searchable_photos() -> tuple[int, int]:
    """How many photos are searchable, and how many there are to be; failed ones are left out."""
    failed = EmbedTask.objects.filter(space__state=SpaceState.LIVE, state=WorkState.FAILED).count()
    total = max(Photo.objects.count() - failed, 0)
    embedded = Embedding.objects.filter(space__state=SpaceState.LIVE).count()
    # What failed waits for a person, and is no longer waited for here.
    waiting = IndexChange.objects.filter(vector=True).exclude(state=WorkState.FAILED).count()
    return max(min(embedded, total) - waiting, 0), total


class Announcer(threading.Thread):
    """Says when the encoder is ready, and how many photos are searchable until all are."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(name="announcer", daemon=True)
        self._say = say
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        encoder = self._wait_for_encoder()
        if encoder is not None:
            self._say(
                f"Encoder ready: {encoder.model_id}, {encoder.dimension} dimensions, about "
                f"{encoder.photos_per_second:.0f} photos a second on {encoder.device}."
            )
            self._follow_photos()

    def _wait_for_encoder(self) -> EncoderInfo | None:
        told = ""
        while not self._stopped.wait(ENGINE_SECONDS):
            try:
                info = configured.client().info(timeout=CALL_TIMEOUT)
            except EngineError:
                continue
            if info.encoder is not None:
                return info.encoder
            if info.error and info.error != told:
                told = info.error
                self._say(f"The encoder cannot be loaded: {told}")
        return None

    def _follow_photos(self) -> None:
        last = -1
        while not self._stopped.is_set():
            try:
                done, total = searchable_photos()
            except DatabaseError:
                # Busy or away for a moment; the worker says so in the log.
                close_old_connections()
                done, total = -1, 0
            if done >= total > 0:
                self._say(f"All {total} photos are searchable.")
            if done >= total:
                break
            step = done * STEPS // total if total else last
            if step != last:
                last = step
                self._say(f"{done} of {total} photos are searchable.")
            self._stopped.wait(PHOTO_SECONDS)
        connection.close()
