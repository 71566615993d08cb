"""Streams that are made synchronously and sent asynchronously."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpRequest

T = TypeVar("T")
_END = object()


def streamed(request: HttpRequest, blocks: Iterator[T]) -> Iterator[T] | AsyncIterator[T]:
    """The content of a StreamingHttpResponse, in the manner of the server that asks."""
    return from_thread(blocks) if isinstance(request, ASGIRequest) else blocks


async def from_thread(blocks: Iterator[T]) -> AsyncIterator[T]:
    """The blocks, each made when it is asked for, all in one thread of their own.

    One thread, since what makes them may hold a database cursor from block to block. Django would
    collect a synchronous iterator into a list before it sent the first byte of it.
    """
    loop = asyncio.get_running_loop()
    pool = ThreadPoolExecutor(1, "stream")
    try:
        while (block := await loop.run_in_executor(pool, next, blocks, _END)) is not _END:
            yield block  # type: ignore[misc]  # anything but the end is a block
    finally:
        with suppress(RuntimeError):  # the loop ends with the process
            pool.submit(_close, blocks)
        pool.shutdown(wait=False)


def _close(blocks: Iterator[object]) -> None:
    close = getattr(blocks, "close", None)
    if close is not None:
        close()
    close_old_connections()
