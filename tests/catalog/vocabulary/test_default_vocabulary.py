from __future__ import annotations

import re
from collections import Counter, defaultdict

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
# By what they lie in and the number.
SHARED_BY_SIBLINGS = {
    # Home & Garden: each of them has goods of several branches of it.
    ("", "536"): {"textiles", "household"},
    ("clothing", "212"): {"t-shirts", "shirts", "long-sleeve-tops", "knitwear", "hoodies"},
    # Drinkware; beverages; lamps; tools.
    ("tableware", "674"): {"mugs", "glasses"},
    ("food", "413"): {"soft-drinks", "coffee-tea"},
    ("lighting", "4636"): {"table-lamps", "floor-lamps"},
    ("tools", "1167"): {"hand-tools", "power-tools", "ladders"},
    # Office supplies; vehicle maintenance and care; party supplies.
    ("books", "922"): {"notebooks", "pencil-cases"},
    ("automotive", "913"): {"car-care", "garage"},
    ("party", "96"): {"balloons", "invitations"},
}


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


def test_no_two_categories_are_the_same_one_of_shopifys(shipped):
    known = Counter(category.shopify_id for category in shipped.categories if category.shopify_id)
    assert [value for value, count in known.items() if count > 1] == []


def test_every_google_id_is_a_positive_number(shipped):
    known = [category.google_id for category in shipped.categories if category.google_id]
    assert [value for value in known if not re.fullmatch(r"[1-9][0-9]{0,5}", value)] == []


def test_siblings_share_a_google_id_only_where_google_makes_no_difference(shipped):
    families: dict[tuple[str, str], set[str]] = defaultdict(set)
    for category in shipped.categories:
        if category.google_id:
            families[category.parent, category.google_id].add(category.slug)
    shared = {key: slugs for key, slugs in families.items() if len(slugs) > 1}
    assert shared == SHARED_BY_SIBLINGS


def test_a_google_id_says_something_else_than_that_of_the_category_above(shipped):
    above = {category.path: category.google_id for category in shipped.categories}
    own = [category for category in shipped.categories if category.google_id and category.parent]
    assert [each.path for each in own if each.google_id == above[each.parent]] == []


def test_google_knows_every_category_but_what_is_neither_book_nor_stationery(shipped):
    known = {category.path for category in shipped.categories if category.google_id}
    paths = [category.path for category in shipped.categories]
    assert [path for path in paths if not {path, path.rpartition("/")[0]} & known] == ["books"]


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
