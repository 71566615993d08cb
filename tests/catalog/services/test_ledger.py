"""The ledger: who said what of a field, what counts, and how it is taken back."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from catalog.models import (
    AuditEvent,
    CurrentAttribute,
    CurrentTerm,
    LedgerEntry,
    Source,
    Term,
    TermState,
)
from catalog.services.ledger import (
    attribute_unlock,
)
from catalog.services.suggestions import suggestion_decide

pytestmark = pytest.mark.django_db


def current(product, field="color", variant=None):
    return CurrentAttribute.objects.filter(product=product, field=field, variant=variant).first()


def terms(field="color") -> list[str]:
    return sorted(CurrentTerm.objects.filter(field=field).values_list("value", flat=True))


def test_person_s_value_is_current_and_locked(product, says):
    says("color", ["red", "blue"])
    row = current(product)
    assert (row.value, row.source, row.locked) == (["red", "blue"], "person", True)


def test_machine_s_value_is_current_and_open(product, guess):
    guess("color", ["red"])
    row = current(product)
    assert (row.value, row.source, row.locked, row.confidence) == (
        ["red"],
        "zero-shot",
        False,
        0.6,
    )


def test_machine_does_not_overwrite_a_person(product, says, guess):
    says("color", "red")
    guess("color", ["blue"], Source.VISION_LLM)
    assert current(product).value == ["red"]
    assert LedgerEntry.objects.filter(source="vision-llm", retracted_at=None).exists()


def test_person_overwrites_a_machine(product, says, guess):
    guess("color", ["blue"])
    says("color", "red")
    assert current(product).value == ["red"]


def test_better_source_wins_whatever_the_order(product, says, guess):
    guess("color", ["green"], Source.VISION_LLM)
    guess("color", ["blue"], Source.ZERO_SHOT)
    assert current(product).value == ["green"]
    says("color", "red", source=Source.IMPORT)
    assert current(product).value == ["red"]


def test_newer_word_of_the_same_source_wins(product, says):
    says("color", "red")
    says("color", "blue")
    assert current(product).value == ["blue"]


def test_person_may_empty_a_field_deliberately(product, says, guess):
    says("color", None)
    guess("color", ["red"])
    row = current(product)
    assert (row.value, row.locked) == (None, True)
    assert terms() == []


def test_unlocking_lets_the_machine_s_value_through(product, says, guess, person):
    guess("color", ["blue"])
    says("color", "red")
    assert attribute_unlock(product=product, field="color", actor=person) == 1
    row = current(product)
    assert (row.value, row.locked) == (["blue"], False)


def test_unlocking_takes_an_acceptance_back(product, guess, person):
    entry = guess("color", ["blue"])
    suggestion_decide(entry=entry, accept=True, actor=person)
    attribute_unlock(product=product, field="color", actor=person)
    row = current(product)
    assert (row.value, row.locked) == (["blue"], False)


def test_machine_s_later_word_replaces_its_earlier_one(product, guess):
    first = guess("color", ["red"])
    guess("color", ["blue"])
    first.refresh_from_db()
    assert first.retracted_at is not None
    assert current(product).value == ["blue"]


def test_machine_that_says_the_same_again_adds_nothing(product, guess):
    guess("color", ["red"])
    guess("color", ["red"])
    assert LedgerEntry.objects.count() == 1


@pytest.mark.parametrize("field", ["title", "description", "brand", "price"])
def test_machine_s_word_on_a_column_is_a_suggestion(product, guess, field):
    guess(field, ["A mug"])
    assert LedgerEntry.objects.count() == 1
    assert current(product, field) is None


@pytest.mark.parametrize("field", ["title", "price"])
def test_person_writes_columns_as_columns(says, field):
    with pytest.raises(ValidationError, match="product's own field"):
        says(field, "1")


def test_variant_s_value_stands_beside_its_product_s(product, says):
    variant = product.variants.get()
    says("color", "red")
    says("color", "blue", variant=variant)
    assert current(product).value == ["red"]
    assert current(product, variant=variant).value == ["blue"]


def test_category_becomes_the_product_s(product, says):
    says("category", "home/kitchen/mugs")
    product.refresh_from_db()
    assert product.category.path == "home/kitchen/mugs"


def test_category_is_found_by_its_label(product, says):
    assert says("category", "Mugs").value == ["home/kitchen/mugs"]


def test_unknown_category_is_refused(says):
    with pytest.raises(ValidationError, match="no category"):
        says("category", "home/garage")


def test_values_are_terms_for_filters(product, says):
    says("color", ["red", "blue"])
    assert terms() == ["blue", "red"]
    says("color", "green")
    assert terms() == ["green"]


def test_label_in_any_language_is_understood(says):
    assert says("color", "RED-DE").value == ["red"]


def test_value_outside_a_closed_list_is_refused_with_the_list(says):
    with pytest.raises(ValidationError, match=r"not one of its values: .*green"):
        says("color", "mauve")


def test_open_list_takes_new_values(says):
    assert says("style", "Art Déco").value == ["art-déco"]


def test_merged_value_is_kept_as_what_it_was_merged_into(says, vocabulary):
    red = Term.objects.get(attribute=vocabulary["color"], key="red")
    Term.objects.create(
        attribute=vocabulary["color"], key="crimson", state=TermState.MERGED, merged_into=red
    )
    assert says("color", "crimson").value == ["red"]


def test_two_values_of_a_single_choice_are_refused(says):
    with pytest.raises(ValidationError, match="Choose one value"):
        says("material", ["wood", "steel"])


@pytest.mark.parametrize(("given", "kept"), [("12,5", 12.5), (3, 3.0), ("-0.5", -0.5)])
def test_number_is_kept_as_a_number(says, given, kept):
    assert says("height", given).value == [kept]


@pytest.mark.parametrize("given", ["tall", "inf", "nan", "sNaN", "1e999999"])
def test_what_is_no_number_is_refused(says, given):
    with pytest.raises(ValidationError) as caught:
        says("height", given)
    assert "height" in caught.value.message_dict


@pytest.mark.parametrize(("given", "kept"), [("yes", True), (False, False), ("0", False)])
def test_yes_or_no_is_kept_as_a_truth_value(says, given, kept):
    assert says("organic", given).value == [kept]


def test_what_is_neither_yes_nor_no_is_refused(says):
    with pytest.raises(ValidationError, match="yes or no"):
        says("organic", "maybe")


@pytest.mark.parametrize("given", ["x" * 2001, "a\x00b", "\ud800"])
def test_text_that_cannot_be_kept_is_refused(says, given):
    with pytest.raises(ValidationError):
        says("composition", given)


@pytest.mark.parametrize("given", [{"a": 1}, [["red"]], [{"a": 1}]])
def test_nested_values_are_refused(says, given):
    with pytest.raises(ValidationError):
        says("color", given)


def test_unknown_attribute_is_refused(says):
    with pytest.raises(ValidationError, match="no attribute"):
        says("flavour", "sweet")


def test_empty_list_empties_the_field(says):
    assert says("color", ["", " "]).value is None


def test_changes_are_on_the_audit_trail(product, says, person):
    says("color", "red")
    event = AuditEvent.objects.get(action="attribute.set")
    assert (event.actor, event.target_id) == (person, product.pk)
    assert event.data["value"] == ["red"]


def test_machine_s_values_are_not_on_the_audit_trail(guess):
    before = AuditEvent.objects.count()
    guess("color", ["red"])
    assert AuditEvent.objects.count() == before
