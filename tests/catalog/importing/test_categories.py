"""Which category a file means that says it more than once."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from catalog.importing.categories import Categories
from catalog.models import Category


@pytest.fixture
def categories(db):
    home = Category.objects.create(slug="home", path="home", labels={"en": "Home"}, google_id="436")
    Category.objects.create(slug="chairs", path="home/chairs", parent=home, labels={"en": "Chairs"})
    Category.objects.create(slug="toys", path="toys", labels={"en": "Toys"}, google_id="1239")
    return Categories()


@pytest.mark.parametrize(
    ("said", "path"),
    [
        (["436", "Home > Chairs"], "home/chairs"),
        (["436", "Toys"], "home"),
        (["Home > Chairs", "436"], "home/chairs"),
        (["Thingamajigs", "Chairs"], "home/chairs"),
    ],
)
def test_the_first_counts_and_what_says_it_more_closely(categories, said, path):
    assert categories.path(said) == path


def test_where_none_is_known_the_first_is_refused(categories):
    with pytest.raises(ValidationError, match="Thingamajigs"):
        categories.path(["Thingamajigs", "Whatnots"])
