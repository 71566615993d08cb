from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.importing.values import codes, lists, measures, words
from catalog.importing.values.misread import Misread
from catalog.importing.values.money import decimal_mark, money


@pytest.mark.parametrize(
    ("written", "amount", "currency"),
    [
        ("12.5", "12.50", ""),
        ("12,50", "12.50", ""),
        ("1.299,00 €", "1299.00", "EUR"),
        ("€ 1.299,-", "1299.00", "EUR"),
        ("1,299.00", "1299.00", ""),
        ("CHF 1'299.50", "1299.50", "CHF"),
        ("1 299,00 zł", "1299.00", "PLN"),
        ("1\xa0299,00\xa0€", "1299.00", "EUR"),
        ("12.50 EUR", "12.50", "EUR"),
        ("EUR12.50", "12.50", "EUR"),
        ("12.50EUR", "12.50", "EUR"),
        ("$12", "12.00", ""),
        ("US$ 12", "12.00", "USD"),
        ("1.234.567", "1234567.00", ""),
        ("0.125", "0.125", ""),
        (".99", "0.99", ""),
        ("-0", "0.00", ""),
    ],
)
def test_money_is_read_as_it_is_written_in_each_country(written, amount, currency):
    found = money(written)
    assert (found.amount, found.currency, found.in_doubt) == (amount, currency, "")


@pytest.mark.parametrize("written", ["", "free", "12 apples", "-5", "1.2E+3", "12.34567", "9" * 12])
def test_what_is_no_amount_is_said_to_be_none(written):
    with pytest.raises(Misread):
        money(written)


@pytest.mark.parametrize(
    ("written", "mark", "amount"),
    [
        ("1,299", ",", "1.299"),
        ("1,299", ".", "1299.00"),
        ("1.299", ",", "1299.00"),
        ("1.299", ".", "1.299"),
    ],
)
def test_a_mark_before_three_digits_is_what_it_is_in_the_column(written, mark, amount):
    assert money(written, mark).amount == amount


@pytest.mark.parametrize(("written", "amount"), [("1,299", "1299.00"), ("1.299", "1.299")])
def test_without_a_column_that_tells_such_an_amount_is_in_doubt(written, amount):
    found = money(written)
    assert found.amount == amount
    assert "two ways" in found.in_doubt


@pytest.mark.parametrize(
    ("column", "mark"),
    [
        (["1.299", "12,50"], ","),
        (["1,299", "12.50", "9.99"], "."),
        (["1.299,00"], ","),
        (["1.299", "1,299"], ""),
        (["12", ""], ""),
        (["12,50", "12.50"], ""),
    ],
)
def test_a_columns_decimal_mark_is_told_by_its_certain_cells(column, mark):
    assert decimal_mark(column) == mark


@given(
    st.decimals(0, 10**9, places=2),
    st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "’"), (",", "")]),
)
def test_any_amount_with_cents_is_read_back_from_any_writing(amount, marks):
    decimal, thousands = marks
    written = f"{amount:,.2f}".replace(",", "_").replace(".", decimal).replace("_", thousands)
    assert Decimal(money(written).amount) == amount


@pytest.mark.parametrize(
    ("written", "gtin"),
    [
        ("4057739102648", "4057739102648"),
        ("405-7739-102648", "4057739102648"),
        ("'4057739102648", "4057739102648"),
        ("4057739102648.0", "4057739102648"),
        ("36000291452", "036000291452"),
        ("96385074", "96385074"),
    ],
)
def test_a_gtin_is_its_digits_also_where_a_spreadsheet_changed_them(written, gtin):
    assert codes.gtin(written) == gtin


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("4.00643E+12", "“Text”"),
        ("4057739102641", "should be 8"),
        ("12345", "5 digits"),
        ("N/A", "no GTIN"),
        ("٤٠٥٧٧٣٩١", "no GTIN"),
    ],
)
def test_what_is_no_gtin_says_why(written, says):
    with pytest.raises(Misread, match=says):
        codes.gtin(written)


@pytest.mark.parametrize(
    ("written", "unit", "grams"),
    [
        ("350", "g", "350"),
        ("0,35", "kg", "350"),
        ("0.35 kg", "g", "350"),
        ("1.5 lb", "g", "680"),
        ("12 oz.", "g", "340"),
        ("0", "g", "0"),
    ],
)
def test_weights_are_grams(written, unit, grams):
    assert measures.grams(written, unit) == grams


@pytest.mark.parametrize("written", ["heavy", "12 stone", "-5", ""])
def test_what_is_no_weight_is_said_to_be_none(written):
    with pytest.raises(Misread):
        measures.grams(written)


@pytest.mark.parametrize(
    ("read", "written", "value"),
    [
        (words.availability, "https://schema.org/InStock", "in_stock"),
        (words.availability, "Auf Lager", "in_stock"),
        (words.availability, "Rupture de stock", "out_of_stock"),
        (words.availability, "pre-order", "preorder"),
        (words.availability, "0", "out_of_stock"),
        (words.condition, "Gebraucht", "used"),
        (words.condition, "NewCondition", "new"),
        (words.status, "active", "approved"),
        (words.status, "-1", "draft"),
        (words.status, "1", "approved"),
        (words.status, "Archiviert", "archived"),
    ],
)
def test_words_mean_what_they_mean_in_their_language(read, written, value):
    assert read(written) == value


def test_an_unknown_word_is_told_with_those_that_are_known():
    with pytest.raises(Misread, match="in stock, out of stock"):
        words.availability("perhaps")


def test_tags_are_parted_by_commas_and_each_is_there_once():
    assert lists.tags("Kitchen, coffee ,kitchen,, gift") == ["Kitchen", "coffee", "gift"]


def test_values_are_parted_by_what_no_value_has():
    assert lists.values("70 % wool, 30 % silk; cotton | linen") == [
        "70 % wool, 30 % silk",
        "cotton",
        "linen",
    ]
    assert lists.values('["Cotton", "Wool"]') == ["Cotton", "Wool"]


def test_photos_in_one_cell_are_parted_without_breaking_addresses():
    assert lists.photos("https://x.example/a,b.jpg, https://x.example/c.jpg|d.png, e.png") == [
        "https://x.example/a,b.jpg",
        "https://x.example/c.jpg",
        "d.png",
        "e.png",
    ]
