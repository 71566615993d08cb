"""A tool run over many products: done once each, stopped, gone on with, undone."""

from __future__ import annotations

import threading
import time

import pytest
from django.core.exceptions import ValidationError

from catalog.ingest.jobs import LONG_KINDS, job_step
from catalog.models import AuditEvent, Batch, Job, JobStep, LedgerEntry, Membership, Source
from catalog.reviews import Narrowed, open_suggestions
from catalog.services.batches import batch_restore, batch_retract
from catalog.services.bulk import bulk_stop
from catalog.services.bulk_acts import ACTS, bulk_undo, is_undone
from catalog.services.deleting import products_delete_many
from catalog.services.suggestions import suggestion_decide
from prodintel.lib.work import WorkState
from prodintel.llm.models import Call
from tools.bulk import performing
from tools.bulk.act import KIND
from tools.models import RunState, ToolRun
from tools.runs.loop import forget_run_loop
from tools.services.bulk import tool_runs_retry, tool_runs_start

pytestmark = pytest.mark.django_db(transaction=True)


def said() -> int:
    return LedgerEntry.objects.filter(source=Source.TOOL, retracted_at=None).count()


def states() -> list[str]:
    return sorted(ToolRun.objects.values_list("state", flat=True))


def until(true, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(found)


def test_every_product_gets_a_run_and_its_values_wait_for_review(
    catalog, products, start, work, fresh
):
    job = start(tone="warm")
    work()
    done = fresh(job)
    assert (done.state, done.progress_done) == (WorkState.DONE, 3)
    assert sorted(ToolRun.objects.values_list("product", flat=True)) == [p.pk for p in products]
    waiting = open_suggestions(catalog, Narrowed(source="tool"))
    titles = [row.value for row in waiting.filter(field="title").order_by("product_id")]
    assert titles == [["Mug 0, warm"], ["Mug 1, warm"], ["Mug 2, warm"]]
    assert waiting.count() == said() == 9
    assert done.result | {"event": 0} == {
        "changed": 3,
        "failed": 0,
        "stopped": 0,
        "gone": 0,
        "suggested": 9,
        "refused": 3,
        "left": 0,
        "event": 0,
        "why": "",
    }
    assert not JobStep.objects.exists()


def test_drafts_are_written_without_a_model(start, work):
    start()
    work()
    assert set(ToolRun.objects.values_list("writer", flat=True)) == {"draft"}


def test_model_is_asked_once_a_product(groq, start, work):
    groq(answer_tokens=20)
    start()
    work()
    assert (states(), Call.objects.count()) == (["done"] * 3, 3)
    assert set(ToolRun.objects.values_list("writer", flat=True)) == {"groq"}
    assert set(LedgerEntry.objects.values_list("model", flat=True)) == {"openai/gpt-oss-120b"}


def test_no_more_runs_are_under_way_than_half_the_calls(groq, start, work, settings, monkeypatch):
    settings.LLM_CONCURRENCY = 4
    groq(answer_tokens=10)
    taking, under_way = performing._Bulk._take_what_ended, []

    def counted(bulk):
        under_way.append(len(bulk._under_way))
        taking(bulk)

    monkeypatch.setattr(performing._Bulk, "_take_what_ended", counted)
    start()
    work()
    assert max(under_way) == 2


def test_whole_of_it_is_undone_and_restored(start, work, fresh, person):
    job = start()
    work()
    bulk_undo(job=fresh(job), actor=person)
    assert (said(), is_undone(fresh(job))) == (0, True)
    batch_restore(batch=Batch.objects.get(), actor=person)
    assert (said(), is_undone(fresh(job))) == (9, False)


def test_accepted_texts_are_taken_back_by_the_undo(products, start, work, fresh, person):
    job = start()
    work()
    entry = LedgerEntry.objects.get(product=products[0], field="title", source=Source.TOOL)
    suggestion_decide(entry=entry, accept=True, actor=person)
    bulk_undo(job=fresh(job), actor=person)
    products[0].refresh_from_db()
    assert products[0].title == "Mug 0"


def test_what_is_still_being_written_is_not_undone(start, person):
    start()
    with pytest.raises(ValidationError, match="still being written"):
        batch_retract(batch=Batch.objects.get(), actor=person)


@pytest.mark.parametrize("killed_after", [1, 2])
def test_worker_killed_in_between_makes_no_run_twice(start, work, fresh, monkeypatch, killed_after):
    job = start()
    take, taken = performing.bulk_step, []

    def killed(**wanted):
        """The process is gone when a run has ended and nothing is written of it yet."""
        if len(taken) == killed_after:
            raise SystemExit
        taken.append(wanted["number"])
        return take(**wanted)

    monkeypatch.setattr(performing, "bulk_step", killed)
    with pytest.raises(SystemExit):
        work()
    assert (fresh(job).progress_done, said()) == (killed_after, 3 * killed_after)
    monkeypatch.setattr(performing, "bulk_step", take)
    Job.objects.free(owner_prefix="test/")
    work()
    assert (fresh(job).state, ToolRun.objects.count(), said()) == (WorkState.DONE, 3, 9)


def test_run_that_was_broken_off_by_the_end_of_the_worker_goes_on(groq, start, work, fresh):
    groq(answer_tokens=4000, tokens_per_second=50)
    job = start()
    assert job_step(LONG_KINDS, owner="test/1", stopping=lambda: "running" in states()) == 1
    assert (fresh(job).state, set(states())) == (WorkState.PENDING, {RunState.INTERRUPTED})
    forget_run_loop()
    groq(answer_tokens=20)
    work()
    assert (fresh(job).state, states()) == (WorkState.DONE, ["done"] * 3)


def test_stop_ends_runs_under_way_and_keeps_what_was_suggested(
    groq, start, work, fresh, person, settings
):
    settings.LLM_CONCURRENCY = 2
    groq(answer_tokens=4000, tokens_per_second=50)
    job = start()
    thread = threading.Thread(target=work)
    thread.start()
    assert until(lambda: "running" in states())
    bulk_stop(act=ACTS[KIND], job=job, actor=person)
    thread.join(20)
    assert not thread.is_alive()
    until(lambda: states() == ["stopped"], 3)
    assert states() == ["stopped"]
    done = fresh(job)
    assert (done.state, done.result["why"], done.result["left"]) == ("done", "Stopped by ada.", 3)
    assert said() == 0


def test_provider_that_is_away_is_waited_for(groq, start, work, fresh, monkeypatch):
    monkeypatch.setattr("tools.runs.performing.TRIES", 1)
    server = groq(answer_tokens=20)
    server.script("500", times=None)
    job = start()
    work()
    waiting = fresh(job)
    assert (waiting.state, waiting.attempts, said()) == (WorkState.PENDING, 0, 0)
    assert waiting.error
    assert waiting.next_try_at > waiting.created_at
    server.clear()
    groq(answer_tokens=20)
    Job.objects.update(next_try_at=waiting.created_at)
    work()
    assert (fresh(job).state, states(), said()) == (WorkState.DONE, ["done"] * 3, 9)


def test_model_that_is_no_longer_connected_is_waited_for(groq, start, work, fresh, settings):
    groq(answer_tokens=20)
    job = start()
    settings.GROQ_API_KEY = ""
    work()
    assert (fresh(job).state, fresh(job).error) == (WorkState.PENDING, performing.NO_MODEL)
    assert not ToolRun.objects.exists()


def test_used_up_budget_is_waited_for(groq, start, work, fresh, settings):
    groq(answer_tokens=20)
    settings.LLM_DAILY_TOKENS = 1
    job = start()
    work()
    assert fresh(job).state == WorkState.PENDING
    assert "budget" in fresh(job).error


def test_failed_run_does_not_keep_the_others(groq, start, work, fresh, person, suggesting):
    server = groq(answer_tokens=20)
    server.script("400", None, None)
    job = start()
    work()
    assert (states(), fresh(job).result["failed"], said()) == (["done", "done", "failed"], 1, 6)
    again = tool_runs_retry(job=fresh(job), tool=suggesting, actor=person)
    work()
    assert (fresh(again).result["changed"], states(), said()) == (1, ["done"] * 3, 9)
    assert Batch.objects.get().entries.filter(retracted_at=None).count() == 9


def test_there_is_nothing_to_go_on_with_where_all_is_done(start, work, fresh, suggesting, person):
    job = start()
    work()
    with pytest.raises(ValidationError, match="No run of this has failed"):
        tool_runs_retry(job=fresh(job), tool=suggesting, actor=person)


def test_deleted_product_is_left_out(catalog, products, start, work, fresh, person):
    job = start()
    products_delete_many(catalog=catalog, ids=[products[0].pk], actor=person)
    work()
    assert (fresh(job).result["gone"], ToolRun.objects.count()) == (1, 2)


def test_who_has_lost_the_right_suggests_nothing(start, work, fresh, catalog, make_user):
    editor = make_user("eve")
    membership = Membership.objects.create(user=editor, catalog=catalog, role="editor")
    job = start(actor=editor)
    membership.delete()
    work()
    assert (fresh(job).result["why"], said()) == ("eve may not do this here any more.", 0)


def test_job_of_a_tool_that_is_gone_fails_at_once(start, work, fresh):
    job = start()
    Job.objects.update(arguments={**job.arguments, "tool": "gone"})
    work()
    assert (fresh(job).state, fresh(job).error) == ("failed", "This tool is no longer there.")


def test_event_says_who_ran_what(start, work, person):
    start()
    work()
    event = AuditEvent.objects.get(action="tool.runs")
    assert (event.actor, event.summary, event.data["tool"]) == (person, "Suggesting", "suggesting")


def test_options_are_the_tool_s(start):
    with pytest.raises(ValidationError, match="Extra inputs"):
        start(colour="red")


def test_at_least_one_product_is_needed(catalog, suggesting, person):
    with pytest.raises(ValidationError, match="at least one"):
        tool_runs_start(catalog=catalog, tool=suggesting, options={}, product_ids=[], actor=person)
