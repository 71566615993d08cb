"""One act on one product taken back, and nothing else with it."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from catalog.models import AuditEvent, Batch, CurrentAttribute, LedgerEntry, Source
from catalog.services.acts import Act, product_undo
from catalog.services.ledger import MachineValue, attributes_set, machine_values_record
from catalog.services.products import product_update
from catalog.services.suggestions import suggestion_decide, suggestion_replace, suggestions_decide

pytestmark = pytest.mark.django_db


def value(product, field="color"):
    row = CurrentAttribute.objects.filter(product=product, field=field).first()
    return row.value if row else None


@pytest.fixture
def answer(product):
    """One answer of the vision model."""

    def record(**values):
        said = {product: [MachineValue(name, [each], 0.8) for name, each in values.items()]}
        machine_values_record(said=said, source=Source.VISION_LLM, model="m")
        return LedgerEntry.objects.latest("pk")

    return record


def test_one_save_is_taken_back_with_all_its_values(product, says, person):
    says("color", "blue")
    product_update(product=product, actor=person, attributes={"color": "red", "material": "wood"})
    act = Act.that_wrote(LedgerEntry.objects.latest("pk"))
    assert product_undo(product=product, act=act, actor=person).values == 2
    assert (value(product), value(product, "material")) == (["blue"], None)


def test_one_answer_is_taken_back_and_the_one_before_counts_again(product, answer, person):
    answer(color="red", material="wood")
    entry = answer(color="blue", material="wood")
    product_undo(product=product, act=Act.that_wrote(entry), actor=person)
    assert (value(product), value(product, "material")) == (["red"], ["wood"])


def test_batch_is_taken_back_on_this_product_alone(make_product, vocabulary, catalog, person):
    one, other = make_product(color=None), make_product(color=None)
    batch = Batch.objects.create(catalog=catalog, label="wood")
    attributes_set(products=[one, other], field="material", value="wood", actor=person, batch=batch)
    act = Act.that_wrote(LedgerEntry.objects.get(product=one))
    product_undo(product=one, act=act, actor=person)
    assert (value(one, "material"), value(other, "material")) == (None, ["wood"])


def test_decisions_made_at_once_are_taken_back_at_once(product, answer, person):
    answer(color="red", title="A fine mug")
    entries = list(LedgerEntry.objects.all())
    suggestions_decide(entries=entries, accept=True, actor=person)
    act = Act.that_decided(LedgerEntry.objects.get(field="title"))
    assert product_undo(product=product, act=act, actor=person).values == 2
    product.refresh_from_db()
    assert product.title == "Mug"
    assert set(LedgerEntry.objects.values_list("decision", flat=True)) == {""}


def test_own_value_in_place_of_a_suggestion_is_one_act(product, answer, person):
    entry = answer(color="red")
    suggestion_replace(entry=entry, value="blue", actor=person)
    entry.refresh_from_db()
    assert product_undo(product=product, act=Act.that_decided(entry), actor=person).values == 2
    entry.refresh_from_db()
    assert (value(product), entry.decision) == (["red"], "")


def test_other_peoples_acts_stay(product, says, answer, person, make_user):
    mine = says("color", "red")
    entry = answer(material="wood")
    suggestion_decide(entry=entry, accept=True, actor=make_user("eve"))
    product_undo(product=product, act=Act.that_wrote(mine), actor=person)
    entry.refresh_from_db()
    assert entry.decision == "accepted"


def test_who_took_it_back_stands_in_the_audit_trail(product, says, person, make_user):
    eve = make_user("eve")
    product_undo(product=product, act=Act.that_wrote(says("color", "red")), actor=eve)
    event = AuditEvent.objects.get(action="product.undo")
    assert (event.actor, event.summary) == (eve, "color")


def test_what_was_taken_back_cannot_be_taken_back_again(product, says, person):
    act = Act.that_wrote(says("color", "red"))
    product_undo(product=product, act=act, actor=person)
    with pytest.raises(ValidationError, match="Nothing of this stands"):
        product_undo(product=product, act=act, actor=person)
