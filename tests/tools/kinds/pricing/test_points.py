from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given

from tests.tools.kinds.pricing.cases import CURRENCIES, PRICES, unhurried
from tools.kinds.pricing.points import MOST, price_points, price_step

LARGEST_GAP = Decimal("0.5")  # between two round prices, as a part of the price


@unhurried
@given(PRICES, PRICES, CURRENCIES)
def test_no_point_is_below_the_lowest_price(wanted, low, currency):
    points = price_points(wanted, currency, low=low)
    assert 1 <= len(points) <= MOST
    assert all(point.price >= low for point in points)


@unhurried
@given(PRICES, CURRENCIES)
def test_points_can_be_paid_in_their_currency(wanted, currency):
    points = price_points(wanted, currency, low=Decimal(0))
    assert all(point.price % price_step(currency) == 0 for point in points)


@unhurried
@given(PRICES, CURRENCIES)
def test_there_is_a_round_price_and_the_nearest_comes_first(wanted, currency):
    points = price_points(wanted, currency, low=Decimal(0))
    assert any(point.kind == "round" for point in points)
    assert min(abs(each.price - wanted) for each in points) == abs(points[0].price - wanted)


@unhurried
@given(PRICES, CURRENCIES)
def test_a_point_is_not_far_from_what_is_wanted(wanted, currency):
    nearest = price_points(wanted, currency, low=wanted)[0].price
    assert nearest - wanted <= max(wanted * LARGEST_GAP, 5 * price_step(currency))


@pytest.mark.parametrize(
    ("currency", "wanted", "expected"),
    [
        ("EUR", "34.80", "34.90"),
        ("EUR", "34.98", "34.99"),
        ("EUR", "3.47", "3.49"),
        ("EUR", "348", "349.00"),
        ("EUR", "349.9", "349.90"),
        ("JPY", "3478", "3480"),
        ("KWD", "34.991", "34.990"),
        ("CHF", "34.97", "34.95"),
        ("SEK", "348.70", "349.00"),
    ],
)
def test_prices_end_as_their_currency_has_it(currency, wanted, expected):
    points = price_points(Decimal(wanted), currency, low=Decimal(0))
    assert str(points[0].price) == expected


def test_what_is_wanted_is_raised_to_the_lowest_price():
    assert price_points(Decimal(10), "EUR", low=Decimal(34))[0].price == Decimal("34.90")
