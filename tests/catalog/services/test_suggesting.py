"""What tools suggest: it waits for a person, and counts nowhere before."""

import pytest
from django.core.exceptions import ValidationError

from catalog.models import (
    AuditEvent,
    CurrentAttribute,
    Decision,
    LedgerEntry,
    Source,
    Term,
    TermState,
)
from catalog.reviews import Narrowed, open_suggestions
from catalog.services.acts import Act, product_undo
from catalog.services.confidence import confidence_refit
from catalog.services.ledger import MachineValue, machine_values_record
from catalog.services.suggesting import ToolValue, tool_value_suggest
from catalog.services.suggestions import suggestion_decide

RUN = {"run": 7, "tool": "analysis", "title": "Product analysis", "block": "texts", "key": "title"}


@pytest.fixture
def suggest(product, person):
    def make(field, value, **options):
        said = ToolValue(field, value, evidence=RUN, **options)
        return tool_value_suggest(product=product, said=said, actor=person).entry

    return make


def refused(suggest, *said, **options):
    with pytest.raises(ValidationError) as error:
        suggest(*said, **options)
    return error.value.messages[0]


def test_suggestion_of_an_attribute_waits_and_does_not_count(product, suggest):
    entry = suggest("color", ["Red"])
    assert entry.value == ["red"]
    assert entry.awaits_review
    assert not CurrentAttribute.objects.filter(product=product).exists()


def test_suggestion_stands_in_the_queue_of_its_source(catalog, product, suggest):
    entry = suggest("title", "Fine mug")
    assert list(open_suggestions(catalog, Narrowed(source="tool"))) == [entry]


def test_accepted_suggestion_counts_and_is_still_the_tool_s_word(product, suggest, person):
    suggestion_decide(entry=suggest("color", "red"), accept=True, actor=person)
    current = CurrentAttribute.objects.get(product=product, field="color")
    assert (current.value, current.source, current.locked) == (["red"], Source.TOOL, True)


def test_accepted_text_is_written_to_the_product(product, suggest, person):
    suggestion_decide(entry=suggest("title", "Fine mug"), accept=True, actor=person)
    product.refresh_from_db()
    assert product.title == "Fine mug"


def test_accepted_price_is_written_to_the_variant_that_is_meant(product, suggest, person):
    variant = product.variants.get()
    entry = suggest("price", "12.50", variant_id=variant.pk)
    suggestion_decide(entry=entry, accept=True, actor=person)
    variant.refresh_from_db()
    assert str(variant.price.normalize()) == "12.5"


def test_same_suggestion_again_is_the_same_row(product, suggest):
    assert suggest("title", "Fine mug").pk == suggest("title", " Fine mug ").pk


def test_other_suggestion_takes_the_place_of_the_one_before(product, suggest):
    first, second = suggest("title", "Fine mug"), suggest("title", "Finer mug")
    first.refresh_from_db()
    assert (first.retracted_at, first.awaits_review) == (second.created_at, False)


def test_undone_suggestion_gives_way_to_the_one_before(product, suggest, person):
    first, second = suggest("title", "Fine mug"), suggest("title", "Finer mug")
    product_undo(product=product, act=Act.that_wrote(second), actor=person)
    first.refresh_from_db()
    assert first.awaits_review


def test_vision_model_leaves_the_tool_s_suggestion_alone(product, suggest):
    entry = suggest("color", "red")
    machine_values_record(
        said={product: [MachineValue("color", ["blue"], 0.9)]},
        source=Source.VISION_LLM,
        model="v",
        considered=["color", "title"],
    )
    entry.refresh_from_db()
    assert (entry.retracted_at, entry.awaits_review) == (None, True)


def test_tool_leaves_the_vision_model_s_word_alone(product, guess, suggest):
    said = guess("color", ["blue"], source=Source.VISION_LLM)
    suggest("color", "red")
    said.refresh_from_db()
    assert said.retracted_at is None
    assert CurrentAttribute.objects.get(product=product, field="color").value == ["blue"]


def test_tool_s_suggestion_is_reviewed_before_the_vision_model_s(product, guess, suggest):
    said = guess("color", ["blue"], source=Source.VISION_LLM)
    entry = suggest("color", "red")
    said.refresh_from_db()
    assert (entry.awaits_review, said.awaits_review) == (True, False)


def test_rejected_tool_s_suggestion_leaves_the_vision_model_s_to_review(
    product, guess, suggest, person
):
    said = guess("color", ["blue"], source=Source.VISION_LLM)
    suggestion_decide(entry=suggest("color", "red"), accept=False, actor=person)
    said.refresh_from_db()
    assert said.awaits_review


def test_rejected_value_is_not_suggested_again(suggest, person):
    suggestion_decide(entry=suggest("title", "Fine mug"), accept=False, actor=person)
    assert "ada has rejected" in refused(suggest, "title", "Fine mug")


def test_what_the_product_says_already_is_not_suggested(product, suggest):
    assert "already" in refused(suggest, "title", product.title)
    assert not LedgerEntry.objects.filter(source=Source.TOOL).exists()


def test_what_was_accepted_and_stands_is_the_same_suggestion(suggest, person):
    entry = suggest("title", "Fine mug")
    suggestion_decide(entry=entry, accept=True, actor=person)
    assert suggest("title", "Fine mug").decision == Decision.ACCEPTED


def test_value_that_a_closed_list_lacks_becomes_a_proposed_term(vocabulary, suggest):
    entry = suggest("color", ["red", "Burnt umber"])
    term = Term.objects.get(attribute=vocabulary["color"], key="burnt-umber")
    assert entry.value == ["red", "burnt-umber"]
    assert term.state == TermState.PROPOSED


def test_term_that_was_decided_against_is_refused(vocabulary, suggest):
    Term.objects.create(
        attribute=vocabulary["color"], key="beige", labels={}, state=TermState.REJECTED
    )
    assert "decided against" in refused(suggest, "color", "Beige")


def test_several_values_of_a_choice_are_refused(suggest):
    assert refused(suggest, "material", ["wood", "steel"]) == "Choose one value."


@pytest.mark.parametrize(
    ("field", "value", "options", "message"),
    [
        ("title", "x" * 400, {}, "at most"),
        ("title", "  ", {}, "empty"),
        ("title", "Becher", {"locale": "de"}, "“de”"),
        ("title", "a\x00b", {}, "cannot be stored"),
        ("price", "cheap", {}, "decimal"),
        ("price", "-1", {}, "greater"),
        ("price", "9", {"variant_id": 10**6}, "no longer sold"),
        ("alt_text", "A mug", {}, "which photo"),
        ("alt_text", "A mug", {"photo_id": 10**6}, "no longer on the product"),
        ("alt_text", "A mug", {"photo_id": 10**30}, "no longer on the product"),
        ("price", "9", {"variant_id": 10**30}, "no longer sold"),
        ("color", "red", {"locale": "x" * 30}, "no language"),
        ("co\x00lor", "red", {}, "cannot be stored"),
        ("color", "red\x00", {}, "cannot be stored"),
        ("color", "!?", {}, "no name for a value"),
        ("color", ["x"] * 50, {}, "at most 40"),
        ("x" * 90, "red", {}, "no attribute"),
        ("category", "nowhere", {}, "no category"),
        ("height", "tall", {}, "not a number"),
        ("nonsense", "x", {}, "no attribute"),
    ],
)
def test_value_that_does_not_fit_is_refused_with_the_reason(
    suggest, field, value, options, message
):
    assert message in refused(suggest, field, value, **options)


def test_price_of_one_of_several_variants_must_name_it(make_product, vocabulary, person):
    product = make_product("Mug", color=None, variants=[{"sku": "S"}, {"sku": "M"}])
    with pytest.raises(ValidationError, match="which variant"):
        tool_value_suggest(product=product, said=ToolValue("price", "9"), actor=person)


def test_alternative_text_is_of_one_photo(make_product, vocabulary, person):
    product = make_product("Mug")
    photo = product.placements.get().photo_id
    said = ToolValue("alt_text", "A red mug", photo_id=photo, locale="en")
    entry = tool_value_suggest(product=product, said=said, actor=person).entry
    suggestion_decide(entry=entry, accept=True, actor=person)
    assert product.placements.get().alt_text == "A red mug"


def test_audit_trail_says_who_wanted_it(suggest, person):
    entry = suggest("title", "Fine mug")
    event = AuditEvent.objects.get(action="suggestion.make")
    assert event.data == {"entry": entry.pk, "field": "title", **RUN}


def test_decisions_on_tools_words_fit_no_confidence(suggest, person):
    suggestion_decide(entry=suggest("title", "Fine mug"), accept=True, actor=person)
    assert confidence_refit() == 0
