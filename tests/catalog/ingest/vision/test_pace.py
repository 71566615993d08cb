"""How many calls are made at once, and when none: slots, pauses, stopping."""

from __future__ import annotations

import threading

import pytest
from django.utils import timezone

from catalog.describe.queue import active_tasks
from catalog.ingest import vision_flights, vision_plans
from catalog.ingest.vision import VisionDescriber
from catalog.models import VisionTask
from prodintel.lib.work import WorkState
from prodintel.llm.models import Till
from tests.catalog.ingest.asked import said

pytestmark = pytest.mark.django_db


def test_a_slot_that_comes_soon_is_waited_for(describe, model, make_product):
    model.slots = [0.2]
    make_product()
    assert describe() == 1


def test_nothing_is_claimed_without_a_slot(describe, model, make_product):
    model.slots = [30.0, 30.0]
    make_product()
    assert describe() == 0
    assert VisionTask.objects.get().state == WorkState.PENDING


def test_who_is_spent_out_waits_and_keeps_nobody_else_waiting(
    describer, describe, model, make_product, make_user, person, settings, catalog
):
    settings.LLM_USER_DAILY_TOKENS = 1000
    theirs = make_product()
    VisionTask.objects.update(requested_by=make_user("bob"))
    # Newer, and so before the other; more than are looked at ahead.
    for _ in range(describer._flights.crew.size * vision_plans.AHEAD + 1):
        make_product()
    Till.objects.create(
        day=timezone.localdate(),
        who=f"user:{person.pk}",
        tokens=900,
        refused={"describe": [200, 0]},
    )
    describe()
    assert [asked.account.user_id for asked in model.asked] == [theirs.vision_task.requested_by_id]
    assert not active_tasks().exists()
    settings.LLM_USER_DAILY_TOKENS = 2000
    assert active_tasks().exists()


def test_calls_are_made_at_once_with_a_few_more_standing_ready(model, make_product, settings):
    settings.LLM_CONCURRENCY = 3
    model.seconds = 1.0
    for _ in range(9):
        make_product()
    describer = VisionDescriber(owner="test/1")
    describer.step()
    describer.close()
    assert model.most == 3 + vision_flights.SPARE
    assert VisionTask.objects.filter(state="done").count() == 9


def test_a_paused_catalogue_is_not_asked_about(describe, model, catalog, make_product):
    make_product()
    catalog.describing_paused_at = timezone.now()
    catalog.save()
    assert describe() == 0
    assert not active_tasks().exists()
    catalog.describing_paused_at = None
    catalog.save()
    assert describe() == 1


def test_a_pause_in_the_middle_lets_calls_under_way_end_and_starts_no_more(
    describe, model, catalog, make_product, monkeypatch
):
    for _ in range(8):
        make_product()
    model.seconds = 0.7
    start = VisionDescriber._start

    def start_then_pause(self):
        start(self)
        if self._flights and catalog.describing_paused_at is None:
            catalog.describing_paused_at = timezone.now()
            catalog.save()

    monkeypatch.setattr(VisionDescriber, "_start", start_then_pause)
    describe()
    rows = VisionTask.objects.values_list("state", "attempts")
    assert set(rows) == {("done", 1), ("pending", 0)}
    assert len(model.asked) == VisionTask.objects.filter(state="done").count()


def test_a_worker_that_stops_records_what_is_under_way_and_gives_back_the_rest(model, make_product):
    for _ in range(8):
        make_product()
    model.seconds = 0.3
    stopping = threading.Event()
    model.answers = lambda _asked: (stopping.set(), said())[1]
    describer = VisionDescriber(owner="test/1", stopping=stopping.is_set)
    describer.step()
    describer.close()
    rows = set(VisionTask.objects.values_list("state", "attempts"))
    assert rows == {("done", 1), ("pending", 0)}
    assert len(model.asked) == VisionTask.objects.filter(state="done").count()


def test_calls_that_are_taken_back_before_they_begin_give_back_their_slots(
    model, make_product, settings
):
    settings.LLM_CONCURRENCY = 1
    for _ in range(4):
        make_product()
    model.seconds = 0.3
    stopping = threading.Event()
    model.answers = lambda _asked: (stopping.set(), said())[1]
    acquired = []
    model.acquire = lambda _ability, tokens: acquired.append(tokens) or 0.0
    describer = VisionDescriber(owner="test/1", stopping=stopping.is_set)
    describer.step()
    describer.close()
    assert len(acquired) == len(model.asked) + model.given_back
