"""The queue of open suggestions: its order, what it can be narrowed to, who gets which."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog import reviews
from catalog.models import LedgerEntry, Source
from catalog.reviews import Narrowed
from catalog.services.ledger import MachineValue, attribute_set, machine_values_record
from catalog.services.products import product_update, products_delete
from catalog.views.review_items import Vocabulary, items

pytestmark = pytest.mark.django_db


@pytest.fixture
def suggest(make_product, vocabulary):
    """A product of which a machine says something; returns the suggestion."""

    def make(confidence=0.5, field="color", value=("blue",), source=Source.VISION_LLM, **options):
        product = options.pop("product", None) or make_product(color=None)
        said = MachineValue(field, list(value), confidence, **options)
        machine_values_record(said={product: [said]}, source=source, model="m")
        return LedgerEntry.objects.latest("pk")

    return make


def order(catalog, after=None, count=10, **narrowed):
    rows = reviews.open_suggestions(catalog, Narrowed(**narrowed))
    return reviews.least_certain(rows, count, after)


def test_least_certain_come_first_and_those_without_a_confidence_last(catalog, suggest):
    made = [suggest(confidence) for confidence in (0.9, None, 0.2, 0.2, None)]
    wanted = [made[n].pk for n in (2, 3, 0, 1, 4)]
    assert order(catalog) == wanted


def test_every_place_in_the_queue_continues_behind_itself(catalog, suggest):
    for confidence in (0.9, None, 0.2, 0.2, None):
        suggest(confidence)
    everything = order(catalog)
    for n, pk in enumerate(everything):
        after = LedgerEntry.objects.get(pk=pk)
        assert order(catalog, after=after) == everything[n + 1 :]
        assert order(catalog, after=after, count=1) == everything[n + 1 : n + 2]


def test_deleted_products_are_not_in_the_queue(catalog, suggest, person):
    entry = suggest()
    products_delete(products=[entry.product], actor=person)
    assert order(catalog) == []


def test_queue_can_be_narrowed(catalog, suggest, person):
    color = suggest(0.9)
    material = suggest(0.3, field="material", value=["wood"], source=Source.ZERO_SHOT)
    unknown = suggest(None)
    attribute_set(product=material.product, field="category", value="home/kitchen", actor=person)
    assert order(catalog, field="material") == [material.pk]
    assert order(catalog, category="home") == [material.pk]
    assert order(catalog, source="zero-shot") == [material.pk]
    assert order(catalog, band="high") == [color.pk]
    assert order(catalog, band="low") == [material.pk]
    assert order(catalog, band="unknown") == [unknown.pk]


def test_only_disagreements_are_those_with_people_s_words(catalog, suggest, person):
    suggest()
    against = suggest(0.7)
    attribute_set(product=against.product, field="color", value="red", actor=person)
    title = suggest(0.8, field="title", value=["A mug"])
    product_update(product=title.product, actor=person, fields={"title": "A cup"})
    assert order(catalog, disagreements=True) == [against.pk, title.pk]


def test_two_people_get_different_suggestions(catalog, suggest):
    for _ in range(4):
        suggest()
    first = reviews.queue(catalog, Narrowed(), 1, 2)
    second = reviews.queue(catalog, Narrowed(), 2, 2)
    assert not set(first) & set(second)
    assert reviews.queue(catalog, Narrowed(), 1, 2) == first


def test_who_comes_when_everything_is_claimed_gets_it_all_the_same(catalog, suggest):
    entry = suggest()
    for person in (1, 2):
        assert reviews.queue(catalog, Narrowed(), person, 5) == [entry.pk]


def test_showing_many_takes_as_many_queries_as_showing_one(catalog, suggest, make_product):
    shown = [suggest(product=make_product()) for _ in range(5)]
    vocabulary = Vocabulary()

    def queries(some):
        with CaptureQueriesContext(connection) as captured:
            items([entry.pk for entry in some], catalog, vocabulary)
        return len(captured)

    assert queries(shown[:1]) == queries(shown)


def test_alternatives_begin_with_what_others_say(catalog, suggest):
    entry = suggest(value=["red"])
    said = [MachineValue("color", ["green"], 0.4)]
    machine_values_record(said={entry.product: said}, source=Source.ZERO_SHOT, model="m")
    (item,) = items([entry.pk], catalog, Vocabulary())
    assert [option["value"] for option in item["alternatives"]] == ["green", "blue"]
    assert [option["key"] for option in item["alternatives"]] == ["1", "2"]


def test_suggestion_that_counts_until_somebody_decides_is_told_from_one_that_does_not(
    catalog, suggest, person
):
    counts, against = suggest(0.1), suggest(0.2)
    attribute_set(product=against.product, field="color", value="red", actor=person)
    first, second = items([counts.pk, against.pk], catalog, Vocabulary())
    assert first["now"]["same"]
    assert [value["value"] for value in second["now"]["values"]] == ["red"]


def test_text_with_little_in_common_stands_after_the_one_it_replaces(suggest, make_product):
    mug = make_product("Red mug")
    shown = items(
        [suggest(field="title", value=("Fine cup",), product=mug).pk], mug.catalog, Vocabulary()
    )
    assert shown[0]["diff"] == [("gone", "Red mug"), ("same", " "), ("new", "Fine cup")]


def test_word_of_the_model_itself_is_told_where_it_is_another(suggest, catalog):
    rows = [suggest(confidence=0.5, said_confidence=said) for said in (0.504, 0.9)]
    shown = items([row.pk for row in rows], catalog, Vocabulary())
    assert [item["own_word"] for item in shown] == [None, 0.9]
