"""Many suggestions decided on as one act, one replaced by a person's own value, and both undone."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import AuditEvent, Batch, CurrentAttribute, LedgerEntry, Source
from catalog.services.ledger import MachineValue, attributes_set, machine_values_record
from catalog.services.products import product_update, products_delete
from catalog.services.suggestions import (
    suggestion_decide,
    suggestion_replace,
    suggestion_undecide,
    suggestions_decide,
)

pytestmark = pytest.mark.django_db


def current(product, field="color"):
    return CurrentAttribute.objects.filter(product=product, field=field).first()


def fresh(entry: LedgerEntry) -> LedgerEntry:
    return LedgerEntry.objects.get(pk=entry.pk)


@pytest.fixture
def suggested(make_product, vocabulary):
    """Products of each of which a machine says that it is red."""

    def make(count: int) -> list[LedgerEntry]:
        products = [make_product(color=None) for _ in range(count)]
        said = {product: [MachineValue("color", ["red"], 0.6)] for product in products}
        machine_values_record(said=said, source=Source.VISION_LLM, model="m")
        return list(LedgerEntry.objects.filter(product__in=products))

    return make


def test_many_are_accepted_at_once(suggested, person, catalog):
    entries = suggested(3)
    batch = Batch.objects.create(catalog=catalog, label="all red")
    assert suggestions_decide(entries=entries, accept=True, actor=person, batch=batch) == {}
    assert [row.locked for row in CurrentAttribute.objects.all()] == [True] * 3
    assert batch.decisions.filter(decision="accepted", decided_by=person).count() == 3
    assert AuditEvent.objects.filter(action="suggestion.accept").count() == 3


def test_many_take_as_many_queries_as_few(suggested, person):
    few, many = suggested(2), suggested(12)
    counts = []
    for entries in (few, many):
        with CaptureQueriesContext(connection) as queries:
            suggestions_decide(entries=entries, accept=True, actor=person)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_what_cannot_be_decided_is_returned_and_the_others_are_decided(suggested, person):
    good, withdrawn, rejected, deleted = suggested(4)
    said = {withdrawn.product: [MachineValue("color", ["blue"], 0.6)]}
    machine_values_record(said=said, source=Source.VISION_LLM, model="m")
    suggestion_decide(entry=rejected, accept=False, actor=person)
    products_delete(products=[deleted.product], actor=person)
    entries = [good, withdrawn, rejected, deleted]
    refused = suggestions_decide(entries=entries, accept=True, actor=person)
    assert {pk: error.messages for pk, error in refused.items()} == {
        withdrawn.pk: ["This suggestion was withdrawn meanwhile."],
        rejected.pk: ["This suggestion was rejected meanwhile."],
        deleted.pk: ["This product was deleted."],
    }
    assert [fresh(each).decision for each in entries] == ["accepted", "", "rejected", ""]


def test_text_that_does_not_fit_leaves_the_others(product, guess, person):
    long, fine = guess("title", ["x" * 301]), guess("description", ["A fine mug"])
    refused = suggestions_decide(entries=[long, fine], accept=True, actor=person)
    assert list(refused) == [long.pk]
    product.refresh_from_db()
    assert (product.title, product.description) == ("Mug", "A fine mug")
    assert (fresh(long).decision, fresh(fine).decision) == ("", "accepted")


def test_what_is_accepted_already_is_left_to_who_accepted_it(suggested, person, make_user, catalog):
    (entry,) = suggested(1)
    suggestion_decide(entry=entry, accept=True, actor=person)
    batch = Batch.objects.create(catalog=catalog, label="later")
    assert not suggestions_decide(entries=[entry], accept=True, actor=make_user("eve"), batch=batch)
    assert (fresh(entry).decided_by, fresh(entry).decision_batch) == (person, None)


def test_a_person_s_word_is_no_suggestion(says, person):
    entry = says("color", "red")
    with pytest.raises(ValidationError, match="no machine's"):
        suggestion_decide(entry=entry, accept=False, actor=person)


def test_undone_acceptance_waits_for_a_decision_again(product, guess, person):
    entry = guess("color", ["red"])
    suggestion_decide(entry=entry, accept=True, actor=person)
    assert suggestion_undecide(entry=entry, actor=person)
    assert (fresh(entry).decision, current(product).locked) == ("", False)


def test_undone_rejection_counts_again(product, guess, person):
    entry = guess("color", ["red"])
    suggestion_decide(entry=entry, accept=False, actor=person)
    suggestion_undecide(entry=entry, actor=person)
    assert current(product).value == ["red"]


def test_who_undoes_a_decision_stands_in_the_audit_trail(guess, person, make_user):
    entry = guess("color", ["red"])
    suggestion_decide(entry=entry, accept=True, actor=person)
    eve = make_user("eve")
    suggestion_undecide(entry=entry, actor=eve)
    event = AuditEvent.objects.get(action="suggestion.undecide")
    assert (event.actor, event.data["was"], event.data["decided_by"]) == (
        eve,
        "accepted",
        person.pk,
    )


def test_undone_acceptance_gives_the_column_its_text_back(product, guess, person):
    entry = guess("title", ["A fine mug"])
    suggestion_decide(entry=entry, accept=True, actor=person)
    assert suggestion_undecide(entry=entry, actor=person)
    product.refresh_from_db()
    assert product.title == "Mug"


def test_undone_acceptance_gives_the_money_back(product, guess, person):
    product_update(product=product, actor=person, fields={"price": "9.90"})
    entry = guess("price", ["12.50"])
    suggestion_decide(entry=entry, accept=True, actor=person)
    assert suggestion_undecide(entry=entry, actor=person)
    assert str(product.variants.get().price) == "9.9000"


def test_column_that_was_changed_since_is_left_and_that_is_said(product, guess, person):
    entry = guess("title", ["A fine mug"])
    suggestion_decide(entry=entry, accept=True, actor=person)
    product.refresh_from_db()
    product_update(product=product, actor=person, fields={"title": "My mug"})
    assert not suggestion_undecide(entry=entry, actor=person)
    product.refresh_from_db()
    assert (product.title, fresh(entry).decision) == ("My mug", "")


def test_rejecting_what_was_accepted_takes_the_text_back(product, guess, person):
    entry = guess("title", ["A fine mug"])
    suggestion_decide(entry=entry, accept=True, actor=person)
    suggestion_decide(entry=entry, accept=False, actor=person)
    product.refresh_from_db()
    assert (product.title, fresh(entry).decision) == ("Mug", "rejected")


def test_what_nobody_decided_on_cannot_be_undone(guess, person):
    with pytest.raises(ValidationError, match="Nobody has decided"):
        suggestion_undecide(entry=guess("color", ["red"]), actor=person)


def test_own_value_in_place_of_a_suggestion_rejects_it_on_record(product, guess, person):
    entry = guess("color", ["red"])
    suggestion_replace(entry=entry, value=["blue"], actor=person)
    row = current(product)
    assert (row.value, row.source, row.locked) == (["blue"], "person", True)
    assert (fresh(entry).decision, fresh(entry).decided_by) == ("rejected", person)
    assert AuditEvent.objects.get(action="suggestion.replace").data["value"] == ["blue"]


def test_own_text_in_place_of_a_suggestion_is_undone_with_the_rejection(product, guess, person):
    entry = guess("title", ["A fine mug"])
    suggestion_replace(entry=entry, value="A plain mug", actor=person)
    product.refresh_from_db()
    assert (product.title, fresh(entry).decision) == ("A plain mug", "rejected")
    suggestion_undecide(entry=entry, actor=person)
    product.refresh_from_db()
    assert product.title == "Mug"


def test_the_suggested_value_itself_is_an_acceptance(product, guess, person):
    entry = guess("color", ["red"])
    suggestion_replace(entry=entry, value="Red", actor=person)
    assert (fresh(entry).decision, current(product).source) == ("accepted", "zero-shot")


def test_own_value_that_does_not_fit_changes_nothing(product, guess, person):
    entry = guess("material", ["wood"])
    with pytest.raises(ValidationError, match="plasma"):
        suggestion_replace(entry=entry, value="plasma", actor=person)
    assert (fresh(entry).decision, current(product, "material").value) == ("", ["wood"])


def test_one_value_is_given_to_many_products(suggested, person, catalog):
    products = [entry.product for entry in suggested(3)]
    batch = Batch.objects.create(catalog=catalog, label="blue")
    assert (
        attributes_set(products=products, field="color", value="blue", actor=person, batch=batch)
        == 3
    )
    assert {tuple(row.value) for row in CurrentAttribute.objects.all()} == {("blue",)}
    assert batch.entries.count() == 3


def test_many_products_are_emptied_on_purpose(suggested, person):
    entries = suggested(2)
    attributes_set(
        products=[entry.product for entry in entries], field="color", value=None, actor=person
    )
    assert [row.value for row in CurrentAttribute.objects.all()] == [None, None]


def test_many_products_take_as_many_queries_as_few(suggested, person):
    counts = []
    for count in (2, 12):
        products = [entry.product for entry in suggested(count)]
        with CaptureQueriesContext(connection) as queries:
            attributes_set(products=products, field="color", value="blue", actor=person)
        counts.append(len(queries))
    assert counts[0] == counts[1]
