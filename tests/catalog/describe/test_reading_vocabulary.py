from __future__ import annotations

import pytest

from catalog.describe import vocabulary
from catalog.models import AttributeDefinition, Category, Term, TermState
from catalog.services.vocabulary import vocabulary_load

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _loaded():
    vocabulary_load()


def fresh() -> vocabulary.Vocabulary:
    return vocabulary.current(max_age=0)


def test_all_categories_come_parents_first():
    read = fresh()
    paths = list(read.categories)
    assert len(paths) == Category.objects.count()
    assert all(
        paths.index(node.parent) < paths.index(path)
        for path, node in read.categories.items()
        if node.parent
    )
    assert "clothing" not in read.leaves
    assert "clothing/hats" in read.children["clothing"]


def test_the_same_object_is_kept_while_nothing_changes():
    assert fresh() is fresh()


def test_a_change_by_bulk_update_is_seen():
    before = fresh()
    Category.objects.filter(path="clothing/hats").update(labels={"en": "Headwear"})
    after = fresh()
    assert after.version != before.version
    assert after.categories["clothing/hats"].labels == {"en": "Headwear"}


def test_a_young_copy_is_used_without_asking_the_database(django_assert_num_queries):
    fresh()
    with django_assert_num_queries(0):
        vocabulary.current(max_age=60)


def test_reading_takes_few_queries(django_assert_max_num_queries):
    with django_assert_max_num_queries(9):
        fresh()


def test_only_active_terms_are_offered():
    Term.objects.filter(key="navy").update(state=TermState.REJECTED)
    assert "navy" not in {term.key for term in fresh().attributes["color"].terms}


def test_attributes_and_values_apply_below_their_categories():
    read = fresh()
    necklines = {attribute.key for attribute in read.attributes_of("clothing/dresses")}
    assert "neckline" in necklines
    assert "neckline" not in {attribute.key for attribute in read.attributes_of("tableware/mugs")}
    assert "ceramic" in {term.key for term in read.terms_of("material", "tableware/mugs")}
    assert "denim" not in {term.key for term in read.terms_of("material", "tableware/mugs")}
    assert read.terms_of("neckline", "") == ()


def test_an_attribute_that_a_person_removed_is_gone():
    AttributeDefinition.objects.get(key="pattern").delete()
    assert fresh().terms_of("pattern", "clothing/dresses") == ()
