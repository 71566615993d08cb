from __future__ import annotations

from collections import Counter

import pytest

from catalog.models import AttributeKind
from catalog.vision.colours import VOCABULARY as MEASURED_COLOURS
from catalog.vocabulary import SourceAttribute, SourceVocabulary, read

GARMENTS = [
    "dresses",
    "hats",
    "long-sleeve-tops",
    "t-shirts",
    "shirts",
    "outerwear",
    "trousers",
    "shorts",
    "skirts",
]


@pytest.fixture(scope="module")
def shipped() -> SourceVocabulary:
    return read()


def attribute(shipped: SourceVocabulary, key: str) -> SourceAttribute:
    return next(entry for entry in shipped.attributes if entry.key == key)


def test_at_least_twenty_top_categories_have_at_least_six_children(shipped):
    children = Counter(category.parent for category in shipped.categories if category.parent)
    tops = [category.path for category in shipped.categories if not category.parent]
    assert len(tops) >= 20
    assert min(children[top] for top in tops) >= 6


def test_garments_that_shops_tell_apart_are_categories_of_their_own(shipped):
    paths = {category.path for category in shipped.categories}
    assert paths >= {f"clothing/{garment}" for garment in GARMENTS}


def test_every_label_comes_in_four_languages(shipped):
    terms = [term for entry in shipped.attributes for term in entry.terms]
    for entry in [*shipped.categories, *shipped.attributes, *terms]:
        assert all(entry.labels.get(language) for language in ("en", "de", "fr", "es")), entry


def test_no_two_leaves_share_a_prompt(shipped):
    parents = {category.parent for category in shipped.categories}
    prompts = Counter(
        prompt
        for category in shipped.categories
        if category.path not in parents
        for prompt in category.prompts
    )
    assert [prompt for prompt, count in prompts.items() if count > 1] == []


def test_a_path_names_one_google_and_one_shopify_category_at_most(shipped):
    for field in ("google_id", "shopify_id"):
        known = [getattr(category, field) for category in shipped.categories]
        assert [value for value, n in Counter(filter(None, known)).items() if n > 1] == []
    assert all(c.google_id.isdecimal() for c in shipped.categories if c.google_id)


def test_every_measured_colour_is_a_value_of_color(shipped):
    assert {term.key for term in attribute(shipped, "color").terms} >= set(MEASURED_COLOURS)


def test_facts_that_a_photo_cannot_prove_are_never_set_by_a_machine(shipped):
    for key in ("composition", "country_of_origin", "dimensions", "care", "safety"):
        assert not attribute(shipped, key).machine_may_set


def test_choice_attributes_have_closed_lists(shipped):
    for entry in shipped.attributes:
        if entry.kind in {AttributeKind.CHOICE, AttributeKind.MULTI_CHOICE}:
            assert entry.closed
            assert len(entry.terms) >= 3
