"""Which pages may open a websocket."""

from __future__ import annotations

import pytest
from channels.testing import WebsocketCommunicator

from prodintel.lib.same_origin import SameOriginValidator

HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


async def accepts(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})


async def opened(headers, *, secure_header=None, scheme="ws") -> bool:
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    validator = SameOriginValidator(accepts, secure_header=secure_header)
    socket = WebsocketCommunicator(validator, "/ws/", headers=pairs)
    socket.scope["scheme"] = scheme
    connected, _ = await socket.connect()
    return connected


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:8000", "localhost:8000"),
        ("http://localhost", "localhost:80"),
        ("http://LOCALHOST", "localhost"),
        ("http://[::1]:8000", "[::1]:8000"),
    ],
)
async def test_page_of_the_site_is_let_in(origin, host):
    assert await opened([("origin", origin), ("host", host)])


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:9000", "localhost:8000"),
        ("https://localhost", "localhost"),
        ("http://127.0.0.1:8000", "localhost:8000"),
        ("http://evil.example", "localhost"),
        ("http://localhost.evil.example", "localhost"),
        ("http://localhost@evil.example", "localhost"),
        ("http://localhost:x", "localhost"),
        ("null", "localhost"),
        ("", "localhost"),
        ("file://", "localhost"),
    ],
)
async def test_page_of_another_origin_is_refused(origin, host):
    assert not await opened([("origin", origin), ("host", host)])


async def test_connection_without_an_origin_is_refused():
    assert not await opened([("host", "localhost")])


async def test_two_origins_are_refused():
    one, two = ("origin", "http://localhost"), ("origin", "http://evil.example")
    assert not await opened([one, two, ("host", "localhost")])


async def test_any_allowed_host_still_means_the_host_that_was_asked(settings):
    settings.ALLOWED_HOSTS = ["*"]
    assert await opened([("origin", "http://shop.example"), ("host", "shop.example")])
    assert not await opened([("origin", "http://evil.example"), ("host", "shop.example")])


async def test_host_that_is_not_allowed_is_refused():
    assert not await opened([("origin", "http://shop.example"), ("host", "shop.example")])


@pytest.mark.parametrize(
    ("said", "origin", "fits"),
    [
        ("https", "https://localhost", True),
        ("https", "http://localhost", False),
        ("http", "http://localhost", True),
        (None, "http://localhost", True),
    ],
)
async def test_proxy_says_which_scheme_was_asked(said, origin, fits):
    headers = [("origin", origin), ("host", "localhost")]
    if said is not None:
        headers.append(("x-forwarded-proto", said))
    assert await opened(headers, secure_header=HEADER) == fits


async def test_scheme_of_a_client_s_own_header_is_not_believed():
    headers = [("origin", "https://localhost"), ("host", "localhost")]
    assert not await opened([*headers, ("x-forwarded-proto", "https")])
    assert await opened(headers, scheme="wss")
