"""Two who ask the same at once: one call, whoever of them fails or dies."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pydantic import BaseModel

from prodintel.llm import adapter, requests
from prodintel.llm.kept import Reservation, Taken, answer_reserve, reservations_free
from prodintel.llm.models import KeptAnswer
from prodintel.llm.types import Ability, Account, Answer, LanguageModelError, Message, Usage
from tests.live_site import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "a" * 64


class Said(BaseModel):
    title: str


@pytest.fixture
def ask(gateway):
    def call(**options) -> Answer[Said]:
        messages = [Message("user", "A thing, as JSON.")]
        options = {"account": Account("tests"), "max_tokens": 300, "key": KEY} | options
        return gateway.structured(Ability.TEXT, messages, Said, **options)

    return call


@pytest.fixture
def beside(ask):
    """Asks from another thread."""

    def call() -> Answer[Said]:
        try:
            return ask()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        yield lambda: pool.submit(call)


def reserved(*, seconds: float, holder: str = "other/1") -> Reservation:
    """As if another process had reserved the key, for so many seconds more."""
    found = answer_reserve(KEY, Said, holder=holder)
    assert isinstance(found, Reservation)
    until = timezone.now() + timedelta(seconds=seconds)
    KeptAnswer.objects.filter(key=KEY).update(held_until=until)
    return found


def answer() -> Answer[Said]:
    return Answer(Said(title="Cup"), Usage(10, 5, None), "m")


def test_two_at_once_pay_for_one_call(groq, ask, beside):
    server = groq(latency=0.3)
    first: Future[Answer[Said]] = beside()
    wait_until(lambda: server.requests, "the first call")
    second = ask()
    assert (first.result().kept, second.kept) == (False, True)
    assert first.result().value == second.value
    assert len(server.requests) == 1


def test_when_the_first_fails_the_other_asks_at_once(groq, ask, beside):
    server = groq(latency=0.3)
    server.script("500")
    first = beside()
    wait_until(lambda: server.requests, "the first call")
    assert not ask().kept
    with pytest.raises(LanguageModelError):
        first.result()
    assert len(server.requests) == 2


def test_when_the_first_died_the_other_asks_once_its_reservation_has_ended(groq, ask):
    server = groq()
    reserved(seconds=0.2)
    until = KeptAnswer.objects.get().held_until
    assert not ask().kept
    assert KeptAnswer.objects.get().created_at > until
    assert len(server.requests) == 1
    assert ask().kept


def test_what_is_being_asked_for_long_is_given_up_unasked(groq, ask, monkeypatch):
    monkeypatch.setattr(requests, "PATIENCE_SECONDS", 0.1)
    server = groq()
    reserved(seconds=60)
    with pytest.raises(LanguageModelError, match="asked already") as waited:
        ask()
    assert (waited.value.code, waited.value.outside) == ("asked_already", True)
    assert server.requests == []


def test_a_slot_is_not_held_while_another_asks(groq, gateway, ask, monkeypatch):
    monkeypatch.setattr(requests, "SHORT_PATIENCE_SECONDS", 0.1)
    groq(requests_per_minute=30, headers_say_minute=True)
    reserved(seconds=60)
    assert gateway.acquire(Ability.TEXT, tokens=10) == 0
    with pytest.raises(LanguageModelError):
        ask(paced=False)
    assert gateway.acquire(Ability.TEXT, tokens=10) == 0


def test_a_dead_worker_s_reservations_end_when_the_next_one_starts(groq, ask):
    groq()
    reserved(seconds=60, holder="site/17")
    assert reservations_free(holder_prefix="elsewhere/") == 0
    assert isinstance(answer_reserve(KEY, Said), Taken)
    assert reservations_free(holder_prefix="site/") == 1
    assert not ask(holder="site/18").kept
    # What is kept is no reservation.
    assert reservations_free(holder_prefix="site/") == 0
    assert ask().kept


def test_who_was_slow_keeps_what_it_paid_for_and_ends_nobody_else_s_reservation():
    slow = reserved(seconds=-1)
    next_one = answer_reserve(KEY, Said)
    assert isinstance(next_one, Reservation)
    slow.release()
    assert isinstance(answer_reserve(KEY, Said), Taken)
    slow.keep(answer())
    next_one.release()
    found = answer_reserve(KEY, Said)
    assert isinstance(found, Answer)
    assert found.value.title == "Cup"


def test_of_two_who_find_the_same_dead_reservation_one_takes_it_over(monkeypatch):
    reserved(seconds=-1)
    seen = KeptAnswer.objects.get()
    assert isinstance(answer_reserve(KEY, Said), Reservation)
    monkeypatch.setattr(type(KeptAnswer.objects.all()), "first", lambda _rows: seen)
    assert isinstance(answer_reserve(KEY, Said), Taken)


def test_a_reservation_costs_a_call_one_write_more(groq, ask):
    groq()
    with CaptureQueriesContext(connection) as queries:
        ask()
    of_answers = [each["sql"] for each in queries if "llm_keptanswer" in each["sql"]]
    assert [sql.split()[0] for sql in of_answers] == ["SELECT", "INSERT", "UPDATE"]
    with CaptureQueriesContext(connection) as queries:
        ask()
    assert [each["sql"].split()[0] for each in queries] == ["SELECT"]


def test_no_transaction_is_open_during_a_call(groq, ask, monkeypatch):
    groq()
    complete = adapter.complete

    def looked(*args, **options):
        assert not connection.in_atomic_block
        return complete(*args, **options)

    monkeypatch.setattr(adapter, "complete", looked)
    assert ask().value.title


def test_an_answer_that_the_database_does_not_keep_is_given_to_who_paid(groq, ask):
    groq()

    def locked(execute, sql, *rest):
        if sql.startswith('UPDATE "llm_keptanswer"'):
            raise OperationalError("database is locked")
        return execute(sql, *rest)

    with connection.execute_wrapper(locked):
        assert ask().value.title
