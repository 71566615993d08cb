"""One validated answer from the gateway, over a socket, whatever the model can do."""

from __future__ import annotations

from typing import Literal

import pytest
from django.db import OperationalError
from pydantic import BaseModel

from prodintel.llm import budgets, pacing
from prodintel.llm.credentials import current
from prodintel.llm.models import Call, KeptAnswer, Outcome
from prodintel.llm.types import Ability, Account, Image, LanguageModelError, Message
from tests.groq_server import Fault, ServedModel

pytestmark = pytest.mark.django_db
ACCOUNT = Account("describe", "catalog:1")


class Said(BaseModel):
    title: str
    colour: Literal["red", "blue"]
    size: int | None


@pytest.fixture
def ask(gateway):
    def call(ability=Ability.TEXT, **options):
        messages = [Message("system", "Describe."), Message("user", "A thing.")]
        options = {"account": ACCOUNT, "max_tokens": 300} | options
        return gateway.structured(ability, messages, Said, **options)

    return call


def formats(server) -> list[str]:
    """How each request asked for structure."""
    found = []
    for call in server.requests:
        form = call.body.get("response_format") or {"type": "prompt"}
        strict = (form.get("json_schema") or {}).get("strict")
        found.append("strict" if strict else form["type"])
    return found


def served(**abilities) -> dict:
    return {"models": [ServedModel("openai/gpt-oss-120b", **abilities)]}


def test_strict_model_is_asked_once_with_the_schema(groq, ask):
    server = groq()
    assert ask().value.colour in {"red", "blue"}
    assert formats(server) == ["strict"]


@pytest.mark.parametrize(
    ("abilities", "tried"),
    [
        ({}, ["strict", "json_schema"]),
        ({"json_schema": False}, ["strict", "json_schema", "json_object"]),
        (
            {"json_schema": False, "json_object": False},
            ["strict", "json_schema", "json_object", "prompt"],
        ),
    ],
)
def test_model_that_cannot_is_asked_in_the_next_way_and_that_is_remembered(
    groq, ask, abilities, tried
):
    server = groq(**served(**abilities))
    # Asked without a format this server writes prose.
    said = Fault("say", {"text": 'Here: {"title": "Cup", "colour": "red", "size": null}'})
    server.script(said, when=lambda call: call.format == "text", times=None)
    assert ask().value.title
    assert formats(server) == tried
    ask()
    assert formats(server) == [*tried, tried[-1]]


def test_reasoning_is_hidden_in_the_model_s_own_words(groq, ask):
    server = groq()
    ask(Ability.VISION)
    ask(Ability.TEXT)
    vision, text = (call.body for call in server.requests)
    assert (vision["reasoning_format"], vision["reasoning_effort"]) == ("hidden", "none")
    assert (text["include_reasoning"], text["reasoning_effort"]) == (False, "low")
    assert text["max_completion_tokens"] == 300 + 1024


def test_server_that_knows_no_reasoning_is_asked_without_from_then_on(groq, ask):
    server = groq()
    server.script("400", when=lambda call: "include_reasoning" in call.body, times=None)
    with pytest.raises(LanguageModelError) as refused:
        ask()
    assert (refused.value.code, refused.value.permanent) == ("refused", True)
    server.clear()
    lane = pacing.Lane(current().account, "openai/gpt-oss-120b")
    pacing.remember_plain(lane)
    ask()
    assert "include_reasoning" not in server.requests[0].body


@pytest.mark.parametrize(
    "fault", ["invalid_json", "wrong_types", "outside_list", "schema_violation"]
)
def test_answer_that_does_not_fit_is_repaired_once_quoting_what_was_wrong(groq, ask, fault):
    server = groq()
    server.script(fault)
    answer = ask()
    assert answer.value.title
    assert len(server.requests) == 2
    assert "does not fit" in server.requests[1].text
    # What was wasted on the first try was paid for, too.
    both = sum(call.completion_tokens for call in server.requests)
    assert answer.usage.completion_tokens == both


@pytest.mark.parametrize("fault", ["fenced", "wrong_root"])
def test_json_with_words_around_it_is_found(groq, ask, fault):
    server = groq()
    server.script(fault)
    assert ask().value.title
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", ["invalid_json", "empty_content"])
def test_second_bad_answer_is_given_up(groq, ask, fault):
    server = groq()
    server.script(fault, times=None)
    with pytest.raises(LanguageModelError) as failed:
        ask()
    assert failed.value.code == "bad_answer"
    assert not failed.value.outside
    assert len(server.requests) == 2


@pytest.mark.parametrize("fault", ["deep", "huge", "not_finite", "surrogates"])
def test_answer_that_would_break_the_reader_is_given_up_after_few_requests(groq, ask, fault):
    server = groq()
    server.script(fault, times=None)
    with pytest.raises(LanguageModelError) as failed:
        ask()
    assert failed.value.code == "bad_answer"
    assert len(server.requests) <= 3


def test_answer_that_was_cut_off_is_asked_again_with_more_room_once(groq, ask):
    server = groq()
    server.script("truncated")
    ask()
    first, second = (call.body["max_completion_tokens"] for call in server.requests)
    assert second == 2 * first
    server.clear()
    server.script("truncated", times=None)
    with pytest.raises(LanguageModelError, match="cut off"):
        ask()
    assert len(server.requests) == 2


def test_json_that_the_provider_threw_away_is_used_if_it_fits(groq, ask):
    server = groq(**served(strict=True))
    server.script("json_validate_failed")
    ask()
    assert formats(server) == ["strict", "json_schema"]


def test_photos_go_along_as_data_and_too_large_ones_do_not_go_out(groq, gateway, photo_bytes):
    server = groq()
    message = Message("user", "What is it?", (Image(photo_bytes()), Image(photo_bytes())))
    gateway.structured(Ability.VISION, [message], Said, account=ACCOUNT, max_tokens=100)
    assert server.requests[0].images == (photo_bytes(), photo_bytes())
    large = Message("user", "What is it?", (Image(b"x" * 3_000_000),))
    with pytest.raises(LanguageModelError) as refused:
        gateway.structured(Ability.VISION, [large], Said, account=ACCOUNT, max_tokens=100)
    assert (refused.value.code, refused.value.permanent) == ("refused", True)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("fault", "code", "permanent", "outside"),
    [
        ("401", "unauthorised", False, True),
        ("403", "unauthorised", False, True),
        ("unknown_model", "unknown_model", False, True),
        ("413", "refused", True, False),
        ("400", "refused", True, False),
        ("refusal", "refused", True, False),
        ("429", "rate_limited", False, True),
        ("498", "unavailable", False, True),
        ("500", "unavailable", False, True),
        ("502", "unavailable", False, True),
        ("503", "unavailable", False, True),
        ("closed", "unavailable", False, True),
        ("cut_body", "unavailable", False, True),
        ("no_json_body", "unavailable", False, True),
        ("empty_choices", "bad_answer", False, False),
    ],
)
def test_error_says_what_it_means_and_is_written_down(groq, ask, fault, code, permanent, outside):
    server = groq()
    server.script(fault, times=None)
    with pytest.raises(LanguageModelError) as failed:
        ask()
    error = failed.value
    assert (error.code, error.permanent, error.outside) == (code, permanent, outside)
    assert len(server.requests) == 1
    call = Call.objects.get()
    assert (call.outcome, call.code) == ("failed", code)


def test_wait_that_the_server_asks_for_is_in_the_error(groq, ask):
    groq().script(Fault("429", {"retry_after": 17}))
    with pytest.raises(LanguageModelError) as failed:
        ask()
    assert failed.value.retry_after == 17


def test_server_that_hangs_is_left_in_time(groq, ask, monkeypatch):
    monkeypatch.setattr("prodintel.llm.adapter.READ_SECONDS", 0.3)
    groq().script("hang")
    with pytest.raises(LanguageModelError, match="in time"):
        ask()
    # Nobody knows whether it has to be paid for, so it goes on counting.
    assert Call.objects.get().tokens > 300


def test_without_a_key_nothing_is_asked(groq, ask, gateway, settings):
    server = groq()
    settings.GROQ_API_KEY = ""
    for call in (ask, lambda: gateway.acquire(Ability.TEXT, tokens=1)):
        with pytest.raises(LanguageModelError) as failed:
            call()
        assert failed.value.code == "not_configured"
    assert not gateway.is_configured()
    assert server.requests == []


def test_answer_is_paid_for_once(groq, ask):
    server = groq()
    first, second = ask(key="a" * 64), ask(key="a" * 64)
    assert (first.kept, second.kept) == (False, True)
    assert first.value == second.value
    assert second.usage.prompt_tokens == first.usage.prompt_tokens
    assert len(server.requests) == 1


def test_answer_is_not_lost_when_it_cannot_be_written_down(groq, ask, monkeypatch):
    server = groq()

    def locked(*_args, **_options):
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(budgets, "call_close", locked)
        assert not ask(key="a" * 64).kept
    assert ask(key="a" * 64).kept
    assert len(server.requests) == 1
    # It goes on counting as what it might have taken.
    assert Call.objects.get().outcome == Outcome.OPEN


def test_kept_answer_that_no_longer_fits_is_asked_for_anew(groq, ask):
    server = groq()
    KeptAnswer.objects.create(key="a" * 64, text='{"title": "old"}', model="m")
    assert not ask(key="a" * 64).kept
    assert len(server.requests) == 1
    assert ask(key="a" * 64).kept


def test_key_is_in_no_message_and_no_log(groq, ask, caplog):
    server = groq(api_key="another")
    with pytest.raises(LanguageModelError) as failed:
        ask()
    said = f"{failed.value} {failed.value.details} {caplog.text} {Call.objects.get().error}"
    assert "gsk_only_for_tests" not in said
    assert failed.value.__suppress_context__
    assert server.requests == []
