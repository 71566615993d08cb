"""Streams that are made synchronously and sent asynchronously."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpRequest

T = TypeVar("T")
_END = object()
# A client that is slower holds no database connection while it takes what it was sent.
IDLE_SECONDS = 1.0


def streamed(request: HttpRequest, blocks: Iterator[T]) -> Iterator[T] | AsyncIterator[T]:
    """The content of a StreamingHttpResponse, in the manner of the server that asks."""
    return from_thread(blocks) if isinstance(request, ASGIRequest) else blocks


async def from_thread(blocks: Iterator[T]) -> AsyncIterator[T]:
    """The blocks, each made when it is asked for, all in one thread of their own.

    One thread, since what makes them may hold something of the thread from block to block, though no
    database cursor: connections are given back while nobody asks for more. Django would collect a
    synchronous iterator into a list before it sent the first byte of it.
    """
    loop = asyncio.get_running_loop()
    pool = ThreadPoolExecutor(1, "stream")
    try:
        while (block := await loop.run_in_executor(pool, next, blocks, _END)) is not _END:
            idle = loop.call_later(IDLE_SECONDS, pool.submit, close_old_connections)
            try:
                yield block  # type: ignore[misc]  # anything but the end is a block
            finally:
                idle.cancel()
    finally:
        with suppress(RuntimeError):  # the loop ends with the process
            pool.submit(_close, blocks)
        pool.shutdown(wait=False)


def _close(blocks: Iterator[object]) -> None:
    close = getattr(blocks, "close", None)
    try:
        if close is not None:
            close()
    finally:
        close_old_connections()


def taken_whole(pieces: Iterator[bytes], otherwise: Callable[[int], object]) -> Iterator[bytes]:
    """The pieces. Where they are not all asked for, or break off, `otherwise` is told of how many
    bytes were given out.
    """
    size = 0
    is_whole = False
    try:
        for piece in pieces:
            size += len(piece)
            yield piece
        is_whole = True
    finally:
        if not is_whole:
            otherwise(size)
