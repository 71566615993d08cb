from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.kinds.pricing.cases import PRICES, ROWS, unhurried
from tools.kinds.pricing.quantiles import (
    LOWER,
    MIDDLE,
    UPPER,
    effective_count,
    share_below,
    weighted_quantile,
)

SHARES = st.fractions(0, 1)


@unhurried
@given(ROWS, SHARES)
def test_a_quantile_lies_between_the_lowest_and_the_highest_price(rows, share):
    prices = [price for price, _ in rows]
    assert min(prices) <= weighted_quantile(rows, share) <= max(prices)


@unhurried
@given(ROWS, SHARES, SHARES)
def test_a_larger_share_has_no_lower_quantile(rows, one, other):
    low, high = sorted((one, other))
    assert weighted_quantile(rows, low) <= weighted_quantile(rows, high)


@unhurried
@given(ROWS, SHARES, st.integers(2, 9))
def test_only_the_relation_of_weights_matters(rows, share, factor):
    scaled = [(price, weight * factor) for price, weight in rows]
    assert weighted_quantile(scaled, share) == weighted_quantile(rows, share)


@unhurried
@given(ROWS, SHARES)
def test_the_order_of_rows_does_not_matter(rows, share):
    assert weighted_quantile(rows[::-1], share) == weighted_quantile(rows, share)


@unhurried
@given(st.lists(PRICES, min_size=1, max_size=12))
def test_the_middle_of_equal_weights_is_the_median(prices):
    assert weighted_quantile([(price, Decimal(1)) for price in prices], MIDDLE) == median(prices)


@unhurried
@given(ROWS, SHARES)
def test_a_row_twice_is_a_row_of_twice_the_weight(rows, share):
    doubled = [(rows[0][0], 2 * rows[0][1]), *rows[1:]]
    assert weighted_quantile([rows[0], *rows], share) == weighted_quantile(doubled, share)


@unhurried
@given(ROWS, SHARES, st.integers(1, 500))
def test_a_quantile_moves_with_the_prices(rows, share, more):
    moved = [(price + more, weight) for price, weight in rows]
    assert weighted_quantile(moved, share) == weighted_quantile(rows, share) + more


def test_what_weighs_most_decides():
    rows = [(Decimal(10), Decimal("0.1")), (Decimal(20), Decimal(1)), (Decimal(30), Decimal("0.1"))]
    assert [weighted_quantile(rows, share) for share in (LOWER, MIDDLE, UPPER)] == [20, 20, 20]


def test_there_is_no_quantile_of_nothing():
    with pytest.raises(ValueError, match="no rows"):
        weighted_quantile([], MIDDLE)


@unhurried
@given(ROWS)
def test_rows_say_as_much_as_one_at_least_and_all_of_them_at_most(rows):
    assert 1 <= effective_count(rows) <= len(rows)


def test_equal_weights_say_as_much_as_there_are():
    assert effective_count([(Decimal(n), Decimal("0.7")) for n in range(5)]) == 5


@unhurried
@given(ROWS, PRICES)
def test_shares_below_and_above_a_price_add_up(rows, price):
    mirrored = [(-each, weight) for each, weight in rows]
    assert share_below(rows, price) + share_below(mirrored, -price) == 1


def test_among_its_equals_a_price_is_in_the_middle():
    assert share_below([(Decimal(5), Decimal(1))] * 3, Decimal(5)) == Fraction(1, 2)
