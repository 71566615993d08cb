"""What the vision model is asked, in which turn, and what it is not asked twice."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.activity import describe_state
from catalog.describe.queue import active_tasks
from catalog.ingest.vision import VisionDescriber
from catalog.models import DescribeRun, PhotoRole, Product, Source, Urgency, VisionTask
from catalog.services.attribute_values import CATEGORY
from catalog.services.describe_requests import vision_requested
from catalog.services.ledger import attribute_set
from catalog.services.photos import placement_delete, placement_update
from catalog.services.products import products_delete
from prodintel.lib.work import WorkState
from tests.catalog.colours import staged
from tests.catalog.ingest.asked import fresh

pytestmark = pytest.mark.django_db


def test_without_a_key_products_wait_and_cost_nothing(describe, model, catalog, make_product):
    model.configured = False
    product = make_product()
    assert describe() == 0
    assert model.asked == []
    assert (VisionTask.objects.get().state, VisionTask.objects.get().attempts) == ("pending", 0)
    assert not active_tasks().exists()
    product.describe_task.state = "done"
    assert describe_state(fresh(product)) == "pending"
    Product.objects.get().describe_task.__class__.objects.update(state="done")
    assert describe_state(fresh(product)) == "done"
    model.configured = True
    assert active_tasks(catalog).count() == 1
    assert describe_state(fresh(product)) == "pending"


def test_the_same_photos_are_not_asked_about_again(describe, model, make_product, person):
    product = make_product()
    describe()
    placement_update(placement=product.placements.get(), actor=person, alt_text="A mug")
    assert VisionTask.objects.get().state == WorkState.DONE
    vision_requested(products=[product], actor=person)
    assert describe() == 1
    assert VisionTask.objects.get().state == WorkState.DONE
    assert len(model.asked) == 1


def test_other_photos_are_asked_about_again(describe, model, make_product, person):
    product = make_product(photos=[staged("red", mark=1), staged("blue", mark=2)])
    describe()
    placement_delete(placement=product.placements.get(role=PhotoRole.DETAIL), actor=person)
    assert VisionTask.objects.get().priority == Urgency.AGAIN
    describe()
    assert [len(asked.messages[1].images) for asked in model.asked] == [2, 1]


@pytest.mark.parametrize("source", [Source.PERSON, Source.IMPORT])
def test_a_category_that_was_given_is_told_from_a_guess(
    describe, model, make_product, person, source
):
    attribute_set(
        product=make_product(),
        field=CATEGORY,
        value="home/kitchen/mugs",
        actor=person,
        source=source,
    )
    describe()
    assert f'"given_by": "{source}"' in model.asked[0].messages[1].text


def test_a_person_gets_one_new_answer_and_pays_for_it(
    describe, model, make_product, make_user, person
):
    product, other = make_product(), make_user("bob")
    describe()
    assert vision_requested(products=[product], actor=other, forced=True) == 1
    describe()
    VisionTask.objects.all().redo()
    describe()
    assert [asked.account.user_id for asked in model.asked] == [person.pk, other.pk]
    assert model.asked[1].account.scope == f"catalog:{product.catalog_id}"


def test_what_is_asked_for_anew_while_it_is_asked_is_not_paid_twice(
    model, make_product, monkeypatch
):
    make_product()
    model.seconds = 1.2
    describer = VisionDescriber(owner="test/1")
    start = VisionDescriber._start

    def start_then_ask_anew(self):
        start(self)
        if self._flights and not asked_anew:
            asked_anew.append(VisionTask.objects.all().redo())

    asked_anew: list[int] = []
    monkeypatch.setattr(VisionDescriber, "_start", start_then_ask_anew)
    describer.step()
    describer.close()
    assert len(model.asked) == 1
    assert VisionTask.objects.get().state == WorkState.DONE


def test_what_somebody_waits_for_comes_first_then_what_is_new(make_product, person):
    old, described, asked, tried = (make_product() for _ in range(4))
    VisionTask.objects.filter(product=described).update(input_key="k", priority=Urgency.AGAIN)
    vision_requested(products=[asked], actor=person)
    vision_requested(products=[tried], actor=person, trial=True)
    newest = make_product()
    turn = [task.product for task in VisionTask.objects.askable().next(9)]
    assert turn == [tried, asked, newest, old, described]


def test_looking_whose_turn_it_is_does_not_read_what_a_trial_holds_back(make_product, catalog):
    run = DescribeRun.objects.create(catalog=catalog, product_ids=[1] * 1000)
    make_product()
    VisionTask.objects.update(run=run, trial=True)
    with CaptureQueriesContext(connection) as queries:
        (task,) = VisionTask.objects.askable().next(9)
        assert (task.run.state, task.run.fields) == (run.state, [])
    assert not any("product_ids" in query["sql"] for query in queries)


def test_a_deleted_product_is_done_without_a_call(describe, model, make_product, person):
    products_delete(products=[make_product()], actor=person)
    describe()
    assert VisionTask.objects.get().state == WorkState.DONE
    assert model.asked == []
