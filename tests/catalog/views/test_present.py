"""What cards show of a product."""

from __future__ import annotations

import pytest

from catalog import selectors
from catalog.models import AttributeDefinition
from catalog.search import Hit
from catalog.views import present
from tests.catalog.colours import staged

pytestmark = pytest.mark.django_db


@pytest.fixture
def mug(make_product, catalog):
    """A product whose main photo is blue and whose second one is red."""
    photos = [staged("blue", mark=1), staged("red", mark=2)]
    made = make_product("Mug", photos=photos)
    (product,) = selectors.products_by_ids(catalog, [made.pk])
    return product


def test_card_of_a_hit_shows_the_photo_that_was_found(mug):
    _, red = mug.placements.all()
    hit = Hit(mug, score=0.5, strength="strong", placement_id=red.pk)
    assert present.card(mug, hit)["image"]["id"] == red.pk


@pytest.mark.parametrize("gone", [None, 10**9], ids=["no look at it", "removed since"])
def test_card_of_a_hit_without_such_a_photo_shows_the_main_one(mug, gone):
    main, _ = mug.placements.all()
    hit = Hit(mug, score=0.5, strength="strong", placement_id=gone)
    assert present.card(mug, hit)["image"]["id"] == main.pk


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("capacity", 2.5, "2.5 l"),
        ("capacity", 24.0, "24 l"),
        ("composition", "70 % wool / 30 % silk", "70 % wool / 30 % silk"),
        ("composition", "machine-made", "machine-made"),
    ],
)
def test_texts_and_numbers_are_shown_as_they_were_given(field, value, shown):
    AttributeDefinition.objects.create(key="capacity", labels={}, kind="number", unit="l")
    AttributeDefinition.objects.create(key="composition", labels={}, kind="text")
    assert present.Labels().value(field, value) == shown
