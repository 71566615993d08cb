"""What single cells say."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.competitors import cells
from tools.competitors.cells import CellError

TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12.50", "12.50"),
        ("12,5", "12.50"),
        ("€ 1.299,00", "1299"),
        ("1,299.00 USD", "1299"),
        ("1 299,00", "1299"),
        ("CHF 1'299.-", "1299"),
        ("49", "49"),
        ("1.299.000", "1299000"),
        ("0", "0"),
    ],
)
def test_reads_prices_as_countries_write_them(text, amount):
    assert cells.price(text, "") == Decimal(amount)


@pytest.mark.parametrize("text", ["free", "", "12-15", "5 to 9", "-3", "1.2.3,4,5", "1e400", "∞"])
def test_what_is_not_one_price_is_refused(text):
    with pytest.raises(CellError):
        cells.price(text, "")


def test_a_number_that_may_be_read_in_two_ways_is_refused_unless_the_column_shows_which():
    with pytest.raises(CellError, match="two ways"):
        cells.price("1.299", "")
    assert cells.price("1.299", cells.convention_of(["1.299", "12,50"])) == 1299
    assert cells.price("1.299", cells.convention_of(["1.299", "12.50"])) == Decimal("1.299")


def test_a_column_that_mixes_conventions_shows_none():
    assert cells.convention_of(["12,50", "12.50"]) == ""


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_reads_back_every_price_in_both_conventions(amount):
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert cells.price(english, "") == amount
    assert cells.price(german, "") == amount


@given(st.text(max_size=30))
def test_any_text_is_a_price_or_refused(text):
    try:
        amount = cells.price(text, cells.convention_of([text]))
    except CellError:
        return
    assert amount.is_finite()
    assert amount >= 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("12 €", "EUR"),
        ("EUR 12", "EUR"),
        ("gbp", "GBP"),
        ("£5", "GBP"),
        ("12.50", ""),
        ("5 per", ""),
    ],
)
def test_reads_currencies_by_code_and_sign(text, code):
    assert cells.currency(text, "EUR") == code


def test_a_shared_sign_is_the_catalogues_currency_or_refused():
    assert cells.currency("$5", "CAD") == "CAD"
    with pytest.raises(CellError, match="several"):
        cells.currency("$5", "EUR")


@pytest.mark.parametrize("text", ["4006381333931", "400 6381-333931", "04006381333931"])
def test_reads_gtins_of_any_length_as_fourteen_digits(text):
    assert cells.gtin(text) == "04006381333931"


@pytest.mark.parametrize(
    "text", ["4006381333932", "123", "4,00638E+12", "x006381333931", "00000000", "४००६३८१३३३९३१"]
)
def test_refuses_gtins_that_cannot_be(text):
    with pytest.raises(CellError):
        cells.gtin(text)


@pytest.mark.parametrize("text", ["2026-05-31", "31.05.2026", "31/05/2026", "2026-05-31T10:00:00Z"])
def test_reads_days(text):
    assert cells.day(text, latest=TODAY) == date(2026, 5, 31)


@pytest.mark.parametrize("text", ["04/05/2026", "2027-01-01", "soon", "31.02.2026", "1066-10-14"])
def test_refuses_days_that_may_be_two_or_none(text):
    with pytest.raises(CellError):
        cells.day(text, latest=TODAY)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            '{"material": "oak", "sizes": ["S", "M"], "vegan": true, "x": null}',
            {"material": "oak", "sizes": "S, M", "vegan": "yes"},
        ),
        ("material: oak; colour: red", {"material": "oak", "colour": "red"}),
        ("care: wash: cold", {"care": "wash: cold"}),
    ],
)
def test_reads_attributes_in_one_cell(text, found):
    assert cells.attributes(text) == found


@pytest.mark.parametrize("text", ["{" * 5_000, '{"a": ', "just words"])
def test_refuses_attributes_that_are_none(text):
    with pytest.raises(CellError):
        cells.attributes(text)
