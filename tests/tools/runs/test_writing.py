"""What runs say, written whatever it is and whatever becomes of database and Redis meanwhile."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from threading import Event

import pytest
from django.db import OperationalError

from tests.tools.performing import perform_here
from tests.tools.runs.test_performing import started, until
from tools.kinds.base import Block
from tools.models import RunEvent, RunState, ToolRun
from tools.runs import journal, performing, running
from tools.runs.course import TEXT, storable
from tools.services.runs import events_add

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sample")]


def numbers(run: ToolRun) -> list[int]:
    return list(RunEvent.objects.filter(run=run).values_list("number", flat=True))


@pytest.fixture
def performing_by(sample, monkeypatch):
    """Has the small tool perform its runs by this coroutine function."""
    return lambda perform: monkeypatch.setattr(
        type(sample), "perform", lambda _self, run: perform(run)
    )


def test_json_becomes_what_databases_take():
    odd = {"a\x00": ["\ud83d half", ("\x00",), float("nan"), 1.5, None, True]}
    assert storable(odd) == {"a": [" half", [""], None, 1.5, None, True]}


def test_such_characters_in_errors_and_results_are_left_out(performed, performing_by):
    async def perform(run) -> None:
        run.put(text={"text": "one\x00two"})
        raise performing.LanguageModelError("No \x00 today", code="refused")

    performing_by(perform)
    run = performed()
    assert (run.state, run.error) == ("failed", "No  today")
    assert run.output == {"text": {"text": "onetwo"}}


def test_what_cannot_be_written_ends_its_own_run_alone(make_run, performing_by):
    """Both runs have something to say at once, and so their events go into one transaction."""
    go_on = asyncio.Event()

    async def perform(run) -> None:
        if run.options.parts == 2:
            go_on.set()
        await asyncio.wait_for(go_on.wait(), 5)
        text = Decimal(1) if run.options.parts == 1 else "Fine."
        await run.show(Block("text", "prose", "Text", {"text": text}))

    performing_by(perform)
    runs = [make_run(parts=1), make_run(parts=2)]
    threads = [started(run) for run in runs]
    for thread in threads:
        thread.join(10)
    for run in runs:
        run.refresh_from_db()
    assert [run.state for run in runs] == ["failed", "done"]
    assert "log" in runs[0].error
    assert all(numbers(run) == list(range(1, run.last_event + 1)) for run in runs)


def test_result_that_cannot_be_written_is_a_failed_run(performed, performing_by):
    async def perform(run) -> None:
        run.put(text=Decimal(1))

    performing_by(perform)
    run = performed()
    assert (run.state, run.output) == ("failed", {})


def test_database_that_is_away_for_a_moment_costs_no_event(groq, performed, monkeypatch):
    groq(answer_tokens=60, tokens_per_second=300)
    monkeypatch.setattr(journal, "RETRY_SECONDS", 0.02)
    tries = iter(range(100))

    def now_and_then(**events) -> set[int]:
        if next(tries) % 3 == 1:
            raise OperationalError
        lost = events_add(**events)
        if next(tries) % 3 == 1:
            # Written, and the answer lost.
            raise OperationalError
        return lost

    monkeypatch.setattr(journal, "events_add", now_and_then)
    run = performed()
    assert run.state == "done"
    assert numbers(run) == list(range(1, run.last_event + 1))
    texts = RunEvent.objects.filter(kind=TEXT)
    assert "".join(one.data["text"] for one in texts) == run.output["text"]["text"]


def test_words_without_an_end_are_stopped(groq, performed, monkeypatch):
    monkeypatch.setattr(performing, "LONGEST_TEXT", 300)
    groq(answer_tokens=500, tokens_per_second=2000)
    run = performed()
    (text,) = [block for block in run.blocks if block["id"] == "text"]
    assert (run.state, text["state"]) == ("failed", "failed")
    assert 300 < len(text["data"]["text"]) < 400


def test_reading_a_run_that_ends_meanwhile_gives_all_of_its_end(groq, make_run):
    groq(answer_tokens=30)
    before = make_run()
    perform_here(before.pk)
    run, course = running.as_it_is(before)
    assert course.state == run.state == "done"
    assert run.prompt_tokens
    assert run.output


def test_tools_that_take_long_keep_no_run_from_being_written(groq, make_run, performing_by):
    """Every thread of the tools waits, and runs are written, stopped and ended all the same."""
    waiting = Event()

    async def perform(run) -> None:
        if run.options.parts == 2:
            await run.show(Block("text", "prose", "Text", {"text": "Here."}))
        else:
            await run.in_thread(waiting.wait, 10)

    performing_by(perform)
    slow = [started(make_run(parts=1)) for _ in range(8)]
    assert until(lambda: ToolRun.objects.exclude(evidence={}).count() == len(slow))
    running.stop(ToolRun.objects.first())
    assert until(lambda: ToolRun.objects.filter(state=RunState.STOPPED).exists())
    waiting.set()
    for thread in slow:
        thread.join(10)
