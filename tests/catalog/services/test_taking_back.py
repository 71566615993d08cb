"""Values that are taken back: one, or all that one batch wrote. What counted before counts again."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from catalog.models import Batch, CurrentAttribute, CurrentTerm, IndexChange, Product, Source
from catalog.services.batches import batch_retract
from catalog.services.ledger import (
    attribute_set,
    attribute_undo,
)
from catalog.services.suggestions import suggestion_decide

pytestmark = pytest.mark.django_db


def current(product, field="color", variant=None):
    return CurrentAttribute.objects.filter(product=product, field=field, variant=variant).first()


def terms(field="color") -> list[str]:
    return sorted(CurrentTerm.objects.filter(field=field).values_list("value", flat=True))


@pytest.fixture
def imported(make_product, vocabulary, catalog, person):
    """Makes products whose colour and material one batch wrote."""

    def make(count: int, **fields) -> tuple[Batch, list[Product]]:
        batch = Batch.objects.create(catalog=catalog, label="import")
        products = [make_product(**fields) for _ in range(count)]
        for product in products:
            for field, value in (("color", "red"), ("material", "wood")):
                attribute_set(
                    product=product,
                    field=field,
                    value=value,
                    actor=person,
                    source=Source.IMPORT,
                    batch=batch,
                )
        return batch, products

    return make


def test_undo_brings_the_value_before_back(product, says, person):
    says("color", "red")
    says("color", "blue")
    assert attribute_undo(product=product, field="color", actor=person)
    assert current(product).value == ["red"]


def test_undo_of_the_only_value_leaves_the_field_without(product, says, person):
    says("color", "red")
    attribute_undo(product=product, field="color", actor=person)
    assert current(product) is None
    assert terms() == []


def test_undo_does_not_touch_what_machines_said(product, guess, person):
    guess("color", ["red"])
    assert not attribute_undo(product=product, field="color", actor=person)
    assert current(product).value == ["red"]


def test_history_is_kept_when_a_value_is_undone(product, says, person):
    entry = says("color", "red")
    attribute_undo(product=product, field="color", actor=person)
    entry.refresh_from_db()
    assert entry.value == ["red"]
    assert entry.retracted_by == person


def test_undo_on_a_product_leaves_its_variants_values(product, says, person):
    variant = product.variants.get()
    says("color", "red")
    says("color", "blue", variant=variant)
    attribute_undo(product=product, field="color", actor=person)
    assert current(product) is None
    assert current(product, variant=variant).value == ["blue"]


def test_undone_category_is_gone_from_the_product(product, says, person):
    says("category", "clothes")
    attribute_undo(product=product, field="category", actor=person)
    product.refresh_from_db()
    assert product.category is None


def test_batch_is_undone_as_a_whole(imported, person):
    batch, products = imported(2, color=None)
    attribute_set(product=products[0], field="color", value="blue", actor=person)
    assert batch_retract(batch=batch, actor=person).result["values"] == 4
    assert [row.value for row in CurrentAttribute.objects.all()] == [["blue"]]


def test_undo_takes_back_the_acceptance_that_counts(product, says, guess, person):
    says("color", "red")
    suggestion_decide(entry=guess("color", ["blue"]), accept=True, actor=person)
    assert attribute_undo(product=product, field="color", actor=person)
    row = current(product)
    assert (row.value, row.source) == (["red"], "person")


def test_undo_of_an_acceptance_keeps_the_suggestion(product, guess, person):
    entry = guess("color", ["blue"])
    suggestion_decide(entry=entry, accept=True, actor=person)
    attribute_undo(product=product, field="color", actor=person)
    entry.refresh_from_db()
    assert (entry.decision, entry.decided_by, entry.retracted_at) == ("", None, None)
    assert current(product).locked is False


def test_undo_leaves_an_older_word_that_does_not_count(product, says, guess, person):
    older = says("color", "red", source=Source.IMPORT)
    newer = says("color", "green")
    attribute_undo(product=product, field="color", actor=person)
    older.refresh_from_db()
    newer.refresh_from_db()
    assert (older.retracted_at, newer.retracted_by) == (None, person)


def test_index_is_told_of_a_retracted_batch(imported, person):
    batch, products = imported(2)
    IndexChange.objects.all().delete()
    batch_retract(batch=batch, actor=person)
    points = {product.placements.get().pk: False for product in products}
    assert dict(IndexChange.objects.values_list("point", "vector")) == points


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_batch_waits_for_its_products_in_the_order_of_all_others(imported, person):
    """One that held a later product already would be waited for by whoever holds the first."""
    batch, (first, *others) = imported(3, color=None)
    failed: list[Exception] = []

    def retract() -> None:
        try:
            batch_retract(batch=batch, actor=person)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the test says so
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=retract)
    with transaction.atomic():
        attribute_set(product=first, field="style", value="plain", actor=person)
        thread.start()
        thread.join(0.5)
        for product in others:
            attribute_set(product=product, field="style", value="plain", actor=person)
    thread.join(30)
    assert failed == []
