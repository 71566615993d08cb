"""What runs go through besides their language model: Redis away, text that no database keeps, and a
database that does not say whether it has written.
"""

from __future__ import annotations

import asyncio
import json

import pytest

from tools.models import RunEvent, RunState
from tools.runs import hub
from tools.runs.course import TEXT, Step
from tools.services.runs import events_add

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sample")]


@pytest.fixture
def no_redis(settings):
    """Redis is configured, and nobody answers."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    backend = "channels_redis.core.RedisChannelLayer"
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": backend, "CONFIG": {"hosts": [settings.REDIS_URL]}}
    }


def test_run_goes_on_while_redis_is_away(no_redis, groq, performed):
    groq(answer_tokens=20)
    assert performed().state == RunState.DONE


async def test_who_waits_for_news_hears_of_those_here_while_redis_is_away(no_redis):
    async with hub.watching(7) as watch:
        await asyncio.sleep(0.05)
        await hub.publish(7)
        async with asyncio.timeout(1):
            await watch.wait(5)


async def test_who_waited_for_news_leaves_though_a_cancellation_gets_lost(no_redis, monkeypatch):
    lost = []

    async def hear(*_):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if lost:
                raise
            lost.append(True)

    monkeypatch.setattr(hub, "_hear", hear)
    async with asyncio.timeout(20):
        async with hub.watching(7):
            await asyncio.sleep(0.05)
    assert (lost, hub.watchers()) == ([True], 0)


def test_what_no_database_keeps_is_left_out_of_what_a_model_says(groq, performed):
    server = groq(answer_tokens=20)
    said = {"headline": "A\x00 bag", "lines": ["for \x00rain"]}
    server.script("say", text=json.dumps(said), when=lambda call: "Card 0" in call.text)
    server.script("say", text="Red\x00 and \ud83dround", when=lambda call: "Card" not in call.text)
    run = performed()
    shown = {block["id"]: block["data"] for block in run.blocks}
    assert run.state == RunState.DONE
    assert shown["text"]["text"] == run.output["text"]["text"] == "Red and round"
    assert shown["card-0"]["items"][0]["value"] == "A bag"


def test_events_that_come_again_are_written_once(make_run):
    run = make_run()
    type(run).objects.filter(pk=run.pk).update(state=RunState.RUNNING, owner="me")
    steps = {run.pk: [Step(1, TEXT, {"block": "text", "text": "once"})]}
    for _ in range(2):
        assert events_add(owner="me", events=steps) == set()
    assert RunEvent.objects.count() == 1
