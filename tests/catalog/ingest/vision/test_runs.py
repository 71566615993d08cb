"""Describing for a run or a trial, and undoing it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from catalog.describe import vocabulary as vocabularies
from catalog.models import Batch, Category, DescribeRun, Term, TermState, TrialResult, VisionTask
from catalog.services.batches import batch_retract
from catalog.services.describe_requests import vision_requested
from catalog.services.ledger import attribute_set
from catalog.services.vision_answers import trial_apply
from prodintel.lib.work import WorkState
from tests.catalog.ingest.asked import answer_of, attributes, values

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(catalog, person) -> DescribeRun:
    batch = Batch.objects.create(catalog=catalog, label="Again", created_by=person)
    return DescribeRun.objects.create(catalog=catalog, label="Again", batch=batch)


def test_a_trial_writes_nothing_until_it_is_applied(describe, make_product, person, run):
    product = make_product()
    vision_requested(products=[product], actor=person, run=run, trial=True)
    describe()
    assert values(product) == {}
    assert TrialResult.objects.get().product == product
    assert trial_apply(run=run, actor=person) == 1
    assert values(product)["color"] == ["red"]
    assert not TrialResult.objects.exists()
    batch_retract(batch=run.batch, actor=person)
    assert values(product) == {}


def test_a_trial_proposes_no_terms_before_it_is_applied(describe, model, make_product, person, run):
    model.answers = attributes(color=["Vermilion"])
    vision_requested(products=[make_product()], actor=person, run=run, trial=True)
    describe()
    assert not Term.objects.filter(key="vermilion").exists()
    trial_apply(run=run, actor=person)
    assert Term.objects.get(key="vermilion").state == TermState.PROPOSED


def test_undoing_a_run_brings_back_what_was_said_before(describe, model, make_product, person, run):
    product = make_product()
    describe()
    model.answers = attributes(color=["blue"])
    vision_requested(products=[product], actor=person, run=run, forced=True)
    describe()
    assert values(product)["color"] == ["blue"]
    batch_retract(batch=run.batch, actor=person)
    assert values(product)["color"] == ["red"]


def test_run_of_some_fields_touches_no_other_and_leaves_what_is_known_of_the_whole(
    describe, model, make_product, person, run
):
    product = make_product()
    describe()
    before = VisionTask.objects.get()
    DescribeRun.objects.update(fields=["material"])
    model.answers = answer_of(
        attributes={"material": {"values": ["wood"]}, "color": {"values": ["blue"]}},
        title={"text": "Other", "confidence": 1},
        cannot_tell=[],
    )
    vision_requested(products=[product], actor=person, run=run, forced=True)
    describe()
    after = VisionTask.objects.get()
    assert set(run.batch.entries.values_list("field", flat=True)) == {"material"}
    assert (values(product)["color"], values(product)["material"]) == (["red"], ["wood"])
    assert (after.input_key, after.cannot_tell) == (before.input_key, ["dimensions"])
    assert "title:" not in model.asked[-1].messages[0].text
    assert model.asked[-1].account.purpose == "describe part"


def test_run_of_some_fields_does_not_count_as_described(describe, model, make_product, person, run):
    DescribeRun.objects.update(fields=["title"])
    vision_requested(products=[make_product()], actor=person, run=run)
    describe()
    task = VisionTask.objects.get()
    assert (task.state, task.input_key) == (WorkState.DONE, "")
    VisionTask.objects.all().redo()
    VisionTask.objects.update(run=None)
    describe()
    assert len(model.asked) == 2
    assert VisionTask.objects.get().input_key


def test_run_of_fields_that_the_category_lacks_asks_nothing(
    describe, model, make_product, person, run, vocabulary
):
    product = make_product()
    attribute_set(product=product, field="category", value=["clothes"], actor=person)
    vocabulary["material"].categories.add(Category.objects.get(path="home"))
    vocabularies.current(max_age=0)
    DescribeRun.objects.update(fields=["material"])
    vision_requested(products=[product], actor=person, run=run, forced=True)
    describe()
    assert not model.asked
    assert VisionTask.objects.get().state == WorkState.DONE


def test_same_fields_are_asked_anew_of_another_category(
    describe, model, make_product, person, run, vocabulary
):
    product = make_product()
    vocabulary["material"].categories.add(Category.objects.get(path="clothes"))
    vocabularies.current(max_age=0)
    DescribeRun.objects.update(fields=["material", "color"])
    for category in ("home", "clothes"):
        attribute_set(product=product, field="category", value=[category], actor=person)
        vision_requested(products=[product], actor=person, run=run)
        describe()
    offered = ["material:" in asked.messages[0].text for asked in model.asked]
    assert len(offered) == 2


def test_trial_of_some_fields_is_written_and_asks_for_no_others(
    describe, model, make_product, person, run
):
    product = make_product()
    DescribeRun.objects.update(fields=["color"])
    vision_requested(products=[product], actor=person, run=run, trial=True)
    describe()
    trial_apply(run=run, actor=person)
    assert values(product) == {"color": ["red"]}
    assert VisionTask.objects.get().state == WorkState.DONE
    describe()
    assert len(model.asked) == 1


def test_an_answer_for_a_run_that_was_undone_meanwhile_is_not_written(
    describe, model, make_product, person, run
):
    product = make_product()
    vision_requested(products=[product], actor=person, run=run, forced=True)
    Batch.objects.update(retracted_at=timezone.now())
    describe()
    assert values(product) == {}
    assert VisionTask.objects.get().state == WorkState.DONE
    # It does not count as described.
    assert VisionTask.objects.get().input_key == ""
