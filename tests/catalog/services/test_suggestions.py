"""What machines suggest, and what becomes of it when a person decides."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from catalog.models import CurrentAttribute, LedgerEntry, Placement, Source
from catalog.services.ledger import MachineValue, machine_values_record
from catalog.services.suggestions import suggestion_decide
from catalog.services.variants import variant_create

pytestmark = pytest.mark.django_db


def current(product, field="color"):
    return CurrentAttribute.objects.filter(product=product, field=field).first()


@pytest.fixture
def accept(person):
    def decide(entry):
        suggestion_decide(entry=entry, accept=True, actor=person)

    return decide


def test_accepted_suggestion_wins_over_the_person_s_value_before(product, says, guess, person):
    entry = guess("color", ["blue"])
    says("color", "red")
    suggestion_decide(entry=entry, accept=True, actor=person)
    row = current(product)
    assert (row.value, row.locked) == (["blue"], True)


def test_person_s_value_after_an_acceptance_wins(product, says, guess, person):
    suggestion_decide(entry=guess("color", ["blue"]), accept=True, actor=person)
    says("color", "red")
    assert current(product).value == ["red"]


def test_accepted_text_is_still_the_machine_s(product, guess, person):
    entry = guess("color", ["blue"])
    suggestion_decide(entry=entry, accept=True, actor=person)
    entry.refresh_from_db()
    assert (entry.source, entry.decided_by) == ("zero-shot", person)
    assert current(product).source == "zero-shot"


def test_rejected_value_no_longer_counts(product, guess, person):
    guess("color", ["green"], Source.VISION_LLM)
    entry = guess("color", ["blue"], Source.ZERO_SHOT)
    suggestion_decide(entry=LedgerEntry.objects.first(), accept=False, actor=person)
    suggestion_decide(entry=entry, accept=False, actor=person)
    assert [row.value for row in CurrentAttribute.objects.all()] == [["green"]]


def test_machine_that_repeats_itself_does_not_lose_an_acceptance(product, guess, person):
    suggestion_decide(entry=guess("color", ["red"]), accept=True, actor=person)
    guess("color", ["blue"])
    assert current(product).value == ["red"]


def test_field_that_machines_may_only_suggest_waits_for_a_person(product, guess, person):
    entry = guess("composition", ["100 % cotton"])
    assert current(product, "composition") is None
    suggestion_decide(entry=entry, accept=True, actor=person)
    assert current(product, "composition").value == ["100 % cotton"]


@pytest.mark.parametrize("field", ["title", "description", "brand"])
def test_accepted_text_of_a_column_is_written_there(product, guess, accept, field):
    accept(guess(field, ["A fine mug"]))
    product.refresh_from_db()
    assert getattr(product, field) == "A fine mug"
    assert current(product, field) is None


def test_accepted_money_is_written_to_the_only_variant(product, guess, accept):
    accept(guess("price", ["12.50"]))
    assert product.variants.get().price == Decimal("12.5")


def test_accepted_money_of_a_variant_is_written_to_it(product, guess, accept, person):
    variant = variant_create(product=product, actor=person, sku="B")
    entry = guess("price", ["12.50"])
    entry.variant = variant
    entry.save()
    accept(entry)
    variant.refresh_from_db()
    assert variant.price == Decimal("12.5")


def test_accepted_alternative_text_is_written_to_the_photo(make_product, vocabulary, accept):
    product = make_product("Mug")
    photo = product.placements.get().photo
    said = MachineValue("alt_text", ["A mug from the left"], 0.6, photo_id=photo.pk)
    machine_values_record(said={product: [said]}, source=Source.VISION_LLM, model="m")
    accept(LedgerEntry.objects.get(field="alt_text"))
    assert Placement.objects.get().alt_text == "A mug from the left"


@pytest.mark.parametrize(("field", "value"), [("price", "cheap"), ("title", "x" * 301)])
def test_suggestion_that_does_not_fit_its_column_is_not_accepted(
    product, guess, accept, field, value
):
    entry = guess(field, [value])
    with pytest.raises(ValidationError) as caught:
        accept(entry)
    assert field in caught.value.message_dict
    entry.refresh_from_db()
    assert entry.decision == ""


def test_accepted_title_is_still_the_machine_s_on_record(product, guess, accept, person):
    entry = guess("title", ["A fine mug"])
    accept(entry)
    entry.refresh_from_db()
    assert (entry.source, entry.decision, entry.decided_by) == ("zero-shot", "accepted", person)


def test_rejected_title_is_not_written(product, guess, person):
    suggestion_decide(entry=guess("title", ["A fine mug"]), accept=False, actor=person)
    product.refresh_from_db()
    assert product.title == "Mug"


def test_suggestion_that_was_withdrawn_is_not_accepted(product, guess, accept):
    entry = guess("title", ["A fine mug"])
    guess("title", ["A finer mug"])
    with pytest.raises(ValidationError, match="withdrawn"):
        accept(entry)
