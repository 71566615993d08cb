"""How many requests of a process are out at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from pydantic import BaseModel

from prodintel.llm.kept import Reservation
from prodintel.llm.types import Ability, Account, Message


class Title(BaseModel):
    title: str


pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ask(gateway):
    """Asks for the title of a thing, from any thread."""

    def call(number: int) -> str:
        try:
            messages = [Message("user", f"Thing {number}, as JSON")]
            account, key = Account("tests"), str(number) * 64
            options = {"account": account, "max_tokens": 500, "key": key}
            return gateway.structured(Ability.TEXT, messages, Title, **options).value.title
        finally:
            connections.close_all()

    return call


def test_no_more_requests_are_out_at_once_than_the_settings_say(groq, ask, settings):
    settings.LLM_CONCURRENCY = 2
    server = groq(latency=0.3)
    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(ask, range(6)))) == 6
    assert server.most_concurrent == 2


def test_an_answer_is_kept_before_the_next_request_goes_out(groq, ask, settings, monkeypatch):
    settings.LLM_CONCURRENCY = 1
    server = groq()
    out: list[int] = []
    keep = Reservation.keep

    def slowly(self, answer):
        threading.Event().wait(0.1)
        out.append(len(server.requests))
        keep(self, answer)

    monkeypatch.setattr(Reservation, "keep", slowly)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(ask, range(3)))
    assert out == [1, 2, 3]
