"""Acts on many products undone as a whole, and restored."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from catalog.models import (
    Batch,
    CurrentAttribute,
    DescribeRun,
    Job,
    LedgerEntry,
    Source,
    VisionTask,
)
from catalog.services import batches, bulk
from catalog.services.batches import batch_restore, batch_retract
from catalog.services.bulk_acts import ACTS
from catalog.services.ledger import MachineValue, attributes_set, machine_values_record
from catalog.services.products import product_update
from catalog.services.suggestions import suggestion_decide, suggestion_undecide, suggestions_decide

pytestmark = pytest.mark.django_db


@pytest.fixture
def begin(catalog, person):
    return lambda label="act": Batch.objects.create(catalog=catalog, label=label, created_by=person)


@pytest.fixture
def vision(product):
    """What the vision model says of the product, as part of a batch if one is given."""

    def record(field, value, batch=None, considered=()):
        said = {product: [MachineValue(field, value, 0.8)] if value else []}
        machine_values_record(
            said=said, source=Source.VISION_LLM, model="m", batch=batch, considered=considered
        )
        return LedgerEntry.objects.latest("pk")

    return record


def value(product, field="color"):
    row = CurrentAttribute.objects.filter(product=product, field=field).first()
    return row.value if row else None


def test_undone_batch_takes_its_decisions_back(product, guess, person, begin):
    batch, entry = begin(), guess("color", ["red"])
    suggestions_decide(entries=[entry], accept=True, actor=person, batch=batch)
    done = batch_retract(batch=batch, actor=person)
    entry.refresh_from_db()
    assert (done.result["values"], done.result["kept"], entry.decision) == (1, 0, "")
    assert CurrentAttribute.objects.get().locked is False


def test_restored_batch_decides_as_it_did(product, guess, person, begin, make_user):
    batch, entry = begin(), guess("color", ["red"])
    suggestions_decide(entries=[entry], accept=False, actor=person, batch=batch)
    entry.refresh_from_db()
    decided_at = entry.decided_at
    batch_retract(batch=batch, actor=make_user("eve"))
    batch_restore(batch=batch, actor=make_user("eva"))
    entry.refresh_from_db()
    assert (entry.decision, entry.decided_by, entry.decided_at) == ("rejected", person, decided_at)
    batch.refresh_from_db()
    assert (batch.retracted_at, batch.retracted_by) == (None, None)


def test_texts_of_accepted_suggestions_go_and_come_with_the_batch(product, vision, person, begin):
    batch = begin("described")
    entry = vision("title", ["A fine mug"], batch)
    suggestion_decide(entry=entry, accept=True, actor=person)
    assert batch_retract(batch=batch, actor=person).result["kept"] == 0
    product.refresh_from_db()
    assert product.title == "Mug"
    batch_restore(batch=batch, actor=person)
    product.refresh_from_db()
    assert product.title == "A fine mug"


def test_text_that_somebody_changed_since_stays_and_is_counted(product, guess, person, begin):
    batch, entry = begin(), guess("title", ["A fine mug"])
    suggestions_decide(entries=[entry], accept=True, actor=person, batch=batch)
    product.refresh_from_db()
    product_update(product=product, actor=person, fields={"title": "My mug"})
    assert batch_retract(batch=batch, actor=person).result["kept"] == 1
    product.refresh_from_db()
    assert product.title == "My mug"


def test_what_a_machine_said_before_the_batch_is_its_word_again(product, vision, person, begin):
    vision("color", ["red"])
    batch = begin("again")
    vision("color", ["blue"], batch)
    batch_retract(batch=batch, actor=person)
    assert value(product) == ["red"]
    batch_restore(batch=batch, actor=person)
    assert value(product) == ["blue"]
    assert LedgerEntry.objects.filter(retracted_at=None).count() == 1


def test_what_a_batch_was_silent_about_comes_back(product, vision, person, begin):
    vision("color", ["red"])
    batch = begin()
    vision("color", None, batch, considered=["color"])
    assert value(product) is None
    batch_retract(batch=batch, actor=person)
    assert value(product) == ["red"]


def test_nothing_comes_back_where_a_machine_said_something_newer(product, vision, person, begin):
    vision("color", ["red"])
    first, second = begin("first"), begin("second")
    vision("color", ["blue"], first)
    vision("color", ["green"], second)
    batch_retract(batch=first, actor=person)
    assert value(product) == ["green"]
    batch_retract(batch=second, actor=person)
    assert value(product) == ["red"]


def test_restored_batch_does_not_outdo_what_a_machine_said_since(product, vision, person, begin):
    batch = begin()
    vision("color", ["blue"], batch)
    batch_retract(batch=batch, actor=person)
    vision("color", ["green"])
    batch_restore(batch=batch, actor=person)
    assert value(product) == ["green"]


def test_person_s_value_survives_both(product, vision, says, person, begin):
    batch = begin()
    vision("color", ["blue"], batch)
    says("color", "red")
    batch_retract(batch=batch, actor=person)
    batch_restore(batch=batch, actor=person)
    assert value(product) == ["red"]


def test_what_was_taken_back_alone_stays_taken_back(product, guess, person, begin):
    batch, entry = begin(), guess("color", ["red"])
    suggestions_decide(entries=[entry], accept=True, actor=person, batch=batch)
    suggestion_undecide(entry=entry, actor=person)
    batch_retract(batch=batch, actor=person)
    batch_restore(batch=batch, actor=person)
    entry.refresh_from_db()
    assert entry.decision == ""


def test_values_given_to_many_are_undone_and_restored(make_product, vocabulary, person, begin):
    products = [make_product(color=None) for _ in range(2)]
    batch = begin()
    attributes_set(products=products, field="material", value="wood", actor=person, batch=batch)
    assert batch_retract(batch=batch, actor=person).result["values"] == 2
    assert not CurrentAttribute.objects.exists()
    assert batch_restore(batch=batch, actor=person).result["values"] == 2
    assert CurrentAttribute.objects.filter(value=["wood"], locked=True).count() == 2


def test_batch_is_undone_once_and_restored_once(person, begin):
    batch = begin()
    with pytest.raises(ValidationError, match="not undone"):
        batch_restore(batch=batch, actor=person)
    batch_retract(batch=batch, actor=person)
    with pytest.raises(ValidationError, match="undone already"):
        batch_retract(batch=batch, actor=person)


def test_batch_that_grows_while_it_is_being_held_is_not_undone_in_part(
    product, make_product, vocabulary, person, begin, monkeypatch
):
    other, batch = make_product(), begin()
    attributes_set(products=[product], field="color", value=["red"], actor=person, batch=batch)
    hold = batches.lock_row

    def written_a_moment_before(row):
        attributes_set(products=[other], field="color", value=["blue"], actor=person, batch=batch)
        hold(row)

    monkeypatch.setattr(batches, "lock_row", written_a_moment_before)
    with pytest.raises(ValidationError, match="just being written"):
        batch_retract(batch=batch, actor=person)
    monkeypatch.undo()
    assert value(product) == ["red"]


def test_batch_that_is_still_written_is_not_undone(product, catalog, person, begin):
    run = DescribeRun.objects.create(catalog=catalog, label="all", batch=begin())
    VisionTask.objects.update_or_create(product=product, defaults={"run": run})
    with pytest.raises(ValidationError, match="still being described"):
        batch_retract(batch=run.batch, actor=person)


@pytest.fixture
def large(catalog, make_product, vocabulary, person, begin, monkeypatch):
    """A batch on three products, for whom one is many."""
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    monkeypatch.setattr(bulk, "STEP", 1)
    batch = begin("Make it wood")
    products = [make_product(color=None) for _ in range(3)]
    attributes_set(products=products, field="material", value="wood", actor=person, batch=batch)
    return batch


def work(steps: int = 100) -> None:
    """So many steps of what there is to do, and no more: as if the worker were killed then."""
    (job,) = Job.objects.claim(owner="test/1", limit=1).rows
    while steps and bulk.bulk_step(act=ACTS[job.kind], job=job):
        steps -= 1
    Job.objects.free(owner_prefix="test/")


def wooden() -> int:
    return CurrentAttribute.objects.filter(field="material").count()


def test_large_batch_is_undone_and_restored_in_steps(large, person):
    batch_retract(batch=large, actor=person)
    work(1)
    assert wooden() == 2
    work()
    assert wooden() == 0
    batch_restore(batch=large, actor=person)
    work(2)
    work()
    large.refresh_from_db()
    assert (wooden(), large.retracted_at) == (3, None)
    assert [job.result["values"] for job in Job.objects.order_by("pk")] == [3, 3]


def test_large_batch_is_not_undone_twice_at_a_time(large, person):
    batch_retract(batch=large, actor=person)
    for act in (batch_retract, batch_restore):
        with pytest.raises(ValidationError, match="just being undone"):
            act(batch=large, actor=person)


@pytest.mark.parametrize(("then", "left"), [(batch_retract, 0), (batch_restore, 3)])
def test_undo_that_was_stopped_is_gone_on_with_or_taken_back(large, person, then, left):
    job = batch_retract(batch=large, actor=person).job
    work(1)
    bulk.bulk_stop(act=ACTS[job.kind], job=job, actor=person)
    assert wooden() == 2
    then(batch=large, actor=person)
    work()
    assert wooden() == left


def test_restore_that_was_stopped_is_gone_on_with(large, person):
    batch_retract(batch=large, actor=person)
    work()
    job = batch_restore(batch=large, actor=person).job
    work(1)
    bulk.bulk_stop(act=ACTS[job.kind], job=job, actor=person)
    assert wooden() == 1
    batch_restore(batch=large, actor=person)
    work()
    assert wooden() == 3
