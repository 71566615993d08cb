"""Answers by rules, and questions that are worth asking."""

from __future__ import annotations

import pytest

from tools.evidence import product_facts
from tools.facts import Neighbours
from tools.kinds.question import lookup
from tools.kinds.question.evidence import as_facts
from tools.kinds.question.suggesting import suggested

pytestmark = pytest.mark.django_db


@pytest.fixture
def facts(alba):
    return as_facts(product_facts(alba), Neighbours())


@pytest.mark.parametrize(
    ("question", "label", "text"),
    [
        ("What is it made of?", "Material", "steel"),
        ("Is it red?", "Color", "Red"),
        ("how much does it cost", "As it is sold", "12.50 EUR"),
        ("what is the SKU", "As it is sold", "ALBA-1"),
        ("Does it keep coffee warm?", "Description", "two hours"),
        ("camping", "Description", "small mug for camping"),
        ("Which brand?", "Brand", "Clay"),
        ("What does the descripton say?", "Description", "A small mug"),
    ],
)
def test_words_of_the_question_are_looked_up(facts, question, label, text):
    best = lookup.found(question, facts, "en")[0]
    assert best.label == label
    assert text in best.text
    assert best.key in facts["cites"]


def test_what_is_not_filled_in_is_said_to_be_so(facts):
    assert "- **Height:** this is not filled in" in lookup.draft("What height?", facts, "en")


def test_question_that_the_catalogue_has_no_words_for_is_not_answered(facts):
    assert lookup.draft("Who won the race?", facts, "en") == lookup.NOTHING


def test_quoted_texts_are_no_markdown(facts):
    facts["entries"][0]["text"] = "**Bold** [a9] <b>red</b>"
    assert "\\*\\*Bold\\*\\* \\[a9\\] \\<b\\>" in lookup.draft("which title?", facts, "en")


def test_suggestions_depend_on_what_there_is_and_what_was_asked(facts):
    first = suggested(facts, "kitchen/mugs")
    assert first[0] == "What is it made of, and who says so?"
    assert "Is it dishwasher safe?" in first
    assert "What would a shopper ask that the catalogue does not say?" in first
    assert "How does it differ from similar products?" in first
    again = suggested(facts, "kitchen/mugs", asked=[first[0].upper()])
    assert first[0] not in again
    assert len(again) <= 5
