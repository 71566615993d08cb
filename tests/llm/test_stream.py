"""Streamed text: as it is written, closed when nobody wants more, and always written down."""

from __future__ import annotations

import asyncio
import time

import pytest
from asgiref.sync import sync_to_async

from prodintel.llm import adapter
from prodintel.llm.models import Call
from prodintel.llm.types import Ability, Account, LanguageModelError, Message

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("_streams_closed"),
]
MESSAGES = [Message("user", "Write something about a cup.")]


def started(gateway, **options):
    options = {"account": Account("analysis", "catalog:1"), "max_tokens": 500} | options
    return gateway.stream(Ability.TEXT, MESSAGES, **options)


async def collected(stream, texts: list[str]) -> None:
    async for delta in stream:
        texts += [delta.text]


def until(true) -> None:
    """Wait for it, five seconds at most."""
    deadline = time.monotonic() + 5
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)


async def test_a_model_that_searches_the_web_says_what_it_found(groq, gateway, settings):
    server = groq()
    settings.GROQ_SEARCH_MODEL = "groq/compound-mini"
    stream = gateway.stream(
        Ability.SEARCH, MESSAGES, account=Account("market_research"), max_tokens=500
    )
    last = [delta async for delta in stream][-1]
    sources = last.data["sources"]
    assert [source.url for source in sources] == [
        "https://offers.example/compared",
        "https://reviews.example/asked",
    ]
    assert "19.90" in sources[0].text
    (call,) = server.requests
    assert call.model == "groq/compound-mini"
    assert call.body["compound_custom"] == {"tools": {"enabled_tools": ["web_search"]}}
    assert (await the_call()).cost_usd is None


async def the_call() -> Call:
    return await sync_to_async(Call.objects.get)()


async def test_text_comes_in_pieces_and_the_usage_at_the_end(groq, gateway):
    server = groq(answer_tokens=30, tokens_per_second=200)
    deltas = [delta async for delta in started(gateway)]
    *texts, last = deltas
    assert len(texts) > 10
    assert "".join(delta.text for delta in texts).startswith("## An answer")
    assert last.text == ""
    assert last.usage.completion_tokens == server.requests[0].completion_tokens == 30
    assert last.usage.cost_usd > 0
    assert last.data == {"finish": "stop"}
    call = await the_call()
    assert call.outcome == "answered"
    assert call.first_token_ms <= call.latency_ms
    assert call.completion_tokens == 30


async def test_request_ends_when_the_consumer_stops(groq, gateway):
    server = groq(answer_tokens=500, tokens_per_second=100)
    stream = started(gateway)
    async for delta in stream:
        assert delta.text
        break
    await stream.aclose()
    await asyncio.to_thread(until, lambda: server.requests[0].took)
    assert server.requests[0].took < 3
    call = await the_call()
    assert call.outcome == "stopped"
    assert 0 < call.tokens < 200


async def test_request_ends_when_the_task_is_cancelled(groq, gateway):
    server = groq(first_token=5.0)

    async def consume() -> None:
        async for _ in started(gateway):
            pass

    task = asyncio.ensure_future(consume())
    await asyncio.to_thread(until, lambda: server.requests)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await the_call()).outcome == "stopped"


@pytest.mark.parametrize("fault", ["cut_stream", "stream_error"])
async def test_stream_that_breaks_off_is_an_error_after_the_text_that_came(groq, gateway, fault):
    groq(answer_tokens=40).script(fault)
    texts: list[str] = []
    with pytest.raises(LanguageModelError) as failed:
        await collected(started(gateway), texts)
    assert texts
    assert (failed.value.code, failed.value.outside) == ("unavailable", True)
    assert (await the_call()).outcome == "failed"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("429", "rate_limited"),
        ("401", "unauthorised"),
        ("500", "unavailable"),
        ("closed", "unavailable"),
        ("400", "refused"),
    ],
)
async def test_error_before_the_first_piece_says_what_it_means(groq, gateway, fault, code):
    groq().script(fault)
    with pytest.raises(LanguageModelError) as failed:
        await anext(started(gateway))
    assert failed.value.code == code
    assert (await the_call()).code == code


async def test_slow_first_piece_is_waited_for_within_reason(groq, gateway, monkeypatch):
    groq().script("slow_first_byte", seconds=0.6)
    assert [delta async for delta in started(gateway)][-1].usage
    monkeypatch.setattr(adapter, "FIRST_TOKEN_SECONDS", 0.3)
    groq().script("slow_first_byte", seconds=5)
    began = time.monotonic()
    with pytest.raises(LanguageModelError, match="in time"):
        await anext(started(gateway))
    assert time.monotonic() - began < 2


async def test_streams_run_beside_each_other(groq, gateway):
    groq(first_token=0.3, answer_tokens=5)
    await anext(stream := started(gateway))
    await stream.aclose()

    async def whole() -> int:
        return len([delta async for delta in started(gateway)])

    began = time.monotonic()
    assert min(await asyncio.gather(*(whole() for _ in range(5)))) > 1
    assert time.monotonic() - began < 1.2


async def test_without_a_key_nothing_is_asked(groq, gateway, settings):
    groq()
    settings.GROQ_API_KEY = ""
    with pytest.raises(LanguageModelError) as failed:
        await anext(started(gateway))
    assert failed.value.code == "not_configured"
