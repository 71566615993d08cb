"""Who waits for news of a run, in this process and in others.

A message says which run has news and nothing more: whoever is told reads for themselves, so that a
lost message costs the time until the next look and no text.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from channels.layers import get_channel_layer
from django.conf import settings

logger = structlog.get_logger(__name__)
SEND_SECONDS = RETRY_SECONDS = 1.0
CANCEL_SECONDS = 0.5
_lock = threading.Lock()
_watches: defaultdict[int, set[Watch]] = defaultdict(set)


class Watch:
    """One who waits for news of a run, in an event loop of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()

    def tell(self) -> None:
        """From any thread."""
        # Whoever waited may have ended with its loop a moment ago.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._news.set)

    async def wait(self, seconds: float) -> None:
        """Until there is news, so many seconds at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()


def tell_here(run_id: int) -> None:
    """There is news of the run: whoever waits in this process learns of it."""
    with _lock:
        watches = list(_watches.get(run_id, ()))
    for watch in watches:
        watch.tell()


async def publish(*run_ids: int) -> None:
    """There is news of the runs, for every process."""
    for run_id in run_ids:
        tell_here(run_id)
    if not settings.REDIS_URL:
        return
    layer: Any = get_channel_layer()
    try:
        async with asyncio.timeout(SEND_SECONDS):
            for run_id in run_ids:
                await layer.group_send(_group(run_id), {"type": "run.news"})
    except _outages() as error:
        # Whoever listens elsewhere looks by themselves every second.
        logger.warning("news of runs stay here", runs=run_ids, reason=str(error).strip())


def watchers() -> int:
    """How many wait in this process."""
    with _lock:
        return sum(map(len, _watches.values()))


@asynccontextmanager
async def watching(run_id: int) -> AsyncIterator[Watch]:
    """Be told of news for as long as the block takes."""
    watch = Watch()
    with _lock:
        _watches[run_id].add(watch)
    ear = asyncio.create_task(_listen(run_id, watch)) if settings.REDIS_URL else None
    try:
        yield watch
    finally:
        with _lock:
            _watches[run_id].discard(watch)
            if not _watches[run_id]:
                del _watches[run_id]
        # A cancellation can get lost in a client of Redis that is just being answered: once more then.
        while ear is not None and not ear.done():
            ear.cancel()
            await asyncio.wait([ear], timeout=CANCEL_SECONDS)


async def _listen(run_id: int, watch: Watch) -> None:
    """Hear what other processes say of the run, whenever Redis is there."""
    while True:
        with suppress(*_outages()):
            await _hear(run_id, watch)
        await asyncio.sleep(RETRY_SECONDS)


async def _hear(run_id: int, watch: Watch) -> None:
    layer: Any = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(_group(run_id), channel)
    try:
        while True:
            await layer.receive(channel)
            watch.tell()
    finally:
        await layer.group_discard(_group(run_id), channel)


def _outages() -> tuple[type[Exception], ...]:
    """What is raised while Redis is away."""
    from redis.exceptions import RedisError

    return RedisError, OSError


def _group(run_id: int) -> str:
    return f"run-{run_id}"
