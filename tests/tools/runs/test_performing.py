"""Runs performed by the real SDK against the protocol server, and what is left of them."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from prodintel.lib.threads import in_thread
from prodintel.llm.models import Call
from prodintel.llm.types import Message
from tests.tools.performing import perform_here
from tools.kinds.base import Block
from tools.models import RunEvent, RunState, ToolRun
from tools.runs import hub, running
from tools.runs.loop import run_loop
from tools.selectors import course_of
from tools.services.runs import leases_renew, run_edit, run_resume, run_stop, runs_interrupt

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sample")]


def blocks(run: ToolRun) -> dict[str, dict]:
    return {block["id"]: block for block in run.blocks}


def until(true, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(found)


def started(run: ToolRun) -> threading.Thread:
    """Performs the run in the background."""
    thread = threading.Thread(target=perform_here, args=[run.pk])
    thread.start()
    return thread


def test_run_ends_with_evidence_text_and_what_it_took(groq, performed):
    groq(answer_tokens=40)
    run = performed()
    assert (run.state, run.error, run.writer) == (RunState.DONE, "", "groq")
    assert run.evidence == {"title": "Mug"}
    assert list(blocks(run)) == ["facts", "text", "card-0"]
    assert all(block["state"] == "done" for block in run.blocks)
    assert run.output["text"]["text"] == blocks(run)["text"]["data"]["text"] != ""
    assert run.prompt_tokens == sum(call.prompt_tokens for call in Call.objects.all()) > 0
    assert run.completion_tokens > 40
    assert run.cost_usd > 0
    assert 0 <= run.first_token_ms <= run.total_ms
    assert run.model == "openai/gpt-oss-120b"


def test_events_are_numbered_without_gaps_and_add_up_to_the_run(groq, performed):
    groq(answer_tokens=60, tokens_per_second=100)
    run = performed(parts=3)
    numbers = list(RunEvent.objects.values_list("number", flat=True))
    assert numbers == list(range(1, run.last_event + 1))
    texts = RunEvent.objects.filter(kind="text")
    assert texts.count() > 1
    assert "".join(one.data["text"] for one in texts) == blocks(run)["text"]["data"]["text"]
    told = run.blocks
    run.blocks, run.last_event = [], 0
    assert list(course_of(run).blocks.values()) == told


def test_without_a_key_a_draft_is_written(performed):
    run = performed()
    assert (run.state, run.writer, run.output) == ("done", "draft", {"text": {"text": "By rules."}})


def test_parts_are_asked_at_once(groq, performed):
    server = groq(answer_tokens=30, first_token=0.5)
    performed(parts=4)
    assert server.most_concurrent == 4


@pytest.mark.parametrize("fault", ["429", "500", "closed", "cut_stream", "stream_error"])
def test_fault_that_passes_is_waited_for(groq, performed, fault):
    server = groq(answer_tokens=30)
    server.script(fault)
    run = performed()
    assert (run.state, run.error) == ("done", "")
    assert len(server.requests) == 3


def test_text_of_a_broken_answer_is_not_kept_beside_the_next(groq, performed):
    server = groq(answer_tokens=30)
    server.script("cut_stream")
    run = performed()
    assert blocks(run)["text"]["data"]["text"].count("**An answer**") <= 1


def test_answer_that_does_not_fit_is_asked_for_once_more(groq, performed):
    server = groq(answer_tokens=30)
    server.script("invalid_json", when=lambda call: "Card" in call.text)
    run = performed()
    assert run.state == "done"
    assert len(server.requests) == 3


def test_one_part_that_fails_leaves_the_others(groq, performed):
    server = groq(answer_tokens=30)
    server.script("400", when=lambda call: "Card 1" in call.text, times=None)
    run = performed(parts=3)
    states = {key: block["state"] for key, block in blocks(run).items()}
    assert run.state == "failed"
    assert run.error
    assert states == {
        "facts": "done",
        "text": "done",
        "card-0": "done",
        "card-1": "failed",
        "card-2": "done",
    }
    assert blocks(run)["card-1"]["error"]


def test_resumed_run_asks_only_for_what_is_missing(groq, performed):
    server = groq(answer_tokens=30)
    server.script("400", when=lambda call: "Card 1" in call.text)
    run = performed(parts=3)
    asked = len(server.requests)
    run_resume(run=run)
    perform_here(run.pk)
    run.refresh_from_db()
    assert run.state == "done"
    assert len(server.requests) == asked + 1
    assert all(block["state"] == "done" for block in run.blocks)


def test_stop_ends_the_call_upstream_within_a_second(groq, make_run):
    server = groq(answer_tokens=2000, tokens_per_second=100)
    run = make_run()
    thread = started(run)
    assert until(lambda: RunEvent.objects.filter(kind="text").exists())
    running.stop(run)
    stopped = time.monotonic()
    assert until(lambda: server.requests[0].took)
    assert time.monotonic() - stopped < 1
    thread.join(5)
    run.refresh_from_db()
    assert (run.state, blocks(run)["text"]["state"]) == ("stopped", "failed")
    assert blocks(run)["text"]["data"]["text"]
    assert run.completion_tokens > 0


def test_stop_asked_by_another_process_is_heard(groq, make_run):
    groq(answer_tokens=2000, tokens_per_second=100)
    run = make_run()
    thread = started(run)
    assert until(lambda: RunEvent.objects.filter(kind="text").exists())
    run_stop(run=run)
    thread.join(5)
    run.refresh_from_db()
    assert run.state == "stopped"


def test_run_of_a_dead_process_is_interrupted_with_what_it_wrote(groq, make_run):
    groq(answer_tokens=2000, tokens_per_second=200)
    run = make_run()
    thread = started(run)
    assert until(lambda: RunEvent.objects.filter(kind="text").count() > 2)
    ToolRun.objects.update(leased_until=timezone.now())
    assert runs_interrupt() == [run.pk]
    thread.join(5)
    run.refresh_from_db()
    assert run.state == "interrupted"
    assert "ended" in run.error
    assert blocks(run)["text"]["data"]["text"]
    numbers = list(RunEvent.objects.values_list("number", flat=True))
    assert numbers == list(range(1, run.last_event + 1))


def test_runs_of_a_predecessor_are_interrupted_at_once(make_run):
    ours, others = make_run(), make_run()
    ToolRun.objects.filter(pk=ours.pk).update(state="running", owner="site-web/1/a")
    ToolRun.objects.filter(pk=others.pk).update(state="running", owner="site/1/a")
    assert runs_interrupt(owner_prefix="site-web/") == [ours.pk]


def test_end_of_the_process_interrupts_its_runs(groq, make_run):
    groq(answer_tokens=2000, tokens_per_second=200)
    run = make_run()
    thread = started(run)
    assert until(lambda: RunEvent.objects.filter(kind="text").exists())
    running.end()
    thread.join(5)
    run.refresh_from_db()
    assert run.state == "interrupted"


def test_queued_run_that_nobody_begins_is_interrupted(make_run):
    run = make_run()
    assert runs_interrupt() == []
    ToolRun.objects.update(leased_until=timezone.now())
    assert runs_interrupt() == [run.pk]


def test_run_is_performed_once(groq, make_run):
    server = groq(answer_tokens=30, latency=0.2)
    run = make_run()
    threads = [started(run), started(run)]
    for thread in threads:
        thread.join(10)
    assert len(server.requests) == 2


def test_fault_in_a_tool_is_a_failed_run(groq, performed, sample, monkeypatch):
    async def broken(_run) -> None:
        raise RuntimeError

    monkeypatch.setattr(type(sample), "perform", lambda _self, run: broken(run))
    run = performed()
    assert (run.state, "log" in run.error) == ("failed", True)


def test_fault_in_a_tool_is_not_taken_for_options_of_another_version(
    performed, sample, monkeypatch
):
    async def broken(_run) -> None:
        {}["nothing"]

    monkeypatch.setattr(type(sample), "perform", lambda _self, run: broken(run))
    assert "log" in performed().error


def test_fault_in_one_part_ends_the_others(groq, performed, sample, monkeypatch):
    async def broken(run) -> None:
        text = run.say(Block("text", "prose"), [Message("user", "Write.")], max_tokens=4000)
        await run.together(text, nothing())

    async def nothing() -> None:
        await in_thread(until, lambda: server.requests)
        raise RuntimeError

    server = groq(answer_tokens=2000, tokens_per_second=100)
    monkeypatch.setattr(type(sample), "perform", lambda _self, run: broken(run))
    run = performed()
    assert (run.state, blocks(run)["text"]["state"]) == ("failed", "failed")
    assert until(lambda: server.requests[0].took)
    assert run.completion_tokens == Call.objects.get().completion_tokens


def test_run_is_resumed_at_the_moment_of_its_end(groq, make_run, monkeypatch):
    """Whoever sees the end may go on at once, while its process still tells others of it."""
    server = groq(answer_tokens=30)
    server.script("400", times=None)
    run = make_run()
    publish = hub.publish

    async def slowly(*run_ids) -> None:
        await publish(*run_ids)
        await asyncio.sleep(0.2)

    monkeypatch.setattr(hub, "publish", slowly)
    thread = started(run)
    assert until(lambda: ToolRun.objects.filter(state="failed").exists())
    server.clear()
    run_resume(run=run)
    perform_here(run.pk)
    thread.join(5)
    run.refresh_from_db()
    assert run.state == "done"


def test_edits_of_what_is_written_anew_are_gone_and_others_stay(groq, performed):
    server = groq(answer_tokens=30)
    server.script("cut_stream", when=lambda call: "Card 0" in call.text, times=3)
    run = performed(parts=1)
    assert {key: one["state"] for key, one in blocks(run).items()}["card-0"] == "failed"
    run_edit(run=run, block="text", place="text", text="By hand")
    blocks(run)["card-0"]["data"]["text"] = "half"
    run.save(update_fields=["blocks"])
    run_edit(run=run, block="card-0", place="text", text="By hand as well")
    assert run_resume(run=run).edits == {"text": {"text": "By hand"}}


def test_time_between_stop_and_resume_is_not_counted(groq, performed):
    groq(answer_tokens=30).script("400")
    run = performed()
    took = run.total_ms
    ToolRun.objects.update(started_at=timezone.now() - timedelta(days=1))
    run_resume(run=run)
    run_stop(run=run)
    run.refresh_from_db()
    assert (run.state, run.total_ms) == ("stopped", took)


def test_evidence_outlasts_a_resumed_try_that_is_stopped_before_it_has_any(
    performed, make_run, sample, monkeypatch
):
    def broken(*_) -> None:
        raise ValidationError("Not today.")

    monkeypatch.setattr(type(sample), "perform", lambda _self, _run: asyncio.sleep(-1, broken()))
    run = performed()
    assert (run.state, run.evidence) == ("failed", {"title": "Mug"})
    monkeypatch.setattr(type(sample), "gather", broken)
    run_resume(run=run)
    perform_here(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error, run.evidence) == ("failed", "Not today.", {"title": "Mug"})


def test_run_that_waits_its_turn_is_not_given_up(make_run):
    run = make_run()
    ToolRun.objects.update(leased_until=timezone.now())
    leases_renew(owner="me", run_ids=[run.pk])
    assert runs_interrupt() == []


def test_person_who_is_deleted_meanwhile_keeps_no_run_from_its_end(groq, make_run, make_user):
    groq(answer_tokens=60, tokens_per_second=200)
    run, person = make_run(), make_user()
    ToolRun.objects.update(created_by=person)
    thread = started(run)
    assert until(lambda: RunEvent.objects.filter(kind="text").exists())
    person.delete()
    thread.join(10)
    run.refresh_from_db()
    assert (run.state, run.created_by) == ("done", None)


def test_catalogue_that_is_gone_meanwhile_ends_the_call(groq, make_run):
    server = groq(answer_tokens=2000, tokens_per_second=100)
    run = make_run()
    thread = started(run)
    assert until(lambda: RunEvent.objects.filter(kind="text").exists())
    with transaction.atomic():
        # Held first: an event that is written meanwhile would refer to what is being deleted.
        ToolRun.objects.select_for_update().get(pk=run.pk).delete()
    thread.join(10)
    assert until(lambda: server.requests[0].took)


def test_nothing_is_begun_once_the_process_ends(make_run):
    run = make_run()
    running.end()
    run_loop().end()
    perform_here(run.pk)
    run.refresh_from_db()
    assert run.state == "queued"


def test_stopped_before_it_began(make_run):
    run = make_run()
    running.stop(run)
    perform_here(run.pk)
    run.refresh_from_db()
    assert (run.state, run.blocks) == ("stopped", [])
