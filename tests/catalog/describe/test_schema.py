"""The form that a vision model fills in: strict, bounded, and complete."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from catalog.describe import schema as forms
from catalog.describe.schema import answer_schema, category_schema
from catalog.describe.vocabulary import AttributeNode, CategoryNode, TermNode, Vocabulary, current
from catalog.models import AttributeKind
from prodintel.llm.schemas import strict_schema
from tests.groq_protocol.answers import fitting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shipped")]
# About as many as models that are sent it take for three characters and a half each.
MOST_CHARACTERS = 16_000


def objects(node: Any) -> list[dict]:
    if isinstance(node, list):
        return [found for one in node for found in objects(one)]
    if not isinstance(node, dict):
        return []
    inner = [found for one in node.values() for found in objects(one)]
    return [node, *inner] if node.get("type") == "object" else inner


@pytest.mark.parametrize("guess", ["", "clothing/hats", "tableware/mugs", "no/such"])
def test_every_object_is_closed_and_requires_all_it_has(guess):
    schema = answer_schema(current(), guess=guess, photos=3).json
    Draft202012Validator.check_schema(schema)
    assert objects(schema)
    for one in objects(schema):
        assert one["additionalProperties"] is False
        assert one["required"] == list(one["properties"])


def test_the_gateway_sends_it_as_it_is():
    schema = answer_schema(current(), photos=2)
    assert strict_schema(schema.model) == schema.json


@pytest.mark.parametrize("guess", ["", "clothing/hats", "furniture/sofas"])
def test_its_size_is_bounded(guess):
    assert answer_schema(current(), guess=guess, photos=5).characters < MOST_CHARACTERS


def test_any_category_can_be_chosen_whatever_was_guessed():
    schema = answer_schema(current(), guess="clothing/hats")
    assert set(schema.categories) == set(current().leaves)


def test_attributes_and_terms_are_those_of_the_guess_and_its_neighbours():
    offers = answer_schema(current(), guess="clothing/hats").offers
    assert {"color", "neckline", "features"} <= offers.keys()
    assert "power_source" not in offers
    materials = [term.key for term in offers["material"].terms]
    assert "cotton" in materials
    assert "ceramic" not in materials


def test_a_category_has_the_attributes_that_apply_to_it_alone():
    offers = category_schema(current(), "clothing/hats").offers
    assert "closure" in offers
    assert "neckline" not in offers


def test_alternative_texts_are_asked_for_each_photo():
    alt = answer_schema(current(), photos=2).json["properties"]["alt_text"]
    assert list(alt["properties"]) == ["photo_1", "photo_2", "confidence"]


def test_what_fits_the_schema_is_read_and_kept_unchanged():
    schema = answer_schema(current(), guess="clothing/hats", photos=2)
    said = fitting(schema.json, [], "a hat")
    answer = schema.model.model_validate(said)
    assert schema.model.model_validate_json(answer.model_dump_json()) == answer
    assert answer.attributes.a0.values == said["attributes"]["color"]["values"]


def test_an_answer_that_leaves_out_what_it_cannot_tell_is_taken():
    schema = answer_schema(current())
    answer = schema.model.model_validate(
        {
            "category": None,
            "attributes": {"color": {"values": "red"}},
            "title": None,
            "description": None,
        }
    )
    assert answer.attributes.a0.values == ["red"]
    assert answer.attributes.a0.confidence is None


@pytest.mark.parametrize(
    ("said", "kept"), [(87, 0.87), (1.0, 1.0), (-3, 0.0), ("high", None), (True, None)]
)
def test_confidences_are_shares_of_one(said, kept):
    answer = answer_schema(current()).model.model_validate(
        {
            "category": {"path": "x", "confidence": said},
            "attributes": {},
            "title": None,
            "description": None,
        }
    )
    assert answer.category.confidence == kept


def test_the_same_vocabulary_is_made_a_form_of_once():
    assert answer_schema(current(), photos=2) is answer_schema(current(), photos=2)


def test_a_vocabulary_of_any_size_gives_a_form_of_bounded_size():
    tops = [f"top-{n}" for n in range(30)]
    paths = [*tops, *(f"{top}/leaf-{n}" for top in tops for n in range(100))]
    categories = {
        path: CategoryNode(path, path.rpartition("/")[0], {"en": path}, ()) for path in paths
    }
    terms = tuple(TermNode(f"term-{n}", {"en": f"Term {n}"}, ()) for n in range(500))
    attributes = {
        f"attribute-{n}": AttributeNode(
            f"attribute-{n}",
            AttributeKind.MULTI_CHOICE,
            {"en": f"Attribute {n}"},
            categories=(f"top-{n % 30}",),
            terms=terms[: 500 if n < 3 else 5],
        )
        for n in range(900)
    }
    large = Vocabulary(categories, attributes, "large")
    schema = answer_schema(large, guess="top-7/leaf-3")
    assert len(schema.categories) == forms.MAX_CATEGORIES
    assert {"top-7/leaf-3", "top-7/leaf-99", "top-29"} <= set(schema.categories)
    assert len(schema.offers) == 30
    assert len(answer_schema(large).offers) == forms.MAX_ATTRIBUTES
    assert all(len(offer.terms) <= forms.MAX_TERMS for offer in schema.offers.values())
    assert len(json.dumps(schema.json)) < 40_000


def test_form_of_chosen_fields_has_only_these():
    whole = answer_schema(current(), guess="clothing/hats", photos=2)
    part = answer_schema(current(), guess="clothing/hats", photos=2, fields=["title", "material"])
    assert list(part.json["properties"]) == ["attributes", "outside_list", "title"]
    assert list(part.json["properties"]["attributes"]["properties"]) == ["material"]
    assert part.json["required"] == list(part.json["properties"])
    assert part.characters < whole.characters / 5


def test_form_of_texts_alone_needs_no_category_and_no_attributes():
    schema = answer_schema(current(), photos=1, fields=["description", "alt_text"])
    assert list(schema.json["properties"]) == ["description", "alt_text"]
    answer = schema.model.model_validate({"description": None, "alt_text": {}})
    assert schema.model.model_validate_json(answer.model_dump_json()) == answer
    with pytest.raises(ValidationError):
        schema.model.model_validate({"alt_text": {}})


def test_form_asks_nothing_of_a_category_that_lacks_the_chosen_fields():
    assert answer_schema(current(), guess="tableware/mugs", fields=["neckline"]).is_empty
    assert not answer_schema(current(), guess="clothing/hats", fields=["color"]).is_empty
    both = answer_schema(current(), guess="tableware/mugs", fields=["neckline", "category"])
    assert list(both.json["properties"]) == ["category"]
