"""What fails while products are described, and whom that costs a try."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError
from django.utils import timezone

from catalog.ingest import vision_flights, vision_plans
from catalog.ingest.vision import VisionDescriber
from catalog.ingest.vision_flights import Flights
from catalog.models import VisionTask
from prodintel.lib.work import WorkState
from tests.catalog.ingest.asked import failing, fresh, values

pytestmark = pytest.mark.django_db


def test_an_answer_that_was_paid_for_before_the_database_failed_is_not_paid_again(
    describe, describer, model, make_product, monkeypatch
):
    product = make_product()

    def locked(**_):
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(vision_flights, "vision_answers_record", locked)
        with pytest.raises(OperationalError):
            describe()
    assert describer.step() == 1
    assert values(product)["color"] == ["red"]
    assert len(model.asked) == 1


def test_a_worker_that_died_with_an_answer_leaves_it_to_the_next(
    describe, model, make_product, monkeypatch
):
    make_product()

    def killed(*_):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(vision_flights, "_reading", killed)
        with pytest.raises(SystemExit):
            describe()
    VisionTask.objects.free(owner_prefix="test/")
    successor = VisionDescriber(owner="test/2")
    assert successor.step() == 1
    successor.close()
    assert VisionTask.objects.get().state == WorkState.DONE
    assert len(model.asked) == 1


@pytest.mark.parametrize("code", ["unavailable", "rate_limited", "over_budget", "unauthorised"])
def test_what_fails_outside_costs_no_try_and_says_why(describe, model, make_product, code):
    model.answers = failing(code, outside=True, retry_after=70.0)
    make_product()
    describe()
    task = VisionTask.objects.get()
    assert (task.state, task.attempts, task.error) == (WorkState.PENDING, 0, f"It is {code}.")
    assert timedelta(seconds=60) < task.next_try_at - timezone.now() < timedelta(seconds=80)


def test_a_refusal_fails_for_good(describe, model, make_product):
    model.answers = failing("refused", permanent=True)
    make_product()
    describe()
    assert VisionTask.objects.get().state == WorkState.FAILED
    assert len(model.asked) == 1


def test_bad_answers_are_tried_five_times(describe, model, make_product):
    model.answers = failing("bad_answer")
    make_product()
    for _ in range(7):
        describe()
    task = VisionTask.objects.get()
    assert (task.state, task.attempts, len(model.asked)) == (WorkState.FAILED, 5, 5)
    assert task.error == "It is bad_answer."


def test_a_product_that_goes_wrong_in_an_unforeseen_way_uses_up_its_tries_alone(
    describe, make_product, monkeypatch
):
    bad, good = make_product(), make_product()
    of_photos, of_answers = vision_plans.prepare, vision_flights._reading

    def prepare(question):
        return of_photos(question) if question.product.pk == good.pk else 1 / 0

    with monkeypatch.context() as patch:
        patch.setattr(vision_plans, "prepare", prepare)
        for _ in range(2):
            describe()
    assert fresh(good).vision_task.state == WorkState.DONE
    assert (fresh(bad).vision_task.state, fresh(bad).vision_task.attempts) == ("pending", 2)

    def reading(flight, answer):
        return of_answers(flight, answer) if flight.task.product_id == good.pk else 1 / 0

    monkeypatch.setattr(vision_flights, "_reading", reading)
    for _ in range(3):
        describe()
    task = fresh(bad).vision_task
    assert task.state == WorkState.FAILED
    assert "ZeroDivisionError" in task.error


def test_an_answer_that_cannot_be_written_keeps_no_other_from_being_written(
    describe, model, make_product, monkeypatch
):
    bad, good = make_product(), make_product()
    record = vision_flights.vision_answers_record

    def refused(answers):
        if any(answer.product.pk == bad.pk for answer in answers):
            raise IntegrityError
        return record(answers=answers)

    monkeypatch.setattr(vision_flights, "vision_answers_record", refused)
    monkeypatch.setattr(Flights, "land", later(Flights.land, 2))
    describe()
    assert fresh(good).vision_task.state == WorkState.DONE
    assert fresh(bad).vision_task.state == WorkState.PENDING


def later(land, count):
    """As `land`, when so many calls have ended."""

    def wait(self):
        ended = sum(flight.answer.done() for flight in self._flights)
        return land(self) if ended >= min(count, len(self._flights)) else 0

    return wait
