"""Runs of descriptions: started, tried first, accepted, discarded, stopped and gone on with."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from catalog.activity.runs import progress_of
from catalog.ingest.jobs import Jobber
from catalog.models import (
    AuditEvent,
    DescribeRun,
    DescribeTask,
    Job,
    LedgerEntry,
    Membership,
    TrialResult,
    VisionTask,
)
from catalog.services import bulk
from catalog.services import describe_runs as services
from catalog.services.batches import batch_restore, batch_retract
from catalog.services.describe_requests import vision_requested
from catalog.services.describing_pause import describing_pause, describing_resume

pytestmark = pytest.mark.django_db


@pytest.fixture
def products(make_product: Any, vocabulary: Any) -> list:
    return [make_product() for _ in range(4)]


@pytest.fixture
def start(catalog, products, person):
    def start_(**options: Any) -> DescribeRun:
        ids = options.pop("ids", [product.pk for product in products])
        return services.describe_run_start(
            catalog=catalog, product_ids=ids, actor=person, **options
        )

    return start_


@pytest.fixture
def small_trial(monkeypatch):
    """A trial takes two products."""
    monkeypatch.setattr(services, "TRIAL_SIZE", 2)


def states(run: DescribeRun) -> list[tuple[int, str, bool]]:
    tasks = VisionTask.objects.filter(run=run).order_by("product_id")
    return list(tasks.values_list("product_id", "state", "trial"))


def answer(run: DescribeRun, *products: Any) -> None:
    """What the vision model leaves behind of a trial."""
    for product in products:
        TrialResult.objects.create(
            run=run,
            product=product,
            model="m",
            input_key="k",
            values=[{"field": "material", "value": ["wood"], "confidence": 0.8, "proposed": []}],
            considered=["material"],
        )
        VisionTask.objects.filter(product=product).update(state="done")


def test_run_queues_its_products_with_one_batch(start, products, person):
    run = start()
    assert states(run) == [(product.pk, "pending", False) for product in products]
    assert (run.state, run.product_count, run.batch.label) == (
        "running",
        4,
        "Described 4 products",
    )
    assert VisionTask.objects.first().requested_by == person


def test_nothing_is_no_run(start):
    with pytest.raises(ValidationError):
        start(ids=[])
    assert not DescribeRun.objects.exists()


def test_trial_takes_products_from_all_over_and_holds_back_the_others(start, products, small_trial):
    run = start(trial=True)
    assert states(run) == [(products[n].pk, "pending", True) for n in (0, 2)]
    assert run.product_ids == [products[1].pk, products[3].pk]
    assert run.batch is None
    assert VisionTask.objects.count() == 2


def test_trial_leaves_alone_what_another_run_asks_for(start, products, small_trial):
    earlier = start(ids=[products[1].pk])
    start(trial=True)
    assert states(earlier) == [(products[1].pk, "pending", False)]


def test_accepting_writes_the_answers_and_queues_the_rest(start, products, person, small_trial):
    run = start(trial=True, forced=True)
    answer(run, products[0], products[2])
    assert services.describe_run_accept_trial(run=run, actor=person) == 2
    run.refresh_from_db()
    assert (run.state, run.product_ids) == ("running", [])
    assert set(run.batch.entries.values_list("product_id", "field")) == {
        (products[0].pk, "material"),
        (products[2].pk, "material"),
    }
    waiting = VisionTask.objects.filter(state="pending", run=run, forced=True, trial=False)
    assert {task.product_id for task in waiting} == {products[1].pk, products[3].pk}


def test_accepting_the_trial_alone_leaves_the_rest(start, products, person, small_trial):
    run = start(trial=True)
    answer(run, products[0])
    services.describe_run_accept_trial(run=run, actor=person, rest=False)
    run.refresh_from_db()
    assert run.state == "stopped"
    assert sorted(run.product_ids) == sorted(p.pk for p in products[1:])
    assert not VisionTask.objects.filter(state="pending").exists()


def test_what_a_trial_has_not_answered_yet_goes_on_without_it(start, products, person, small_trial):
    run = start(trial=True)
    answer(run, products[0])
    services.describe_run_accept_trial(run=run, actor=person)
    assert (products[2].pk, "pending", False) in states(run)


def test_trial_is_not_accepted_while_an_answer_is_on_its_way(start, products, person, small_trial):
    run = start(trial=True)
    answer(run, products[0])
    VisionTask.objects.filter(product=products[2]).update(state="running")
    with pytest.raises(ValidationError, match="on its way"):
        services.describe_run_accept_trial(run=run, actor=person)
    run.refresh_from_db()
    assert run.state == "trial"


def test_trial_is_decided_on_once(start, products, person, small_trial):
    run = start(trial=True)
    answer(run, products[0])
    services.describe_run_accept_trial(run=run, actor=person)
    for act in (services.describe_run_accept_trial, services.describe_run_discard):
        with pytest.raises(ValidationError, match="Somebody else"):
            act(run=run, actor=person)


def test_discarded_trial_writes_nothing_asks_nothing_and_can_be_looked_at_again(
    start, products, person, small_trial
):
    run = start(trial=True)
    answer(run, products[0])
    services.describe_run_discard(run=run, actor=person)
    assert run.state == "discarded"
    assert not VisionTask.objects.filter(state="pending").exists()
    assert run.batch is None
    services.describe_run_reopen(run=run, actor=person)
    run.refresh_from_db()
    assert run.state == "trial"
    services.describe_run_accept_trial(run=run, actor=person)
    asked = VisionTask.objects.filter(state="pending", run=run)
    assert {task.product_id for task in asked} == {p.pk for p in products[1:]}


def test_stopped_run_asks_nothing_more_and_goes_on_where_it_was(start, products, person):
    run = start()
    VisionTask.objects.filter(product=products[0]).update(state="done", input_key="k")
    VisionTask.objects.filter(product=products[1]).update(state="running")
    assert services.describe_run_stop(run=run, actor=person) == 2
    assert [state for _, state, _ in states(run)] == ["done", "running"]
    services.describe_run_reopen(run=run, actor=person)
    assert [state for _, state, _ in states(run)] == ["done", "running", "pending", "pending"]


def test_product_that_was_described_before_stays_so_when_its_run_is_stopped(
    start, products, person
):
    VisionTask.objects.filter(product=products[0]).update(state="done", input_key="k")
    run = start(ids=[products[0].pk])
    services.describe_run_stop(run=run, actor=person)
    task = VisionTask.objects.get(product=products[0])
    assert (task.state, task.input_key) == ("done", "k")


def test_failed_product_can_be_left_undescribed(start, products, person):
    start()
    VisionTask.objects.filter(product=products[0]).update(state="failed", error="No.")
    task = VisionTask.objects.get(product=products[0])
    assert services.vision_drop(task=task, actor=person)
    assert not VisionTask.objects.filter(product=products[0]).exists()
    assert AuditEvent.objects.filter(action="describe.drop", target_id=products[0].pk).exists()


def test_product_that_has_not_failed_is_not_dropped(start, products, person):
    start()
    task = VisionTask.objects.get(product=products[0])
    assert not services.vision_drop(task=task, actor=person)
    assert VisionTask.objects.filter(product=products[0]).exists()


def test_zero_shot_looks_again_at_products_of_the_catalogue_alone(
    catalog, products, person, make_catalog, make_product
):
    other = make_product(catalog=make_catalog("Other", owner=person))
    DescribeTask.objects.update(state="done")
    ids = [products[0].pk, other.pk]
    assert services.zero_shot_request(catalog=catalog, product_ids=ids, actor=person) == 1
    assert DescribeTask.objects.get(state="pending").product == products[0]


def test_pause_stays_until_somebody_resumes(catalog, person):
    assert describing_pause(catalog=catalog, actor=person)
    assert not describing_pause(catalog=catalog, actor=person)
    catalog.refresh_from_db()
    assert catalog.describing_paused_by == person
    assert describing_resume(catalog=catalog, actor=person)
    assert not describing_resume(catalog=catalog, actor=person)
    catalog.refresh_from_db()
    assert catalog.describing_paused_at is None
    actions = AuditEvent.objects.filter(action__startswith="describing.")
    assert sorted(actions.values_list("action", flat=True)) == [
        "describing.pause",
        "describing.resume",
    ]


def test_run_whose_batch_was_undone_asks_nothing_more(start, products, person):
    run = start()
    services.describe_run_stop(run=run, actor=person)
    batch_retract(batch=run.batch, actor=person)
    with pytest.raises(ValidationError, match="was undone"):
        services.describe_run_reopen(run=run, actor=person)
    assert not VisionTask.objects.filter(run=run).exists()
    batch_restore(batch=run.batch, actor=person)
    services.describe_run_reopen(run=run, actor=person)
    assert VisionTask.objects.filter(run=run, state="pending").count() == 4


def test_product_whose_trial_answer_does_not_fit_any_more_is_described_with_the_rest(
    start, products, person, small_trial
):
    run = start(trial=True)
    tried = list(VisionTask.objects.filter(run=run).values_list("product", flat=True))
    answer(run, *[product for product in products if product.pk in tried])
    TrialResult.objects.filter(product=tried[0]).update(
        values=[{"field": "material", "value": ["gold"], "confidence": 0.8, "proposed": []}]
    )
    assert services.describe_run_accept_trial(run=run, actor=person) == 1
    states_now = dict(VisionTask.objects.values_list("product", "state"))
    assert (states_now[tried[0]], states_now[tried[1]]) == ("pending", "done")


def test_trial_is_accepted_after_a_photo_was_removed_for_good(start, products, person):
    run = start(trial=True)
    answer(run, products[0])
    said = {"confidence": 0.8, "proposed": [], "photo_id": 987654}
    values = [
        {"field": "material", "value": ["wood"], **said},
        {"field": "alt_text", "value": ["A thing."], **said},
    ]
    TrialResult.objects.filter(run=run).update(values=values)
    assert services.describe_run_accept_trial(run=run, actor=person) == 1
    entry = LedgerEntry.objects.get(product=products[0])
    assert (entry.field, entry.photo) == ("material", None)


def test_trial_does_not_outdo_what_was_said_of_other_photos_since(
    start, products, person, small_trial
):
    run = start(trial=True)
    tried = list(VisionTask.objects.filter(run=run).values_list("product", flat=True))
    answer(run, *[product for product in products if product.pk in tried])
    VisionTask.objects.filter(product=tried[0]).photos_changed()
    assert services.describe_run_accept_trial(run=run, actor=person, rest=False) == 1
    assert LedgerEntry.objects.get().product_id == tried[1]
    assert VisionTask.objects.get(product=tried[0]).input_key == ""


def test_product_that_failed_in_a_run_that_was_undone_is_nobodys_request(start, products, person):
    run = start(ids=[products[0].pk], forced=True)
    VisionTask.objects.filter(run=run).update(state="failed")
    batch_retract(batch=run.batch, actor=person)
    task = VisionTask.objects.get(product=products[0])
    assert (task.state, task.run, task.forced) == ("failed", None, False)


@pytest.fixture
def large_run(start, monkeypatch):
    """A run of four products, for whom one is many: they are queued by a job, which has begun."""
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    monkeypatch.setattr(bulk, "STEP", 1)
    run = start()
    (job,) = Job.objects.claim(owner="test/1", limit=1).rows
    assert bulk.bulk_step(act=services.QUEUE_ACT, job=job)
    return run


def work() -> None:
    while Jobber(owner="test/2")._one_job():
        pass


def test_large_run_is_queued_by_a_job(large_run, products):
    assert [pk for pk, *_ in states(large_run)] == [products[0].pk]
    progress = progress_of([large_run])[large_run.pk]
    assert (progress.waiting, progress.done) == (4, 0)
    Job.objects.free(owner_prefix="test/1")
    work()
    assert states(large_run) == [(product.pk, "pending", False) for product in products]
    assert AuditEvent.objects.get(action="describe.request").summary == "4 products"


def test_run_that_is_stopped_while_it_is_queued_leaves_all_out(large_run, products, person):
    ids = [product.pk for product in products]
    assert services.describe_run_stop(run=large_run, actor=person) == 4
    work()
    assert (large_run.state, sorted(large_run.product_ids)) == ("stopped", ids)
    assert not VisionTask.objects.filter(run=large_run).exists()
    services.describe_run_reopen(run=large_run, actor=person)
    work()
    assert [pk for pk, *_ in states(large_run)] == ids


def test_queueing_ends_with_the_right_to_it(large_run, products, person):
    Membership.objects.filter(user=person).update(role="reviewer")
    Job.objects.free(owner_prefix="test/1")
    work()
    large_run.refresh_from_db()
    assert (large_run.state, len(large_run.product_ids)) == ("stopped", 4)
    assert Job.objects.get().result["why"] == "ada may not do this here any more."


def test_batch_of_a_run_that_is_being_queued_is_not_undone(large_run, person):
    VisionTask.objects.update(state="done")
    with pytest.raises(ValidationError, match="still being described"):
        batch_retract(batch=large_run.batch, actor=person)


def test_run_that_somebody_else_just_goes_on_with_is_not_stopped_halfway(
    start, person, monkeypatch
):
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    run, found = start(), services.queueing_jobs
    # Their job was not there yet when it was looked for.
    looks = iter([Job.objects.none()])
    monkeypatch.setattr(services, "queueing_jobs", lambda runs: next(looks, found(runs)))
    with pytest.raises(ValidationError, match="Somebody else"):
        services.describe_run_stop(run=run, actor=person)
    run.refresh_from_db()
    assert run.state == "running"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_trial_waits_for_its_products_in_the_order_of_all_others(
    start, products, person, monkeypatch
):
    """One that held the tasks of others already would be waited for by whoever holds the first."""
    monkeypatch.setattr(services, "TRIAL_SIZE", 1)
    failed: list[Exception] = []

    def try_it() -> None:
        try:
            start(trial=True)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the test says so
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=try_it)
    with transaction.atomic():
        vision_requested(products=products[:1], actor=person)
        thread.start()
        thread.join(0.5)
        vision_requested(products=products[1:], actor=person)
    thread.join(30)
    assert failed == []
