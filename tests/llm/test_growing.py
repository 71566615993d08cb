"""Answers of a given shape, read while they are written."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from prodintel.llm import growing, structured
from prodintel.llm.types import Ability, Account, LanguageModelError, Message

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("_streams_closed"),
]


class Card(BaseModel):
    headline: str
    lines: list[str]


def grown(gateway):
    asked = [Message("user", "Write a card.")]
    account = Account("analysis", "catalog:1")
    return gateway.grow(Ability.TEXT, asked, Card, account=account, max_tokens=500)


@pytest.fixture
def readings(monkeypatch) -> list[int]:
    """How long the text was each time it was read."""
    found: list[int] = []
    read = growing.beginning
    monkeypatch.setattr(growing, "beginning", lambda text: found.append(len(text)) or read(text))
    return found


async def test_answer_is_read_now_and_then_and_not_at_every_word(
    groq, gateway, readings, monkeypatch
):
    monkeypatch.setattr(growing, "PAUSE_SECONDS", 60.0)
    groq(answer_tokens=200)
    growths = [growth async for growth in grown(gateway)]
    assert len(readings) == 1
    assert growths[-1].value.headline


async def test_answer_without_an_end_is_left_when_it_is_too_long(groq, gateway, monkeypatch):
    monkeypatch.setattr(structured, "LONGEST_ANSWER", 5_000)
    server = groq()
    server.script("huge", times=None)
    with pytest.raises(LanguageModelError) as failed:
        [growth async for growth in grown(gateway)]
    assert failed.value.code == "bad_answer"
    assert "too long" in str(failed.value)
    assert len(server.requests) == 2
