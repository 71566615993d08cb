"""Runs followed on sockets and as server-sent events: every event once, in order, to the end."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from channels.testing import WebsocketCommunicator
from django.http import StreamingHttpResponse
from django.test import AsyncClient
from django.utils import timezone

from catalog.models import ApiToken
from catalog.services.catalogs import token_create
from prodintel.asgi import application
from prodintel.lib.threads import in_thread
from tests.access.test_sockets import cookie
from tests.tools.runs.test_performing import started, until
from tools.models import RunEvent, ToolRun
from tools.runs import running

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sample")]


@pytest.fixture
def finished(groq, performed):
    groq(answer_tokens=40, tokens_per_second=200)
    return performed(parts=2)


@pytest.fixture
def under_way(groq, make_run):
    """A run that has begun to write and goes on for a second or two."""
    groq(answer_tokens=200, tokens_per_second=150)
    run = make_run()
    thread = started(run)
    assert until(lambda: RunEvent.objects.filter(kind="text").exists())
    yield run
    thread.join(10)


@pytest.fixture
def headers(person):
    return {"Authorization": f"Bearer {token_create(user=person)[1]}"}


@pytest.fixture
def socket(person):
    """Opens the socket of a run as its owner; call it before the loop runs."""
    cookies = cookie(person)

    def opened(run: ToolRun, after: int = 0) -> WebsocketCommunicator:
        path = f"/ws/runs/{run.pk}/?after={after}"
        headers = [(b"origin", b"http://localhost"), (b"host", b"localhost"), cookies]
        return WebsocketCommunicator(application, path, headers=headers)

    return opened


async def told(socket: WebsocketCommunicator) -> list[str]:
    """All that a socket says to its end."""
    connected, _ = await socket.connect(timeout=10)
    assert connected
    messages = []
    while True:
        output = await socket.receive_output(timeout=10)
        if output["type"] == "websocket.close":
            return messages
        messages.append(output["text"])


async def events(run: ToolRun, headers: dict[str, str], query: str = "") -> list[dict]:
    response = await AsyncClient().get(f"/api/v1/runs/{run.pk}/events{query}", headers=headers)
    assert isinstance(response, StreamingHttpResponse)
    assert response["Content-Type"] == "text/event-stream"
    body = b"".join([chunk async for chunk in response.streaming_content]).decode()
    return [parsed(block) for block in body.split("\n\n") if block.startswith("id:")]


def parsed(block: str) -> dict:
    fields = dict(line.split(": ", 1) for line in block.split("\n"))
    return {"id": int(fields["id"]), "event": fields["event"], "data": json.loads(fields["data"])}


async def test_finished_run_is_replayed_from_its_first_event(finished, headers):
    found = await events(finished, headers)
    assert [one["id"] for one in found] == list(range(1, finished.last_event + 1))
    assert found[-1]["event"] == "state"
    assert found[-1]["data"]["state"] == "done"


async def test_events_go_on_after_the_number_that_was_seen_last(finished, headers):
    found = await events(finished, headers, "?after=5")
    assert [one["id"] for one in found] == list(range(6, finished.last_event + 1))


async def test_events_of_a_run_under_way_come_as_they_are_written(under_way, headers):
    found = await events(under_way, headers)
    assert [one["id"] for one in found] == list(range(1, len(found) + 1))
    assert found[-1]["data"]["state"] == "done"
    text = "".join(one["data"]["text"] for one in found if one["event"] == "text")
    run = await in_thread(ToolRun.objects.get, pk=under_way.pk)
    assert text == run.output["text"]["text"]


@pytest.fixture
def long(groq, make_run):
    """A run that goes on until it is stopped."""
    groq(answer_tokens=5000, tokens_per_second=50)
    run = make_run()
    thread = started(run)
    assert until(lambda: RunEvent.objects.filter(kind="text").exists())
    yield run
    running.stop(run)
    thread.join(10)


async def test_events_end_with_the_token_that_they_are_given_for(long, headers, monkeypatch):
    monkeypatch.setattr("tools.runs.following.MEMBERSHIP_SECONDS", 0.0)
    response = await AsyncClient().get(f"/api/v1/runs/{long.pk}/events", headers=headers)
    async with asyncio.timeout(20):
        async for _ in response.streaming_content:
            await in_thread(ApiToken.objects.update, revoked_at=timezone.now())
    assert (await in_thread(running.course_of, long.pk)).state == "running"


async def test_socket_shows_what_a_page_without_anything_needs(finished, socket):
    (message,) = await told(socket(finished))
    assert 'id="block-text"' in message
    assert 'data-state="done"' in message
    assert message.count("beforeend:#run-result") == 3
    assert message.count("beforeend:#run-evidence") == 1


async def test_socket_of_a_run_under_way_ends_with_the_run(under_way, socket):
    messages = await told(socket(under_way))
    numbers = [int(re.search(r'id="run-number" value="(\d+)"', one)[1]) for one in messages]
    assert numbers == sorted(set(numbers))
    assert len(messages) > 1
    run = await in_thread(ToolRun.objects.get, pk=under_way.pk)
    assert numbers[-1] == run.last_event
    # The page has the block since the first message: it is replaced and not added.
    assert messages[0].count("beforeend:#run-result") == 1
    assert 'id="block-text"' in messages[1]
    assert not any("beforeend:#run-evidence" in one for one in messages[1:])


async def test_two_sockets_see_the_same_end(under_way, socket):
    both = await asyncio.gather(told(socket(under_way)), told(socket(under_way)))
    assert both[0][-1] == both[1][-1]


async def test_lost_hint_costs_a_look_and_no_text(under_way, socket, monkeypatch):
    monkeypatch.setattr("tools.runs.hub.tell_here", lambda _run_id: None)
    monkeypatch.setattr("tools.consumers.LOOK_SECONDS", 0.1)
    messages = await told(socket(under_way))
    assert 'data-state="done"' in messages[-1]


async def test_socket_of_a_stranger_stays_closed(finished, make_user):
    stranger = await in_thread(make_user, "stranger")
    cookies = await in_thread(cookie, stranger)
    headers = [(b"origin", b"http://localhost"), (b"host", b"localhost"), cookies]
    path = f"/ws/runs/{finished.pk}/"
    connected, _ = await WebsocketCommunicator(application, path, headers=headers).connect()
    assert not connected


def test_page_follows_a_run_and_shows_a_finished_one(client, person, finished):
    client.force_login(person)
    page = client.get(finished.get_absolute_url()).content.decode()
    assert "ws-connect" not in page
    ToolRun.objects.filter(pk=finished.pk).update(state="running")
    page = client.get(finished.get_absolute_url()).content.decode()
    assert f'ws-connect="/ws/runs/{finished.pk}/?after=' in page
