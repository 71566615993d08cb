"""Which category a file means, by a number and by what it says more than once."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from catalog.channels.facts import Facts
from catalog.describe.vocabulary import current
from catalog.exporting.formats.base import Writing
from catalog.importing.categories import Categories
from catalog.interchange.records import ProductRecord
from catalog.models import Catalog, Category
from catalog.services.vocabulary import vocabulary_load


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


@pytest.fixture
def tree(db):
    """Categories by path with their numbers, what they lie in before them."""

    def plant(**numbers: str) -> Categories:
        for name, number in numbers.items():
            path = name.replace("__", "/")
            above, _, slug = path.rpartition("/")
            Category.objects.create(
                parent=Category.objects.filter(path=above).first(),
                slug=slug,
                path=path,
                labels={"en": slug.capitalize()},
                google_id=number,
            )
        return Categories()

    return plant


def test_a_number_that_siblings_share_is_what_they_lie_in(tree):
    clothing = tree(clothing="1604", clothing__shirts="212", clothing__jumpers="212")
    assert clothing.path(["212"]) == "clothing"
    assert clothing.path(["212", "Clothing > Jumpers"]) == "clothing/jumpers"


def test_a_number_is_the_highest_category_that_has_it(tree):
    outside = tree(garden="689", garden__birds="696", garden__hoses="1", decor="696")
    assert outside.path(["696"]) == "decor"
    assert outside.path(["696", "Garden > Birds"]) == "garden/birds"
    assert outside.path(["696", "Garden > Hoses"]) == "decor"


@pytest.mark.parametrize(
    "numbers",
    [{"linen": "536", "household": "536"}, {"a": "", "a__x": "536", "b": "", "b__y": "536"}],
    ids=["top", "apart"],
)
def test_a_number_of_several_that_lie_in_nothing_together_is_refused(tree, numbers):
    with pytest.raises(ValidationError, match="There are several categories “536”"):
        tree(**numbers).path(["536"])


def test_every_category_that_is_shipped_comes_back_from_what_a_google_feed_says_of_it(db):
    vocabulary_load()
    categories, writing = (
        Categories(),
        Writing(Catalog(language="en"), vocabulary=current(max_age=0)),
    )
    paths = Category.objects.values_list("path", flat=True)
    assert len(paths) > 200
    for path in paths:
        facts = Facts(ProductRecord(attributes={"category": [path]}), writing.known)
        assert categories.path([facts.google_category, writing.trail(path)]) == path
