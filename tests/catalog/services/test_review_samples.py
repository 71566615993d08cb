"""Review by sample: what is drawn, what it says of the rest, and how the rest is accepted."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from catalog import review_samples as reads
from catalog.ingest.jobs import Jobber
from catalog.models import Category, Decision, Job, LedgerEntry, ReviewSampleItem, Source
from catalog.precision import Precision
from catalog.services import review_samples as services
from catalog.services.batches import batch_retract
from catalog.services.ledger import MachineValue, attribute_set, machine_values_record
from catalog.services.review_acts import Act, ActKind, review_acts
from catalog.services.review_samples import sample_accept_rest, sample_draw
from prodintel.lib.work import WorkState

pytestmark = pytest.mark.django_db


@pytest.fixture
def suggest(make_product, vocabulary):
    """Products of which the vision model says the colour; returns them."""

    def make(count, color="blue", confidence=0.9, **fields):
        products = [make_product(color=None) for _ in range(count)]
        said = {p: [MachineValue("color", [color], confidence)] for p in products}
        machine_values_record(said=said, source=Source.VISION_LLM, model="m")
        return products

    return make


@pytest.fixture
def draw(catalog, person):
    def make(size=4, category=None):
        return sample_draw(
            catalog=catalog, field="color", category=category, actor=person, size=size
        )

    return make


@pytest.fixture
def judge(catalog, person):
    """Judges what of a sample waits: the first so many wrong, the others right."""

    def judge_all(sample, wrong=0):
        for n, pk in enumerate(reads.next_ids(sample, 1000)):
            act = Act(pk, ActKind.REJECT if n < wrong else ActKind.ACCEPT)
            review_acts(catalog=catalog, acts=[act], actor=person, sample=sample)

    return judge_all


def accepted() -> int:
    return LedgerEntry.objects.filter(decision=Decision.ACCEPTED).count()


def test_sample_is_of_its_field_and_category_and_drawn_once(suggest, draw, person):
    mugs = suggest(3)
    others = suggest(3)
    for product in mugs:
        attribute_set(product=product, field="category", value="home/kitchen/mugs", actor=person)
    sample = draw(size=2, category=Category.objects.get(path="home"))
    items = list(ReviewSampleItem.objects.values_list("entry__product", flat=True))
    assert sample.population == 3
    assert len(set(items)) == 2
    assert set(items) <= {product.pk for product in mugs}
    assert not set(items) & {product.pk for product in others}


def test_nothing_to_draw_from_is_said(vocabulary, draw):
    with pytest.raises(ValidationError, match="no open suggestions"):
        draw()


def test_rest_is_accepted_as_one_batch_that_can_be_revoked(suggest, draw, judge, person):
    suggest(7)
    sample = draw(size=4)
    judge(sample, wrong=1)
    batch = sample_accept_rest(sample=sample, actor=person)
    assert accepted() == 6
    assert batch.decisions.count() == 3
    batch_retract(batch=batch, actor=person)
    assert accepted() == 3
    assert reads.rest(sample).count() == 3


def test_rest_waits_until_the_sample_is_judged(suggest, draw, person):
    suggest(7)
    with pytest.raises(ValidationError, match="Judge the whole sample"):
        sample_accept_rest(sample=draw(), actor=person)
    assert accepted() == 0


def test_rest_is_not_accepted_twice(suggest, draw, judge, person):
    suggest(7)
    sample = draw()
    judge(sample)
    sample_accept_rest(sample=sample, actor=person)
    suggest(2)
    with pytest.raises(ValidationError, match="already"):
        sample_accept_rest(sample=sample, actor=person)


def test_what_came_after_the_draw_is_not_of_the_rest(suggest, draw, judge, person):
    suggest(6)
    sample = draw()
    judge(sample)
    suggest(5)
    assert reads.rest(sample).count() == 2


def test_second_choice_behind_a_rejected_one_is_not_of_the_rest(suggest, draw, judge, person):
    products = suggest(6)
    said = {p: [MachineValue("color", ["green"], 0.4)] for p in products}
    machine_values_record(said=said, source=Source.ZERO_SHOT, model="m")
    sample = draw()
    judge(sample, wrong=4)
    assert LedgerEntry.objects.filter(awaits_review=True, source=Source.ZERO_SHOT).count() == 4
    assert set(reads.rest(sample).values_list("source", flat=True)) == {Source.VISION_LLM}


def test_nothing_is_left_of_a_category_that_is_gone(suggest, draw, judge, person):
    for product in suggest(5):
        attribute_set(product=product, field="category", value="clothes", actor=person)
    sample = draw(category=Category.objects.get(path="clothes"))
    Category.objects.filter(path="clothes").delete()
    sample.refresh_from_db()
    assert not reads.rest(sample).exists()


def test_rest_can_be_one_band_of_confidence(suggest, draw, judge, person):
    suggest(5, confidence=0.9)
    suggest(5, confidence=0.3)
    sample = draw(size=2)
    judge(sample)
    left = reads.rest(sample, "low").count()
    sample_accept_rest(sample=sample, actor=person, band="high")
    assert reads.rest(sample, "low").count() == left
    assert not reads.rest(sample, "high").exists()


def test_judged_elsewhere_counts_too(suggest, draw, catalog, person):
    suggest(4)
    sample = draw()
    (pk,) = reads.next_ids(sample, 1)
    review_acts(catalog=catalog, acts=[Act(pk, ActKind.REJECT)], actor=person)
    standing = reads.standing(sample)
    assert (standing.precision.judged, standing.precision.right, standing.left) == (1, 0, 3)


def test_withdrawn_suggestion_holds_no_sample_up(suggest, draw):
    products = suggest(4)
    sample = draw()
    said = {products[0]: [MachineValue("color", ["red"], 0.9)]}
    machine_values_record(said=said, source=Source.VISION_LLM, model="m")
    standing = reads.standing(sample)
    assert (standing.gone, standing.left) == (1, 3)


@pytest.fixture
def large(suggest, draw, judge, person, monkeypatch):
    """A sample whose rest takes a job of three steps."""
    monkeypatch.setattr(services, "STEP", 3)
    suggest(12)
    sample = draw(size=4)
    judge(sample)
    return sample


def run(jobs: int = 1, stopping=lambda: False) -> None:
    jobber = Jobber(owner="test/1", stopping=stopping)
    for _ in range(jobs):
        jobber.step()


def test_many_are_accepted_by_a_job(large, person):
    batch = sample_accept_rest(sample=large, actor=person)
    assert batch.decisions.count() == 0
    run()
    job = Job.objects.get(kind="accept-rest")
    assert (job.state, job.progress_done, job.progress_total) == (WorkState.DONE, 8, 8)
    assert batch.decisions.count() == 8


def test_job_that_was_cut_off_goes_on_where_it_was(large, person):
    batch = sample_accept_rest(sample=large, actor=person)
    answers = iter([False, True])
    run(stopping=lambda: next(answers, True))
    assert batch.decisions.count() == 3
    assert Job.objects.get(kind="accept-rest").state == WorkState.PENDING
    run()
    assert batch.decisions.count() == 8
    assert Job.objects.get(kind="accept-rest").progress_done == 8


def test_batch_undone_meanwhile_ends_the_job(large, person):
    batch = sample_accept_rest(sample=large, actor=person)
    answers = iter([False, True])
    run(stopping=lambda: next(answers, True))
    batch_retract(batch=batch, actor=person)
    run()
    assert Job.objects.get(kind="accept-rest").state == WorkState.DONE
    assert accepted() == 4


@pytest.mark.parametrize(
    ("right", "judged", "low", "high"),
    # The interval of the paper for 0 of 10, and figures of R's prop.test without correction.
    [
        (0, 10, 0.0, 0.2775),
        (96, 100, 0.9016, 0.9843),
        (10, 10, 0.7225, 1.0),
        (1, 2, 0.0945, 0.9055),
    ],
)
def test_interval_is_wilson_s(right, judged, low, high):
    assert Precision(right, judged).interval == pytest.approx((low, high), abs=5e-5)


def test_interval_of_nothing_is_everything():
    assert Precision(0, 0).share is None
    assert Precision(0, 0).wrong_among(40) == (0, 40)
