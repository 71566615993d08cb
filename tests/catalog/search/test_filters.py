"""Filters: what can be asked, and that the database and the index agree on it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from catalog.models import AttributeKind, Category
from catalog.search import Filters, Query
from catalog.search.facets import MAX_VALUES
from catalog.search.ranking import TEXT_LIMIT
from catalog.services.ledger import attribute_set
from catalog.services.products import products_set_category
from tests.catalog.search.conftest import titles

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "raw",
    [
        ["color"],
        "red",
        {"flavour": "sweet"},
        {"color": {"gte": 1}},
        {"color": [["red"]]},
        {"color": [1]},
        {"color": ["x"] * 51},
        {"color": "a\x00b"},
        {"color": "\ud800"},
        {"status": "sold"},
        {"price": 5},
        {"price": {"from": 5}},
        {"price": {"gte": "cheap"}},
        {"price": {"gte": True}},
        {"price": {"lte": float("nan")}},
        {"price": {"lte": float("inf")}},
        {"price": {"lte": 10**400}},
        {"price": {"lte": [5]}},
        {"missing": ["flavour"]},
        {"missing": {"color": True}},
    ],
)
def test_filter_that_cannot_work_is_refused(vocabulary, raw):
    with pytest.raises(ValidationError) as caught:
        Filters.parse(raw)
    assert list(caught.value.message_dict) == ["filters"]


@pytest.mark.parametrize("raw", [None, {}, "", {"color": []}, {"price": {"gte": None}}])
def test_filters_that_ask_nothing_are_none(vocabulary, raw):
    assert not Filters.parse(raw)


def test_single_value_may_stand_without_a_list(vocabulary):
    assert Filters.parse({"color": "red"}) == Filters.parse({"color": ["red"]})


def test_order_of_filters_does_not_matter(vocabulary):
    one = Filters.parse({"color": ["red", "blue"], "material": "wood"})
    other = Filters.parse({"material": "wood", "color": ["blue", "red"]})
    assert Query(filters=one).key(1) == Query(filters=other).key(1)


@pytest.fixture
def shelf(make_product, vocabulary, person, ingest):
    """Three products that differ in everything that can be filtered by and one that says nothing."""
    rows = [
        ("Mug", "red", "wood", "home/kitchen/mugs", 5, "EUR", "draft", "ACME"),
        ("Pot", "blue", "steel", "home/kitchen", 50, "EUR", "approved", "ACME"),
        ("Shirt", "green", "cotton", "clothes", 20, "USD", "approved", "Other"),
    ]
    for title, color, material, path, price, currency, status, brand in rows:
        product = make_product(
            title, color=color, price=Decimal(price), currency=currency, status=status, brand=brand
        )
        attribute_set(product=product, field="color", value=color, actor=person)
        attribute_set(product=product, field="material", value=material, actor=person)
        attribute_set(product=product, field="organic", value=title == "Shirt", actor=person)
        products_set_category(products=[product], path=path, actor=person)
    # Says on purpose that it has no style; the others just say none.
    attribute_set(product=product, field="style", value=None, actor=person)
    # Styles are not for what has no category.
    vocabulary["style"].categories.set(Category.objects.filter(path__in=["home", "clothes"]))
    make_product("Bare", color="black")
    ingest()


FILTERED = [
    ({"color": ["red"]}, {"Mug"}),
    ({"color": ["red", "blue"]}, {"Mug", "Pot"}),
    ({"color": ["red"], "material": ["steel"]}, set()),
    ({"category": "home"}, {"Mug", "Pot"}),
    ({"category": "home/kitchen/mugs"}, {"Mug"}),
    ({"category": ["clothes", "home/kitchen/mugs"]}, {"Mug", "Shirt"}),
    ({"status": ["approved"]}, {"Pot", "Shirt"}),
    ({"brand": "ACME"}, {"Mug", "Pot"}),
    ({"organic": True}, {"Shirt"}),
    ({"price": {"gte": 10}}, {"Pot"}),
    ({"price": {"lte": 10}}, {"Mug"}),
    ({"price": {"gte": 5, "lte": 50}}, {"Mug", "Pot"}),
    ({"price": {"gte": 6, "lte": 49}}, set()),
    ({"missing": ["material"]}, {"Bare"}),
    ({"missing": "price"}, {"Bare"}),
    ({"missing": ["category", "brand"]}, {"Bare"}),
    ({"missing": ["description"], "status": ["approved"]}, {"Pot", "Shirt"}),
    ({"missing": ["description", "color"]}, {"Bare"}),
    ({"missing": ["composition"], "category": "home"}, {"Mug", "Pot"}),
    ({"missing": ["style"]}, {"Mug", "Pot"}),
    ({"missing": ["title"]}, set()),
]


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(lambda ask, filters, _: ask("", filters), id="browsing"),
        pytest.param(lambda ask, filters, red: ask("", filters, photo=red), id="by looks"),
        pytest.param(lambda ask, filters, _: ask("mug pot shirt bare", filters), id="by words"),
    ],
)
def test_filters_find_what_fits(shelf, ask, encoder, way):
    red = encoder.encode_texts(["red"])[0]
    for filters, expected in FILTERED:
        assert set(titles(way(ask, filters, red))) == expected, filters


def test_filtered_words_find_what_many_newer_products_have_too(stock, ask, no_engine):
    stock(20, title="Shirt", brand="Old")
    stock(TEXT_LIMIT + 20, title="Shirt", brand="New")
    result = ask("shirt", {"brand": ["Old"]})
    assert result.total == 20
    assert result.facets["status"] == {"draft": 20}


def test_field_that_is_no_filter_is_refused(vocabulary):
    vocabulary["material"].filterable = False
    vocabulary["material"].save()
    with pytest.raises(ValidationError, match="no filter"):
        Filters.parse({"material": "wood"})


def test_facets_count_what_was_found(shelf, ask):
    facets = ask("").facets
    assert facets["color"] == {"red": 1, "blue": 1, "green": 1}
    assert facets["status"] == {"approved": 2, "draft": 2}
    assert facets["brand"] == {"ACME": 2, "Other": 1}


def test_category_facet_counts_what_is_below_too(shelf, ask):
    assert ask("").facets["category"] == {
        "home": 2,
        "home/kitchen": 2,
        "home/kitchen/mugs": 1,
        "clothes": 1,
    }


def test_facet_of_a_filtered_field_shows_its_other_values(shelf, ask):
    facets = ask("", {"color": ["red"]}).facets
    assert facets["color"] == {"red": 1, "blue": 1, "green": 1}
    assert facets["material"] == {"wood": 1}


def test_facets_of_a_search_by_looks_show_the_other_values_too(shelf, ask, encoder):
    photo = encoder.encode_texts(["red"])[0]
    facets = ask("", {"color": ["red"]}, photo=photo).facets
    assert facets["color"] == {"red": 1, "blue": 1, "green": 1}
    assert facets["material"] == {"wood": 1}


def test_chosen_value_that_nothing_has_is_shown_with_zero(shelf, ask):
    facets = ask("", {"color": ["red"], "material": ["steel"]}).facets
    assert facets["material"] == {"wood": 1, "steel": 0}


def test_attribute_that_is_no_filter_is_no_facet(shelf, ask, vocabulary):
    vocabulary["material"].filterable = False
    vocabulary["material"].save()
    assert "material" not in ask("").facets


@pytest.fixture
def brands(stock):
    """More brands than a facet shows: the number of products of each is in its name."""
    for n in range(1, MAX_VALUES + 4):
        stock(n, title="Mug", brand=f"Brand {n}")
    stock(MAX_VALUES, title="Mug", brand="")


def test_facet_shows_its_most_frequent_values_that_are_not_blank(brands, ask, no_engine):
    shown = ask("").facets["brand"]
    assert len(shown) == MAX_VALUES
    assert "" not in shown
    assert next(iter(shown)) == f"Brand {MAX_VALUES + 3}"


def test_facet_of_an_attribute_shows_its_most_frequent_values(
    stock, ask, no_engine, vocabulary, person
):
    styles = [f"style-{n:02}" for n in range(MAX_VALUES + 2)]
    for product, style in zip(stock(MAX_VALUES + 3), [*styles, styles[-1]], strict=True):
        attribute_set(product=product, field="style", value=style, actor=person)
    shown = {styles[-1]: 2} | dict.fromkeys(styles[: MAX_VALUES - 1], 1)
    assert ask("").facets["style"] == shown
    assert ask("", {"style": [styles[-2]]}).facets["style"] == shown | {styles[-2]: 1}


def test_chosen_value_is_counted_among_many_that_come_with_another(
    stock, ask, no_engine, vocabulary, person
):
    vocabulary["style"].kind = AttributeKind.MULTI_CHOICE
    vocabulary["style"].save()
    many = [f"style-{n:02}" for n in range(MAX_VALUES)]
    mixed = [["common", *half] for half in (many[::2], many[1::2])]
    for product, styles in zip(stock(5), [*mixed, *mixed, ["rare"]], strict=True):
        attribute_set(product=product, field="style", value=styles, actor=person)
    assert ask("", {"style": ["common", "rare"]}).facets["style"]["rare"] == 1


@pytest.mark.parametrize("text", ["", "mug"])
def test_chosen_value_that_is_rare_is_shown_with_its_count(brands, ask, no_engine, text):
    assert ask(text, {"brand": ["Brand 2"]}).facets["brand"]["Brand 2"] == 2
    both = {"brand": ["Brand 2"], "status": ["draft"]}
    assert ask(text, both).facets["brand"]["Brand 2"] == 2


def test_chosen_value_beyond_the_newest_matches_is_shown_with_its_count(stock, ask, no_engine):
    stock(20, title="Shirt", brand="Old")
    stock(TEXT_LIMIT, title="Shirt", brand="New")
    assert ask("shirt", {"brand": ["Old"]}).facets["brand"] == {"New": TEXT_LIMIT, "Old": 20}


def test_several_chosen_fields_narrow_each_other_s_counts(shelf, ask):
    facets = ask("", {"brand": ["ACME"], "color": ["red"]}).facets
    assert facets["color"] == {"red": 1, "blue": 1}
    assert facets["brand"] == {"ACME": 1}
