from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.describe import vocabulary
from catalog.ingest import describe
from catalog.ingest.describe import Describer
from catalog.models import (
    CurrentTerm,
    DescribeTask,
    EmbedTask,
    LedgerEntry,
    Placement,
    Product,
    Source,
    Term,
    TermState,
)
from catalog.services.embeddings import embeddings_record
from catalog.services.ledger import attribute_set
from catalog.services.suggestions import suggestion_decide
from prodintel.engine.errors import EngineUnavailable
from prodintel.lib.work import WorkState
from tests.catalog.describe.conftest import embed, make_photo
from tests.catalog.describe.words import photo_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped")]


def task_of(product: Product) -> DescribeTask:
    return DescribeTask.objects.get(product=product)


def said_of(product: Product) -> dict[str, list]:
    rows = LedgerEntry.objects.standing().filter(product=product, source=Source.ZERO_SHOT)
    return {row.field: row.value for row in rows}


def again(product: Product) -> None:
    DescribeTask.objects.filter(product=product).redo()


def test_a_product_gets_its_category_and_colours(describer, make_product):
    hat = make_product("hat", colors=[["red", 0.7], ["white", 0.3]])
    assert describer.step() == 1
    hat.refresh_from_db()
    assert hat.category.path == "clothing/hats"
    assert said_of(hat) == {"category": ["clothing/hats"], "color": ["red", "white"]}
    assert task_of(hat).state == WorkState.DONE
    row = LedgerEntry.objects.get(product=hat, field="category")
    assert 0 < row.confidence <= 1
    assert row.model == "starter"
    assert row.photo_id == hat.placements.get().photo_id


def test_facets_count_what_was_found(describer, make_product):
    hat = make_product("hat", colors=[["red", 0.9]])
    describer.step()
    found = CurrentTerm.objects.filter(product=hat).values_list("field", "value")
    assert set(found) == {
        ("category", "clothing/hats"),
        ("color", "red"),
        ("pattern", "solid"),
    }


def test_one_colour_all_over_is_a_plain_pattern_only_where_patterns_apply(describer, make_product):
    hat = make_product("hat", colors=[["red", 0.9]])
    lamp = make_product("nothing known", colors=[["red", 0.9]])
    describer.step()
    assert said_of(hat)["pattern"] == ["solid"]
    assert "pattern" not in said_of(lamp)


def test_what_cannot_be_told_is_left_open_and_the_task_is_done(describer, make_product):
    unknown = make_product("dress mug lamp sofa plate")
    assert describer.step() == 1
    assert said_of(unknown) == {}
    assert task_of(unknown).state == WorkState.DONE


def test_a_product_without_vectors_waits(describer, make_product, space):
    product = make_product(None)
    assert describer.step() == 0
    assert task_of(product).state == WorkState.PENDING
    photo = product.placements.get().photo
    embed(photo, space, photo_of("mug"))
    describer._rest_until = 0
    assert describer.step() == 1
    assert said_of(product)["category"] == ["tableware/mugs"]


def test_a_photo_that_fails_first_and_is_embedded_later_describes_its_product_again(
    describer, make_product, space
):
    product = make_product(None)
    EmbedTask.objects.update(state=WorkState.FAILED)
    assert describer.step() == 1
    assert said_of(product) == {}
    EmbedTask.objects.all().retry()
    claim = EmbedTask.objects.claim(owner="test/2", limit=1)
    photo = product.placements.get().photo
    embeddings_record(space=space, token=claim.token, vectors={photo.pk: photo_of("mug")})
    assert describer.step() == 1
    assert said_of(product)["category"] == ["tableware/mugs"]


def test_a_database_that_fails_in_the_middle_gives_the_claim_back(
    describer, make_product, monkeypatch
):
    product = make_product("hat")

    def locked(**_):
        raise OperationalError("deadlock detected")

    with monkeypatch.context() as patch:
        patch.setattr(describe, "descriptions_record", locked)
        with pytest.raises(OperationalError):
            describer.step()
    assert describer.step() == 1
    assert task_of(product).attempts == 1


def test_a_product_that_brings_the_runner_down_takes_no_others_with_it(
    describer, make_product, monkeypatch
):
    bad = make_product("hat")
    others = [make_product("mug") for _ in range(3)]
    record = describe.descriptions_record

    def surprise(*, descriptions, **rest):
        if bad in [each.product for each in descriptions]:
            raise ZeroDivisionError
        return record(descriptions=descriptions, **rest)

    monkeypatch.setattr(describe, "descriptions_record", surprise)
    for _ in range(12):
        fresh = Describer(describer._engine, owner="test/1")
        try:
            fresh.step()
        except ZeroDivisionError:
            DescribeTask.objects.free(owner_prefix="test/")
    assert task_of(bad).state == WorkState.FAILED
    assert {task_of(product).state for product in others} == {WorkState.DONE}


def test_a_product_is_described_when_all_of_its_photos_are_embedded(describer, make_product):
    product = make_product("hat", None)
    assert describer.step() == 0
    EmbedTask.objects.exclude(state=WorkState.DONE).update(state=WorkState.FAILED)
    describer._rest_until = 0
    assert describer.step() == 1
    assert said_of(product)["category"] == ["clothing/hats"]


def test_many_waiting_products_do_not_hide_one_that_is_ready(describer, make_product, monkeypatch):
    monkeypatch.setattr(describe, "BATCH", 2)
    for _ in range(5):
        make_product(None)
    ready = make_product("mug")
    assert describer.step() == 1
    assert task_of(ready).state == WorkState.DONE


def test_deleted_products_and_products_without_photos_are_done_with(describer, make_product):
    deleted, bare = make_product(None), make_product("hat")
    Product.objects.filter(pk=deleted.pk).update(deleted_at=timezone.now())
    Placement.objects.filter(product=bare).update(deleted_at=timezone.now())
    assert describer.step() == 2
    assert {task_of(deleted).state, task_of(bare).state} == {WorkState.DONE}
    assert not LedgerEntry.objects.exists()


def test_charts_and_packaging_do_not_say_what_a_product_is(describer, make_product, space, shop):
    product = make_product("hat")
    chart = make_photo(shop, "chart", [["white", 1.0]])
    embed(chart, space, photo_of("plate mug"))
    Placement.objects.create(photo=chart, product=product, role="chart", position=0)
    describer.step()
    assert said_of(product) == {"category": ["clothing/hats"]}


def test_describing_again_changes_nothing_that_is_the_same(describer, make_product):
    product = make_product("hat", colors=[["red", 0.6]])
    describer.step()
    before = list(LedgerEntry.objects.values_list("pk", "retracted_at"))
    again(product)
    assert describer.step() == 1
    assert list(LedgerEntry.objects.values_list("pk", "retracted_at")) == before


def test_a_new_answer_replaces_the_earlier_one(describer, make_product):
    product = make_product("hat", colors=[["red", 0.6]])
    describer.step()
    photo = product.placements.get().photo
    type(photo).objects.filter(pk=photo.pk).update(colors=[["blue", 0.6]])
    again(product)
    describer.step()
    assert said_of(product)["color"] == ["blue"]
    assert LedgerEntry.objects.filter(product=product, field="color").count() == 2


def test_an_answer_that_is_no_longer_given_is_withdrawn(describer, make_product):
    product = make_product("hat", colors=[["red", 0.6]])
    describer.step()
    photo = product.placements.get().photo
    type(photo).objects.filter(pk=photo.pk).update(colors=[])
    photo.embeddings.update(vector=photo_of("dress mug lamp sofa plate").astype("<f2").tobytes())
    again(product)
    describer.step()
    product.refresh_from_db()
    assert said_of(product) == {}
    assert product.category is None
    assert not CurrentTerm.objects.filter(product=product).exists()


def test_a_persons_category_stays_and_the_machines_word_is_on_record(
    describer, make_product, make_user
):
    product = make_product("hat")
    attribute_set(
        product=product, field="category", value="clothing/dresses", actor=make_user("ada")
    )
    describer.step()
    product.refresh_from_db()
    assert product.category.path == "clothing/dresses"
    assert said_of(product)["category"] == ["clothing/hats"]


def test_a_rejected_value_is_not_said_again(describer, make_product, make_user):
    product = make_product("hat")
    describer.step()
    entry = LedgerEntry.objects.get(product=product, field="category")
    suggestion_decide(entry=entry, accept=False, actor=make_user("ada"))
    again(product)
    describer.step()
    assert LedgerEntry.objects.filter(product=product, field="category").count() == 1


def test_a_lost_claim_writes_nothing(describer, make_product, monkeypatch):
    product = make_product("hat", colors=[["red", 0.6]])
    written = describe.descriptions_record

    def late(**arguments):
        DescribeTask.objects.filter(product=product).redo()
        return written(**arguments)

    monkeypatch.setattr(describe, "descriptions_record", late)
    describer.step()
    assert not LedgerEntry.objects.exists()
    assert task_of(product).state == WorkState.PENDING


def test_an_engine_that_goes_away_leaves_the_work_pending_with_its_reason(
    describer, make_product, engine
):
    product = make_product("hat")
    engine.encode_texts.fails = EngineUnavailable("The engine starts.")
    assert describer.step() == 0
    task = task_of(product)
    assert (task.state, task.attempts, task.error) == (WorkState.PENDING, 0, "The engine starts.")
    assert task.next_try_at > timezone.now()
    engine.encode_texts.fails = None
    describer._rest_until = 0
    DescribeTask.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
    assert describer.step() == 1
    assert task_of(product).error == ""


def test_nothing_is_claimed_while_no_engine_answers(describer, make_product, engine):
    product = make_product("hat")
    engine.away = True
    assert describer.step() == 0
    engine.away = False
    engine.encoder = None
    assert describer.step() == 0
    assert task_of(product).attempts == 0


def test_vectors_of_another_model_are_not_compared_with_this_ones_words(
    describer, make_product, engine
):
    product = make_product("hat")
    engine.use(fingerprint="words-2")
    assert describer.step() == 0
    assert task_of(product).state == WorkState.PENDING


def test_a_damaged_measurement_fails_its_product_alone(describer, make_product):
    bad, good = make_product("hat", colors=[["red"]]), make_product("mug")
    assert describer.step() == 2
    assert (task_of(bad).state, task_of(bad).attempts) == (WorkState.PENDING, 1)
    assert task_of(bad).error
    assert task_of(good).state == WorkState.DONE


def test_a_product_more_in_a_group_takes_no_queries_of_its_own(describer, make_product):
    def queries(count: int) -> int:
        products = [make_product("hat", colors=[["red", 0.6]]) for _ in range(count)]
        with CaptureQueriesContext(connection) as captured:
            assert describer.step() == count
        assert {task_of(product).state for product in products} == {WorkState.DONE}
        return len(captured)

    queries(1)
    assert queries(describe.GROUP) == queries(2)


def test_words_are_encoded_once_for_all_products(describer, make_product, engine):
    make_product("hat")
    describer.step()
    asked = len(engine.encode_texts.asked)
    make_product("hat")
    assert describer.step() == 1
    assert len(engine.encode_texts.asked) == asked


def test_words_are_encoded_by_the_model_that_saw_the_photos(describer, make_product, engine, space):
    make_product("hat")
    describer.step()
    assert engine.encode_texts.models == {space.fingerprint}


def test_a_term_that_people_withdrew_is_no_longer_said(describer, make_product):
    product = make_product("hat", colors=[["red", 0.6], ["white", 0.3]])
    Term.objects.filter(attribute__key="color", key="white").update(state=TermState.REJECTED)
    vocabulary.current(max_age=0)
    describer.step()
    assert said_of(product)["color"] == ["red"]


def test_photos_that_wait_for_vectors_come_first(describer, make_product, monkeypatch):
    monkeypatch.setattr(describe, "BATCH", 1)
    monkeypatch.setattr(describe, "SHARE_WHILE_EMBEDDING", 1e-9)
    make_product("hat")
    make_product("mug")
    waiting = make_product(None)
    assert describer.step() == 1
    assert describer.step() == 0
    EmbedTask.objects.filter(photo__placements__product=waiting).update(state=WorkState.FAILED)
    describer._rest_until = 0
    assert describer.step() == 1


def test_models_are_read_by_their_make():
    assert describe.calibration_of("starter") is describe.STARTER
    assert describe.calibration_of("ViT-B-32/laion2b") is describe.OPEN_CLIP
