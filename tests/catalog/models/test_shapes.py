from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from catalog.models import AttributeDefinition, AttributeKind, Category, Term
from catalog.models.shapes import MAX_LABELS, MAX_PROMPTS, MAX_TAGS, MAX_TEXT
from catalog.services.products import product_update

pytestmark = pytest.mark.django_db

LONG = "x" * (MAX_TEXT + 1)
NO_LABELS = [
    ["x"],
    "Mugs",
    {"en": 5},
    {"en": ["Mugs"]},
    {"": "Mugs"},
    {"en": LONG},
    {"en": "a\x00b"},
    {"\ud800": "x"},
    {f"x{n}": "x" for n in range(MAX_LABELS + 1)},
]
NO_TEXTS = [
    {"a": 1},
    "summer",
    5,
    [5],
    [None],
    [["a"]],
    [""],
    [" "],
    [LONG],
    ["a\x00b"],
    ["\ud800"],
]


def definition(**fields):
    return AttributeDefinition(**{"key": "color", "kind": AttributeKind.CHOICE, **fields})


@pytest.mark.parametrize("labels", NO_LABELS, ids=repr)
@pytest.mark.parametrize("model", [Category, AttributeDefinition, Term])
def test_labels_that_are_no_texts_by_language_are_refused(model, labels):
    with pytest.raises(ValidationError) as refusal:
        model(labels=labels).clean_fields()
    assert "labels" in refusal.value.message_dict


@pytest.mark.parametrize("prompts", [*NO_TEXTS, ["x"] * (MAX_PROMPTS + 1)], ids=repr)
@pytest.mark.parametrize("model", [Category, Term])
def test_prompts_that_are_no_list_of_texts_are_refused(model, prompts):
    with pytest.raises(ValidationError) as refusal:
        model(prompts=prompts).clean_fields()
    assert "prompts" in refusal.value.message_dict


@pytest.mark.parametrize("tags", [*NO_TEXTS, ["x"] * (MAX_TAGS + 1)], ids=repr)
def test_tags_that_are_no_list_of_texts_are_refused(make_product, person, tags):
    product = make_product(color=None, tags=["a"])
    with pytest.raises(ValidationError) as refusal:
        product_update(product=product, actor=person, fields={"tags": tags})
    assert list(refusal.value.message_dict) == ["tags"]
    product.refresh_from_db()
    assert product.tags == ["a"]


def test_tags_are_kept_once_without_spaces_around_them(make_product):
    assert make_product(color=None, tags=(" a ", "b", "a")).tags == ["a", "b"]


@pytest.mark.parametrize("key", ["Color", "colour wheel", "größe", "color\n"])
def test_an_attribute_key_that_no_address_can_name_is_refused(key):
    with pytest.raises(ValidationError) as refusal:
        definition(key=key).full_clean()
    assert "key" in refusal.value.message_dict


@pytest.mark.parametrize("key", ["color", "country_of_origin", "power-2"])
def test_an_attribute_key_of_small_letters_digits_and_hyphens_is_taken(key):
    definition(key=key).full_clean()
