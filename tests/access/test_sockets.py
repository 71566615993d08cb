"""Who may listen to a catalogue's activity."""

from __future__ import annotations

from importlib import import_module

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session

from catalog import consumers
from catalog.models import Membership
from catalog.routing import websocket_urlpatterns
from prodintel.asgi import application
from prodintel.lib.threads import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


def cookie(user) -> tuple[bytes, bytes]:
    """The header of a session in which the person is logged in."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return b"cookie", f"{settings.SESSION_COOKIE_NAME}={session.session_key}".encode()


def communicator(slug: str, user=None, origin: str = "http://localhost") -> WebsocketCommunicator:
    headers = [(b"origin", origin.encode()), (b"host", b"localhost")]
    if user is not None:
        headers.append(cookie(user))
    path = f"/ws/catalogs/{slug}/activity/"
    return WebsocketCommunicator(application, path, headers=headers)


def test_every_socket_is_tested_here():
    assert [str(each.pattern) for each in websocket_urlpatterns] == [
        "ws/catalogs/<slug:slug>/activity/"
    ]


@pytest.fixture
def listen(shop, people):
    """Opens the shop's socket as somebody; call it before the loop runs."""
    return lambda role=None, **options: communicator(
        shop.slug, people[role] if role else None, **options
    )


async def opened(socket: WebsocketCommunicator) -> bool:
    connected, _ = await socket.connect(timeout=10)
    await socket.disconnect()
    return connected


@pytest.fixture
def sockets(listen):
    return {
        "viewer": listen("viewer"),
        "stranger": listen("stranger"),
        "nobody": listen(),
        "elsewhere": listen("owner", origin="https://evil.example"),
    }


@pytest.mark.parametrize("who", ["stranger", "nobody", "elsewhere"])
async def test_socket_stays_closed_to_others(sockets, who):
    assert not await opened(sockets[who])


async def test_member_gets_the_activity_as_html(sockets):
    socket = sockets["viewer"]
    connected, _ = await socket.connect(timeout=10)
    assert connected
    fragment = await socket.receive_from(timeout=10)
    assert "hx-swap-oob" in fragment
    await socket.disconnect()


async def ending(socket: WebsocketCommunicator) -> int:
    message = await socket.receive_output(timeout=10)
    while message["type"] == "websocket.send":
        message = await socket.receive_output(timeout=10)
    return message["code"]


@pytest.fixture
def open_socket(sockets, monkeypatch):
    """A member's socket, whose right to be open is looked at all the time."""
    monkeypatch.setattr(consumers, "MEMBERSHIP_SECONDS", 0.0)
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.01)
    return sockets["viewer"]


async def test_member_who_is_no_longer_one_is_let_go(open_socket, people):
    await open_socket.connect(timeout=10)
    await in_thread(Membership.objects.filter(user=people["viewer"]).delete)
    assert await ending(open_socket) == consumers.NOT_FOUND


async def test_socket_of_a_deleted_person_is_closed(open_socket, people):
    await open_socket.connect(timeout=10)
    await sync_to_async(people["viewer"].delete)()
    assert await ending(open_socket) == consumers.NOT_FOUND


async def test_socket_is_closed_after_the_person_logs_out(open_socket):
    await open_socket.connect(timeout=10)
    await in_thread(Session.objects.all().delete)
    assert await ending(open_socket) == consumers.NOT_FOUND


async def test_socket_is_closed_after_a_change_of_password(open_socket, people):
    def change() -> None:
        people["viewer"].set_password("another password")
        people["viewer"].save()

    await open_socket.connect(timeout=10)
    await in_thread(change)
    assert await ending(open_socket) == consumers.NOT_FOUND


async def test_socket_stays_open_while_nothing_changes(open_socket, shop, make_product):
    await open_socket.connect(timeout=10)
    await open_socket.receive_from(timeout=10)
    await in_thread(make_product)
    assert "hx-swap-oob" in await open_socket.receive_from(timeout=10)
    await open_socket.disconnect()


async def test_socket_that_cannot_go_on_is_closed(sockets, monkeypatch):
    def broken(*_arguments, **_options):
        raise RuntimeError("broken")

    monkeypatch.setattr(consumers, "activity_fragment", broken)
    socket = sockets["viewer"]
    await socket.connect(timeout=10)
    assert await ending(socket) == consumers.FAILED
