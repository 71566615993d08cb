from __future__ import annotations

import json

import pytest

from prodintel.lib.body_limit import BodyLimitMiddleware

LIMIT = 100


class Exchange:
    """One request through the middleware: pieces in, messages out."""

    def __init__(self, *pieces: bytes, path: str = "/", headers=()) -> None:
        self.scope = {"type": "http", "path": path, "headers": list(headers)}
        self.pieces = list(pieces)
        self.given = 0
        self.sent: list = []

    async def receive(self):
        self.given += 1
        return {
            "type": "http.request",
            "body": self.pieces[self.given - 1],
            "more_body": self.given < len(self.pieces),
        }

    async def send(self, message) -> None:
        self.sent.append(message)

    async def run(self, application) -> int:
        await BodyLimitMiddleware(application, limit=LIMIT)(self.scope, self.receive, self.send)
        return self.sent[0]["status"]


async def echo(scope, receive, send) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def test_body_at_the_limit_passes():
    exchange = Exchange(b"x" * 60, b"y" * 40)
    assert await exchange.run(echo) == 200
    assert exchange.sent[1]["body"] == b"x" * 60 + b"y" * 40


async def test_declared_length_is_refused_without_reading():
    exchange = Exchange(b"x" * 101, headers=[(b"content-length", b"101")])
    assert await exchange.run(echo) == 413
    assert exchange.given == 0


async def test_undeclared_body_is_refused_at_the_piece_that_passes_the_limit():
    exchange = Exchange(b"x" * 60, b"x" * 60, b"x" * 60, b"x" * 60)
    assert await exchange.run(echo) == 413
    assert exchange.given == 2


async def test_api_is_refused_as_json():
    exchange = Exchange(b"x" * 101, path="/api/v1/catalogs")
    await exchange.run(echo)
    assert json.loads(exchange.sent[1]["body"])["error"]["code"] == "too_large"


async def test_answer_already_begun_is_cut_off_and_not_answered_twice():
    async def hasty(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await echo(scope, receive, send)

    exchange = Exchange(b"x" * 101)
    with pytest.raises(Exception, match=r"^$"):
        await exchange.run(hasty)
    assert [message["type"] for message in exchange.sent] == ["http.response.start"]


async def test_websockets_pass_untouched():
    seen = []

    async def application(scope, receive, send) -> None:
        seen.append(receive)

    exchange = Exchange()
    exchange.scope["type"] = "websocket"
    await BodyLimitMiddleware(application, limit=LIMIT)(exchange.scope, exchange.receive, None)
    assert seen == [exchange.receive]
