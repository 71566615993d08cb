"""Refuses request bodies that are too large while they arrive, before anything holds them.

`BodyLimitMiddleware` does so for any ASGI server that hands bodies on piece by piece. Daphne does
not: it takes a whole body in before the application is called, so `prodintel.web` applies the same
limit in the server, with the same answer.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Frameworks type the three arguments each in their own way.
Application = Callable[[Any, Any, Any], Awaitable[None]]

API_PREFIX = "/api/"
STATUS = 413
MEBIBYTE = 1024 * 1024


def answer(path: str, limit: int) -> tuple[str, bytes]:
    """The content type and body of a refusal, as the API or as a page would have it."""
    message = (
        f"This request is larger than {limit // MEBIBYTE} MB. Send fewer or smaller files at once."
    )
    if path.startswith(API_PREFIX):
        error = {"code": "too_large", "message": message, "fields": {}}
        return "application/json", json.dumps({"error": error}).encode()
    return "text/plain; charset=utf-8", message.encode()


class _TooLargeError(Exception):
    """Ends the application's reading."""


class BodyLimitMiddleware:
    """ASGI middleware: 413 once a body declares or shows itself to be over `limit` bytes.

    When the application has begun its own answer before the limit was passed, its reading fails and
    the connection ends.
    """

    def __init__(self, application: Application, *, limit: int) -> None:
        self._application = application
        self._limit = limit

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        if _declared_length(scope) > self._limit:
            await self._refuse(scope, send)
            return
        received = 0
        answered = False

        async def counted_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise _TooLargeError
            return message

        async def noted_send(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._application(scope, counted_receive, noted_send)
        except _TooLargeError:
            if answered:
                raise
            await self._refuse(scope, send)

    async def _refuse(self, scope: MutableMapping[str, Any], send: Send) -> None:
        content_type, body = answer(scope["path"], self._limit)
        headers = [
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": STATUS, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _declared_length(scope: MutableMapping[str, Any]) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
