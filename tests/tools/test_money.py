from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.kinds.pricing.cases import CURRENCIES, unhurried
from tools.money import (
    amount_text,
    half_up,
    minor_unit,
    percent,
    percent_text,
    rounded,
    rounded_up,
)

ANY = st.fractions(-(10**6), 10**6)


@pytest.mark.parametrize(
    ("currency", "text"),
    [
        ("JPY", "JPY 1,235"),
        ("EUR", "EUR 1,234.57"),
        ("KWD", "KWD 1,234.567"),
        ("CLF", "CLF 1,234.5670"),
    ],
)
def test_amounts_have_the_places_of_their_currency(currency, text):
    assert amount_text(Decimal("1234.567"), currency) == text


def test_halves_are_rounded_away_from_zero():
    assert [half_up(Decimal(each), 1) for each in ("0.25", "0.35", "-0.25")] == [
        Decimal("0.3"),
        Decimal("0.4"),
        Decimal("-0.3"),
    ]


@unhurried
@given(ANY, CURRENCIES)
def test_rounding_moves_an_amount_by_half_a_minor_unit_at_most(amount, currency):
    assert abs(Fraction(rounded(amount, currency)) - amount) <= Fraction(minor_unit(currency)) / 2


@unhurried
@given(ANY, CURRENCIES)
def test_rounding_up_gives_the_least_amount_that_is_no_less(amount, currency):
    up = Fraction(rounded_up(amount, currency))
    assert amount <= up < amount + Fraction(minor_unit(currency))


def test_a_share_is_a_percentage_to_one_place():
    assert percent(Fraction(1, 3)) == Decimal("33.3")


def test_percentages_are_written_without_needless_places():
    assert [percent_text(Decimal(each)) for each in ("30.0", "33.3", "100", "0.0")] == [
        "30 %",
        "33.3 %",
        "100 %",
        "0 %",
    ]
