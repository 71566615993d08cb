"""Which photos the vision model is sent, and what comes of those that cannot be opened."""

from __future__ import annotations

import threading

import pytest

from catalog import storage
from catalog.ingest import vision_plans
from catalog.ingest.vision import VisionDescriber
from catalog.models import EmbeddingSpace, EmbedTask, PhotoRole, VisionTask
from prodintel.lib.work import WorkState
from tests.catalog.colours import staged
from tests.catalog.ingest.asked import fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def live() -> EmbeddingSpace:
    return EmbeddingSpace.objects.create(model_id="m", dimension=3, fingerprint="f", state="live")


def test_as_many_photos_as_the_model_takes_are_sent_the_main_one_first(
    describe, model, make_product
):
    model.images = 2
    make_product(photos=[staged(color, mark=n) for n, color in enumerate(["red", "blue", "green"])])
    describe()
    asked = model.asked[0].messages[1]
    assert len(asked.images) == 2
    assert "photo_1: main, photo_2: detail." in asked.text


def test_a_photo_that_cannot_be_opened_is_left_out(describe, model, make_product):
    product = make_product(photos=[staged("red", mark=1), staged("blue", mark=2)])
    main = product.placements.get(role=PhotoRole.MAIN).photo
    storage.save(main.file.name, b"no photo any more")
    describe()
    assert len(model.asked[0].messages[1].images) == 1


def test_a_product_of_which_no_photo_can_be_opened_fails_for_good(describe, model, make_product):
    product = make_product()
    storage.delete(product.placements.get().photo.file.name)
    describe()
    task = VisionTask.objects.get()
    assert task.state == WorkState.FAILED
    assert "None of the product's photos can be opened" in task.error
    assert model.asked == []


def test_a_photo_that_embedding_gave_up_on_is_not_opened(describe, model, make_product, live):
    product = make_product(photos=[staged("red", mark=1), staged("blue", mark=2)])
    photo = product.placements.get(role=PhotoRole.MAIN).photo
    EmbedTask.objects.filter(photo=photo, space=live).update(state="failed")
    describe()
    assert [len(asked.messages[1].images) for asked in model.asked] == [1]


def test_a_product_with_no_other_photo_fails_for_good(describe, model, make_product, live):
    make_product()
    EmbedTask.objects.filter(space=live).update(state="failed")
    describe()
    assert VisionTask.objects.get().state == WorkState.FAILED
    assert model.asked == []


def test_a_photo_whose_opening_ends_the_process_is_given_up_in_the_end(
    model, make_product, monkeypatch
):
    product = make_product()
    opening = threading.Event()

    def never_ends(_question):
        opening.set()
        threading.Event().wait(1)
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(vision_plans, "prepare", never_ends)
        for number in range(5):
            describer = VisionDescriber(owner=f"test/{number}")
            describer._plans.look()
            assert opening.wait(5)
            opening.clear()
            VisionTask.objects.free(owner_prefix="test/")
    task = fresh(product).vision_task
    assert (task.state, task.attempts) == (WorkState.FAILED, 5)
    assert "interrupted" in task.error


def test_what_was_opened_without_harm_is_no_suspect_when_the_process_ends(model, make_product):
    make_product()
    model.slots = [60.0]
    describer = VisionDescriber(owner="test/1")
    describer._plans.look()
    assert VisionTask.objects.get().owner == "test/1"
    describer._plans._photos.shutdown()
    describer._plans.look()
    VisionTask.objects.free(owner_prefix="test/")
    assert VisionTask.objects.values_list("owner", "attempts").get() == ("", 0)


def test_a_product_that_was_tried_twice_for_nothing_is_made_ready_alone(
    model, make_product, monkeypatch
):
    suspects = [make_product(), make_product()]
    VisionTask.objects.update(attempts=2)
    for _ in range(3):
        make_product()
    describer = VisionDescriber(owner="test/1")
    at_once = []
    prepare = vision_plans.prepare

    def noted(question):
        others = [
            t.product_id for t, future in describer._plans._readying.items() if not future.done()
        ]
        at_once.append((question.product.pk, len(others)))
        return prepare(question)

    monkeypatch.setattr(vision_plans, "prepare", noted)
    describer.step()
    describer.close()
    assert VisionTask.objects.filter(state="done").count() == 5
    alone = {product.pk for product in suspects}
    assert all(others <= 1 for product, others in at_once if product in alone)
