"""The pace shared through the database: by threads, by processes, with the real client."""

from __future__ import annotations

import multiprocessing
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from pydantic import BaseModel

from prodintel.llm import pacing
from prodintel.llm.gateway import Gateway
from prodintel.llm.models import Pace
from prodintel.llm.pacing import Lane
from prodintel.llm.rate_headers import Seen
from prodintel.llm.types import Ability, Account, LanguageModelError, Message

ACCOUNT = Account("describe", "catalog:1")
LANE = Lane("account", "model")


class Said(BaseModel):
    title: str


def ask(gateway: Gateway, **options) -> None:
    messages = [Message("user", "What is it?")]
    gateway.structured(Ability.TEXT, messages, Said, account=ACCOUNT, max_tokens=50, **options)


def work(gateway: Gateway, until: float) -> None:
    """What a worker's thread does: take a slot, then call."""
    try:
        while time.monotonic() < until:
            wait = gateway.acquire(Ability.TEXT, tokens=1100)
            if wait:
                time.sleep(min(wait, max(until - time.monotonic(), 0)))
            else:
                ask(gateway, paced=False)
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_threads_keep_the_limit_and_use_it(groq, gateway, settings):
    # A minute of three seconds, for a quick test: fifteen requests in it are three hundred a minute.
    server = groq(latency=0.1, requests_per_minute=15, minute=3.0)
    settings.LLM_REQUESTS_PER_MINUTE = 300
    seconds = 6.0
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: work(gateway, until), range(4)))
    assert server.over_limit == 0
    assert len(server.requests) >= 0.85 * 5 * seconds


def _granted_in_a_process(settings_dict, name, barrier, count) -> None:
    connections.databases["default"] = settings_dict
    del connections["default"]
    barrier.wait()
    taken = 0
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        taken += pacing.grant(LANE, 1) is None
    count[name] = taken
    connections.close_all()


@pytest.mark.sqlite  # a forked process cannot use the pool of connections; threads show the same
@pytest.mark.django_db(transaction=True)
def test_processes_share_the_slots():
    pacing.answered(LANE, 0.0, Seen(300, 299, 0.2))
    connections.close_all()
    context = multiprocessing.get_context("fork")
    barrier, count = context.Barrier(2), context.Array("i", 2)
    processes = [
        context.Process(
            target=_granted_in_a_process, args=(connection.settings_dict, name, barrier, count)
        )
        for name in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    # 300 a minute are one each fifth of a second, a little less for safety; the first comes at once.
    assert 6 <= sum(count) <= 8


@pytest.mark.django_db(transaction=True)
def test_no_change_is_lost_between_threads():
    def once(_: int) -> None:
        pacing.failed(LANE, 0.0, code="unavailable", reason="It is down.")
        connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(once, range(4)))
    assert pacing.state_of(LANE).failures == 4
    assert Pace.objects.get().version == 4


@pytest.mark.django_db(transaction=True)
def test_calls_begin_one_after_the_other_until_the_first_answer(groq, gateway):
    server = groq(latency=0.3)
    begin = threading.Barrier(4)

    def call(_: int) -> None:
        begin.wait()
        ask(gateway)
        connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(call, range(4)))
    times = [one.at for one in server.requests]
    assert times[1] - times[0] >= 0.3
    assert times[3] - times[1] < 0.3


@pytest.mark.django_db
def test_refusal_holds_everybody_up_for_as_long_as_the_server_asks(groq, gateway):
    server = groq()
    server.script("429", retry_after=30)
    with pytest.raises(LanguageModelError):
        ask(gateway)
    assert gateway.acquire(Ability.TEXT, tokens=10) == pytest.approx(30, abs=1)
    limits = pacing.limits(Ability.TEXT)
    assert limits.state == "waiting"
    assert "asks to wait" in limits.why
    # Other models go on.
    assert gateway.acquire(Ability.VISION, tokens=10) == 0


@pytest.mark.django_db
def test_limits_of_the_day_and_of_tokens_are_learned_from_the_first_answer(groq, gateway):
    groq(requests_per_day=1000, tokens_per_minute=8000)
    ask(gateway)
    limits = pacing.limits(Ability.TEXT)
    assert limits.requests_left_today == 999
    assert limits.tokens_a_minute == 8000
    assert (limits.requests_a_minute, limits.requests_from) == (30, "experience")


@pytest.mark.django_db
def test_limit_of_a_minute_is_learned_from_the_first_answer(groq, gateway):
    groq(requests_per_minute=30, headers_say_minute=True)
    ask(gateway)
    limits = pacing.limits(Ability.TEXT)
    assert (limits.requests_a_minute, limits.requests_from) == (30, "answers")
    assert 1 < gateway.acquire(Ability.TEXT, tokens=10) < 2.2


@pytest.mark.django_db
def test_refused_key_stops_calls_until_another_one_is_there(groq, gateway, settings):
    server = groq(api_key="right")
    with pytest.raises(LanguageModelError):
        ask(gateway)
    for _ in range(3):
        with pytest.raises(LanguageModelError, match="refuses the key") as held:
            ask(gateway)
        assert (held.value.code, held.value.outside) == ("unauthorised", True)
    assert pacing.limits(Ability.TEXT).state == "unavailable"
    settings.GROQ_API_KEY = "right"
    ask(gateway)
    assert len(server.requests) == 1
    assert pacing.limits(Ability.TEXT).state == "ok"


@pytest.mark.django_db
def test_slot_that_a_kept_answer_does_not_need_is_given_back(groq, gateway):
    groq(requests_per_minute=30, headers_say_minute=True)
    ask(gateway, key="a" * 64)
    time.sleep(gateway.acquire(Ability.TEXT, tokens=10))
    assert gateway.acquire(Ability.TEXT, tokens=10) == 0
    ask(gateway, key="a" * 64, paced=False)
    assert gateway.acquire(Ability.TEXT, tokens=10) == 0
