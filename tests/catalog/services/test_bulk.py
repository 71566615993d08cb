"""Acts on many products by a job: in steps, once each, stopped, undone."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from catalog.ingest import jobs
from catalog.ingest.jobs import Jobber
from catalog.models import AuditEvent, Catalog, Job, JobStep, Membership, Product, ProductVersion
from catalog.services import bulk
from catalog.services.bulk import bulk_step, bulk_stop
from catalog.services.bulk_acts import ACTS, bulk_undo
from catalog.services.products import product_update
from catalog.services.statuses import MOVE_ACT, products_move
from prodintel.lib.work import WorkState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch):
    """Two products are few; a step has two."""
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(bulk, "STEP", 2)
    monkeypatch.setattr(jobs, "BREATH_SECONDS", 0)


@pytest.fixture
def products(make_product):
    return [make_product(color=None) for _ in range(5)]


@pytest.fixture
def approve(catalog, person):
    """Asks for the approval of products; returns the job."""

    def ask(products, actor=person) -> Job:
        started = products_move(
            catalog=catalog,
            ids=[product.pk for product in products],
            status="approved",
            allowed=["draft"],
            actor=actor,
        )
        assert started.job is not None
        return started.job

    return ask


def claim(job: Job) -> Job:
    (row,) = Job.objects.filter(pk=job.pk).claim(owner="test/1", limit=1).rows
    return row


def step(job: Job, times: int = 1) -> None:
    """The first steps of a job, whose worker is gone then."""
    claimed = claim(job)
    for _ in range(times):
        assert bulk_step(act=ACTS[job.kind], job=claimed)
    Job.objects.release(claimed.token)


def work() -> None:
    while Jobber(owner="test/1")._one_job():
        pass


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def approved() -> int:
    return Product.objects.filter(status="approved").count()


def test_few_are_done_at_once(catalog, products, person):
    ids = [product.pk for product in products[:2]]
    started = products_move(
        catalog=catalog, ids=ids, status="approved", allowed=["draft"], actor=person
    )
    assert (started.job, started.result["changed"], approved()) == (None, 2, 2)
    assert not Job.objects.exists()


def test_more_are_left_to_a_job(products, approve):
    job = approve(products)
    assert (job.state, job.progress_total, approved()) == (WorkState.PENDING, 5, 0)
    assert [len(row.product_ids) for row in job.steps.order_by("number")] == [2, 2, 1]


def test_job_does_all_and_says_so_once(products, approve, person):
    job = approve(products)
    work()
    event = AuditEvent.objects.get(action="products.status")
    assert sorted(event.data["moved"]["draft"]) == sorted(product.pk for product in products)
    assert len(event.data["versions"]) == ProductVersion.objects.count() == 5
    assert event.actor == person
    done = fresh(job)
    assert (done.state, done.progress_done) == (WorkState.DONE, 5)
    assert done.result == {"changed": 5, "left": 0, "event": event.pk, "why": ""}
    assert not JobStep.objects.exists()


def test_each_step_is_counted_as_it_is_done(products, approve):
    job = approve(products)
    step(job, 2)
    assert (fresh(job).progress_done, approved()) == (4, 4)


@pytest.mark.parametrize("before", range(4))
def test_worker_killed_at_any_step_leaves_nothing_half_done(products, approve, before):
    job = approve(products)
    step(job, before) if before else None

    def killed(asked, *done):
        (MOVE_ACT.step if len(done) == 1 else MOVE_ACT.end)(asked, *done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bulk_step(act=replace(MOVE_ACT, step=killed, end=killed), job=claim(job))
    done = min(2 * before, 5)
    assert (fresh(job).progress_done, approved()) == (done, done)
    Job.objects.free(owner_prefix="test/")
    work()
    assert approved() == ProductVersion.objects.count() == 5
    assert AuditEvent.objects.filter(action="product.approve").count() == 5
    assert AuditEvent.objects.filter(action="products.status").count() == 1


def test_worker_that_lost_its_claim_does_nothing(products, approve):
    job = claim(approve(products))
    Job.objects.update(token=uuid.uuid4())
    assert not bulk_step(act=MOVE_ACT, job=job)
    assert approved() == 0


def test_tries_are_counted_anew_with_each_step(products, approve):
    job = approve(products)
    Job.objects.update(attempts=3)
    bulk_step(act=MOVE_ACT, job=claim(job))
    assert fresh(job).attempts == 1


def test_acts_take_turns(products, approve, monkeypatch):
    first, second = approve(products), approve(products)
    monkeypatch.setattr(jobs, "TURN_SECONDS", 0)
    jobber = Jobber(owner="test/1")
    jobber._one_job()
    jobber._one_job()
    assert (fresh(first).progress_done, fresh(second).progress_done) == (2, 2)
    assert (fresh(first).state, fresh(first).attempts) == (WorkState.PENDING, 0)


def test_stopped_act_ends_where_it_is(products, approve, make_user):
    job = approve(products)
    step(job)
    ended = bulk_stop(act=MOVE_ACT, job=job, actor=make_user("eve"))
    assert (ended.result["changed"], ended.result["why"]) == (2, "Stopped by eve.")
    work()
    assert (fresh(job).state, approved()) == (WorkState.DONE, 2)
    assert not JobStep.objects.exists()


def test_stop_takes_the_act_away_from_its_worker(products, approve, person):
    job = claim(approve(products))
    assert bulk_step(act=MOVE_ACT, job=job)
    bulk_stop(act=MOVE_ACT, job=job, actor=person)
    assert not bulk_step(act=MOVE_ACT, job=job)
    assert approved() == 2


def test_act_that_has_ended_is_not_stopped(products, approve, person):
    job = approve(products)
    work()
    with pytest.raises(ValidationError, match="has ended already"):
        bulk_stop(act=MOVE_ACT, job=job, actor=person)


def test_act_that_failed_can_be_ended_and_undone(products, approve, person):
    job = approve(products)
    step(job)
    Job.objects.update(state=WorkState.FAILED, error="No.")
    bulk_stop(act=MOVE_ACT, job=job, actor=person)
    assert bulk_undo(job=fresh(job), actor=person).result["changed"] == 2
    assert approved() == 0


def test_act_of_who_lost_the_right_ends_and_says_so(products, approve, catalog, make_user):
    reviewer = make_user("rita")
    Membership.objects.create(user=reviewer, catalog=catalog, role="reviewer")
    job = approve(products, reviewer)
    step(job)
    Membership.objects.filter(user=reviewer).update(role="editor")
    work()
    assert fresh(job).result["why"] == "rita may not do this here any more."
    assert (fresh(job).state, approved()) == (WorkState.DONE, 2)


def test_act_of_a_person_who_is_gone_ends(products, approve, catalog, make_user):
    reviewer = make_user("rita")
    Membership.objects.create(user=reviewer, catalog=catalog, role="reviewer")
    job = approve(products, reviewer)
    reviewer.delete()
    work()
    assert fresh(job).result["why"] == "Who asked for it may not do this here any more."
    assert approved() == 0


def test_act_ends_with_its_catalogue(products, approve):
    job = approve(products)
    Catalog.objects.update(deleted_at=timezone.now())
    work()
    assert (fresh(job).state, approved()) == (WorkState.DONE, 0)
    assert fresh(job).result["why"] == "The catalogue was deleted meanwhile."


def test_large_act_is_undone_by_a_job(products, approve, person):
    job = approve(products)
    work()
    undo = bulk_undo(job=fresh(job), actor=person).job
    work()
    assert approved() == 0
    assert fresh(undo).result == {"changed": 5, "left": 0, "why": ""}
    assert not ProductVersion.objects.standing().exists()


def test_undo_leaves_what_was_approved_anew_while_the_act_went_on(products, approve, person):
    job = approve(products)
    step(job)
    first = Product.objects.get(pk=products[0].pk)
    product_update(product=first, actor=person, fields={"title": "Cup", "status": "approved"})
    work()
    bulk_undo(job=fresh(job), actor=person)
    work()
    assert list(Product.objects.filter(status="approved")) == [first]


@pytest.mark.parametrize("undone", [False, True])
def test_act_is_undone_once_and_not_before_its_end(products, approve, person, undone):
    job = approve(products)
    if undone:
        work()
        bulk_undo(job=fresh(job), actor=person)
    message = "undone already" if undone else "Stop this first"
    with pytest.raises(ValidationError, match=message):
        bulk_undo(job=fresh(job), actor=person)


def test_undo_that_was_stopped_can_be_done_for_the_rest(products, approve, person):
    job = approve(products)
    work()
    undo = bulk_undo(job=fresh(job), actor=person).job
    step(undo)
    bulk_stop(act=ACTS[undo.kind], job=undo, actor=person)
    bulk_undo(job=fresh(job), actor=person)
    work()
    assert approved() == 0
