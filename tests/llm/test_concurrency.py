"""How many requests of a process are out at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from pydantic import BaseModel

from prodintel.llm.types import Ability, Account, Message


class Title(BaseModel):
    title: str


@pytest.mark.django_db(transaction=True)
def test_no_more_requests_are_out_at_once_than_the_settings_say(groq, gateway, settings):
    settings.LLM_CONCURRENCY = 2
    server = groq(latency=0.3)

    def ask(number: int) -> str:
        try:
            messages = [Message("user", f"Thing {number}, as JSON")]
            account = Account("tests")
            answer = gateway.structured(
                Ability.TEXT, messages, Title, account=account, max_tokens=500
            )
            return answer.value.title
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(ask, range(6)))) == 6
    assert server.most_concurrent == 2
