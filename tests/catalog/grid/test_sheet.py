"""Texts of cells and what they mean."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from catalog.grid.sheet import Sheet, joined, money_value, split
from catalog.models import Term

pytestmark = pytest.mark.django_db


@pytest.fixture
def sheet(catalog):
    return Sheet(catalog)


@pytest.mark.parametrize(
    ("key", "text", "value", "shown"),
    [
        ("product.title", " Mug ", "Mug", "Mug"),
        ("product.tags", "summer, sale, summer", ["summer", "sale"], "summer, sale"),
        ("product.tags", '"a, b", c', ["a, b", "c"], '"a, b", c'),
        ("variant.price", "12,5", Decimal("12.5"), "12.50"),
        ("variant.price", "", None, ""),
        ("variant.weight_grams", "250 g", 250, "250"),
        ("variant.availability", "out of stock", "out_of_stock", "Out of stock"),
        ("variant.currency", "usd", "USD", "USD"),
        ("attribute.color", "red, Blue", ["red", "blue"], "Red, Blue"),
        ("attribute.color", "red-de", ["red"], "Red"),
        ("attribute.material", "Steel", ["steel"], "steel"),
        ("attribute.height", "12,5", [12.5], "12.5"),
        ("attribute.organic", "yes", [True], "Yes"),
        ("attribute.composition", "80 % wool\n20 % silk", ["80 % wool", "20 % silk"], None),
        ("attribute.category", "Home › Kitchen › Mugs", ["home/kitchen/mugs"], None),
        ("attribute.category", "mugs", ["home/kitchen/mugs"], "Home › Kitchen › Mugs"),
        ("attribute.category", "home/kitchen", ["home/kitchen"], "Home › Kitchen"),
        ("attribute.material", "", None, ""),
    ],
)
def test_text_is_read_as_its_column_reads_it(sheet, key, text, value, shown):
    assert sheet.parse(sheet.column(key), text) == (value, text if shown is None else shown)


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("product.title", "x" * 301, "300"),
        ("product.tags", "x" * 300, "characters"),
        ("product.product_url", "nowhere", "valid URL"),
        ("product.photos", "3", "cannot be edited"),
        ("product.status", "sold", "is none of Draft"),
        ("variant.price", "cheap", "not an amount"),
        ("variant.price", "1,234", "not an amount"),
        ("variant.price", "-1", "0"),
        ("variant.weight_grams", "heavy", "whole number"),
        ("variant.availability", "soon", "In stock"),
        ("variant.currency", "", "blank"),
        ("attribute.material", "gold", "not one of its values"),
        ("attribute.organic", "perhaps", "yes or no"),
        ("attribute.category", "Nowhere", "no category"),
        ("product.title", "a\x00", "cannot be stored"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(sheet, key, text, says):
    with pytest.raises(ValidationError) as error:
        sheet.parse(sheet.column(key), text)
    assert says in " ".join(error.value.messages)


def test_a_label_with_a_comma_is_quoted_and_read_back(sheet, vocabulary):
    Term.objects.create(attribute=vocabulary["color"], key="multi", labels={"en": "Red, with dots"})
    column = sheet.column("attribute.color")
    text = sheet.text(column, ["blue", "multi"])
    assert text == 'Blue, "Red, with dots"'
    assert sheet.parse(column, text)[0] == ["blue", "multi"]


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), max_size=4))
def test_joined_values_are_split_into_the_same(values):
    assert split(joined(values)) == values


@pytest.mark.parametrize("text", ["1,234.50", "1.234,50", "1 234.50", "1234,50", "$1234.50"])
def test_amounts_are_read_as_spreadsheets_write_them(text):
    assert money_value(text) == Decimal("1234.50")


def test_text_attributes_have_columns_in_other_languages(sheet, vocabulary):
    assert sheet.column("attribute.composition@de").locale == "de"
    assert sheet.column("attribute.composition@not a language") is None
    assert sheet.column("attribute.color@de") is None


def test_categories_are_found_by_their_trail_without_asking_for_each(
    sheet, django_assert_max_num_queries
):
    column = sheet.column("attribute.category")
    with django_assert_max_num_queries(5):
        for text in ("Home", "Home › Kitchen", "Home › Kitchen › Mugs", "Clothes"):
            sheet.parse(column, text)
