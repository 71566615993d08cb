"""As much of HTTP/1.1 as a client of the protocol needs, on asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import http
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

MAX_HEAD = 64 * 1024
MAX_BODY = 64 * 1024 * 1024


@dataclass(frozen=True)
class Incoming:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Reply:
    """How one request is answered: whole, or as a stream of events. Either may be cut off."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.started = False
        self.cut = False

    async def json(
        self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        # Not-finite numbers stand as NaN, as careless servers write them.
        await self.whole(json.dumps(value).encode(), status, headers=headers)

    async def whole(
        self,
        body: bytes,
        status: int = 200,
        *,
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        length = {"content-type": kind, "content-length": str(len(body))}
        self._head(status, length | dict(headers or {}))
        self._writer.write(body)
        await self._writer.drain()

    async def half(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Announce the body, send half of it and hang up."""
        length = {"content-type": "application/json", "content-length": str(len(body))}
        self._head(200, length | dict(headers))
        self._writer.write(body[: len(body) // 2])
        await self._writer.drain()
        self.hang_up()

    def start_events(self, headers: Mapping[str, str]) -> None:
        self._head(
            200,
            {
                "content-type": "text/event-stream",
                "cache-control": "no-cache",
                "transfer-encoding": "chunked",
                **headers,
            },
        )

    def event(self, data: bytes) -> None:
        """Written at once, without waiting: what piles up is waited for by `drained`."""
        self._writer.write(b"%x\r\ndata: %b\n\n\r\n" % (len(data) + 8, data))

    async def drained(self) -> None:
        await self._writer.drain()

    async def end_events(self) -> None:
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    def hang_up(self) -> None:
        """End the connection without another word."""
        self.cut = True
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.close()

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.started = True
        try:
            reason = http.HTTPStatus(status).phrase
        except ValueError:
            reason = "Custom"
        lines = [f"HTTP/1.1 {status} {reason}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))


Handler = Callable[[Incoming, Reply], Awaitable[None]]


async def serve_connection(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler
) -> None:
    """Answer one connection's requests, one after the other, until either side ends it.

    A client that goes away while its answer is made cancels the making.
    """
    ahead = b""
    try:
        while (incoming := await _read(reader, writer, ahead)) is not None:
            reply = Reply(writer)
            ahead = await _unless_gone(handler(incoming, reply), reader)
            if reply.cut or writer.is_closing():
                return
    except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, _GoneError):
        pass
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class _GoneError(Exception):
    """The client hung up."""


async def _unless_gone(work: Awaitable[None], reader: asyncio.StreamReader) -> bytes:
    """Do the work while the client is there; returns what it sent meanwhile."""
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done() and watch.done() and not watch.result():
            raise _GoneError
        await task
        return watch.result() if watch.done() else b""
    finally:
        for one in (task, watch):
            one.cancel()
        await asyncio.gather(task, watch, return_exceptions=True)


async def _read(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ahead: bytes
) -> Incoming | None:
    try:
        head = ahead + await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return Incoming(method, path.partition("?")[0], headers, await _body(reader, headers))


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "chunked" in headers.get("transfer-encoding", ""):
        parts = []
        while size := int((await reader.readline()).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return b"".join(parts)
    size = int(headers.get("content-length", 0))
    if size > MAX_BODY:
        raise ConnectionError("too large")
    return await reader.readexactly(size)
