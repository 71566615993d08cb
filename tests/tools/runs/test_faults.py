"""Every fault of a language model's server, met by runs that stream: at their first call, at one
after it, after the end of the process, and for ever.

Each fault meets a run of its own; the runs are performed at once, as they are on a site.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from prodintel.llm import adapter, pace, structured
from tests.groq_protocol.faults import NAMES, WIRE
from tests.groq_server import Fault, GroqServer
from tools.models import RESUMABLE, RunEvent, RunState, ToolRun
from tools.runs import performing, running
from tools.runs.loop import forget_run_loop, run_loop
from tools.services.runs import run_resume

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sample")]

OPTIONS = {"seconds": 4.0, "retry_after": 1, "text": "no", "values": {"headline": "here"}}
# Longer than a machine under load takes for an answer.
PATIENCE = 1.5
# The same request is refused again, however often it is made.
REFUSED = {"400", "413", "json_validate_failed"}
KEYS = {"401", "403", "unknown_model"}


@pytest.fixture
def server(groq, settings, monkeypatch) -> GroqServer:
    monkeypatch.setattr(adapter, "FIRST_TOKEN_SECONDS", PATIENCE)
    monkeypatch.setattr(performing, "LONGEST_WAIT", 2.0)
    monkeypatch.setattr(performing, "TRIES", 2)
    # Reading much takes the time of all runs beside it, and says no more than reading this.
    monkeypatch.setattr(performing, "LONGEST_TEXT", 50_000)
    monkeypatch.setattr(structured, "LONGEST_ANSWER", 8_000)
    # Nobody keeps a run from the fault that is meant for it.
    monkeypatch.setattr(pace, "FAILURES_TO_OPEN", 10_000)
    settings.LLM_REQUESTS_PER_MINUTE = 100_000
    return groq(answer_tokens=10)


@pytest.fixture
def runs(make_product, make_run, server) -> dict[str, ToolRun]:
    """A run for each fault, on a product that is named after it."""
    return {
        name: make_run(make_product(title_of(name), color=None))
        for name in NAMES
        # A key that is refused stops all calls of the site: these have tests of their own.
        if name not in KEYS
    }


def title_of(name: str) -> str:
    return f"Piece {name.replace('_', '-')} end"


def script(
    server: GroqServer, names: Iterable[str], *, times: int | None = 1, text: str = ""
) -> None:
    """Each run's calls meet its fault so many times; those that name `text` alone, where given."""
    for name in names:
        title = title_of(name)
        server.script(
            Fault(name, OPTIONS),
            when=lambda call, title=title: f"{title}." in call.text and text in call.text,
            times=times,
        )


def perform(runs: Iterable[ToolRun]) -> None:
    for ended in [run_loop().perform(run.pk) for run in runs]:
        ended.result(60)


def resume(runs: dict[str, ToolRun]) -> None:
    for run in runs.values():
        run.refresh_from_db()
        if run.state in RESUMABLE:
            run_resume(run=run)
    perform(runs.values())


def check(runs: dict[str, ToolRun]) -> dict[str, str]:
    """The states in which the runs ended; each has its evidence, and its events add up."""
    states = {}
    for name, run in runs.items():
        run.refresh_from_db()
        states[name] = run.state
        assert run.state in {RunState.DONE, RunState.FAILED}, name
        assert run.evidence == {"title": title_of(name)}, name
        assert (run.state == RunState.DONE) == (run.error == ""), name
        numbers = list(RunEvent.objects.filter(run=run).values_list("number", flat=True))
        assert numbers == list(range(1, run.last_event + 1)), name
    return states


def failed(states: dict[str, str]) -> set[str]:
    return {name for name, state in states.items() if state == RunState.FAILED}


def test_fault_at_the_first_call_ends_in_a_result_or_can_be_resumed(runs, server):
    script(server, runs)
    perform(runs.values())
    # One writes a million characters where nothing but an end tells that they are too many.
    assert failed(check(runs)) == REFUSED | {"huge"}
    resume(runs)
    assert failed(check(runs)) == set()


def test_fault_at_a_later_call_keeps_what_was_written_before(runs, server):
    script(server, runs, text="Card 0")
    perform(runs.values())
    states = check(runs)
    assert failed(states) == REFUSED
    for name in failed(states):
        kept = {block["id"]: block["state"] for block in runs[name].blocks}
        assert kept == {"facts": "done", "text": "done", "card-0": "failed"}
    asked = len(server.requests)
    resume(runs)
    assert failed(check(runs)) == set()
    assert len(server.requests) == asked + len(REFUSED)


def test_fault_for_ever_ends_in_words_and_is_resumed_when_it_has_passed(runs, server):
    script(server, runs, times=None)
    perform(runs.values())
    states = check(runs)
    assert failed(states) >= REFUSED | {"429", "500", "hang", "closed", "cut_stream"}
    server.clear()
    resume(runs)
    assert failed(check(runs)) == set()


def test_fault_across_the_end_of_the_process_is_resumed(runs, server):
    # The others are over when they are read, and leave nothing for a process to end in.
    runs = {name: runs[name] for name in (*WIRE, "429", "503", "huge", "invalid_json")}
    script(server, runs, times=2)
    begun = [run_loop().perform(run.pk) for run in runs.values()]
    assert begun
    running.end()
    forget_run_loop()
    for run in runs.values():
        run.refresh_from_db()
        assert run.state in {RunState.QUEUED, RunState.INTERRUPTED, RunState.DONE, RunState.FAILED}
    resume(runs)
    check(runs)
    server.clear()
    resume(runs)
    assert failed(check(runs)) == set()


@pytest.mark.parametrize("fault", sorted(KEYS))
def test_refused_key_or_model_is_said_at_once(fault, performed, server):
    server.script(fault, times=None)
    run = performed()
    assert run.state == "failed"
    assert run.error
    assert len(server.requests) == 1
