"""The account's list of models: asked for rarely, kept for all, and held against the settings."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pydantic import BaseModel

from prodintel.llm import account_models, adapter, checks, credentials, health
from prodintel.llm.models import AccountModels
from prodintel.llm.types import Ability, Account, LanguageModelError, Message

pytestmark = pytest.mark.django_db


class Anything(BaseModel):
    text: str


def ids(problems) -> list[str]:
    return [problem.id for problem in problems]


def test_list_is_asked_for_once_in_five_minutes(groq, monkeypatch):
    groq()
    asked = []
    real = adapter.model_ids
    monkeypatch.setattr(adapter, "model_ids", lambda *a, **k: asked.append(1) or real(*a, **k))
    for _ in range(3):
        models, listing = account_models.overview()
    assert "qwen/qwen3.8-27b" in listing.ids
    assert [model.available for model in models] == [True, True]
    assert len(asked) == 1
    AccountModels.objects.update(asked_at=timezone.now() - timedelta(minutes=6))
    account_models.overview()
    assert len(asked) == 2


def test_provider_that_is_away_leaves_the_list_as_last_seen(groq, settings):
    groq()
    active = credentials.current()
    account_models.fetch(active)
    adapter.close()
    kept = AccountModels.objects.get()
    settings.GROQ_BASE_URL = "http://127.0.0.1:9"
    gone = credentials.current()
    AccountModels.objects.filter(pk=kept.pk).update(account=gone.account)
    listing = account_models.fetch(gone)
    assert "cannot be reached" in listing.error
    assert "qwen/qwen3.8-27b" in listing.ids


def test_check_says_nothing_without_a_key_and_while_the_list_is_not_known(groq, settings):
    server = groq()
    assert checks.models_are_there() == []
    settings.GROQ_API_KEY = ""
    assert checks.models_are_there() == []
    assert server.requests == []


def test_check_warns_of_models_that_the_account_lacks(groq, settings):
    groq()
    settings.GROQ_TEXT_MODEL = "llama-3.3-70b-versatile"
    account_models.fetch(credentials.current())
    problems = checks.models_are_there()
    assert ids(problems) == ["prodintel.W010"]
    assert "GROQ_TEXT_MODEL" in problems[0].hint


def test_check_warns_of_a_vision_model_that_sees_nothing(groq, settings):
    groq()
    settings.GROQ_VISION_MODEL = "openai/gpt-oss-20b"
    assert ids(checks.models_are_there()) == ["prodintel.W011"]


def test_check_warns_of_a_search_model_that_does_not_search(groq, settings):
    groq()
    settings.GROQ_SEARCH_MODEL = "openai/gpt-oss-20b"
    assert ids(checks.models_are_there()) == ["prodintel.W011"]


def test_searching_the_web_is_off_until_a_model_is_named(groq, settings):
    groq()
    assert [m.ability for m in account_models.overview()[0]] == ["vision", "text"]
    settings.GROQ_SEARCH_MODEL = "groq/compound"
    chosen = account_models.overview()[0][-1]
    assert (chosen.ability, chosen.available) == ("search", True)
    assert "searches the web" in chosen.can


def test_command_lists_what_the_models_can_do(groq):
    groq()
    out = StringIO()
    call_command("check_models", stdout=out)
    assert "GROQ_VISION_MODEL=qwen/qwen3.8-27b: 3 photos a call" in out.getvalue()


def test_command_fails_where_a_model_is_missing_or_there_is_no_key(groq, settings):
    groq()
    settings.GROQ_TEXT_MODEL = "somebody/gone"
    with pytest.raises(CommandError, match="Not every"):
        call_command("check_models", stdout=StringIO())
    settings.GROQ_API_KEY = ""
    with pytest.raises(CommandError, match="No key"):
        call_command("check_models", stdout=StringIO())


def test_health_follows_key_and_breaker(groq, gateway, settings):
    server = groq()
    assert health.state() == "ok"
    server.script("401", times=None)
    with pytest.raises(LanguageModelError):
        gateway.structured(
            Ability.TEXT,
            [Message("user", "Hello.")],
            Anything,
            account=Account("test"),
            max_tokens=10,
        )
    assert health.state() == "unavailable"
    settings.GROQ_API_KEY = ""
    assert health.state() == "not configured"
