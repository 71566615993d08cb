from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.insights.bands import price_bounds

prices = st.decimals(min_value=0, max_value=10**9, places=4, allow_nan=False)


@given(prices, prices)
def test_bands_cover_all_prices_without_a_gap_and_are_few(one, other):
    low, high = sorted((one, other))
    bands = price_bounds(low, high)
    assert bands[0][0] <= low
    assert bands[-1][1] > high
    assert all(before[1] == after[0] for before, after in pairwise(bands))
    assert all(lower < upper for lower, upper in bands)
    assert 1 <= len(bands) <= 16


@pytest.mark.parametrize(
    ("low", "high", "bounds"),
    [
        ("10", "95", "10 20 30 40 50 60 70 80 90 100"),
        ("5", "1200", "5 10 20 50 100 200 500 1000 2000"),
        ("12.50", "12.50", "12 14"),
        ("0", "0", "0.0 0.1"),
    ],
)
def test_bounds_are_round(low, high, bounds):
    bands = price_bounds(Decimal(low), Decimal(high))
    wanted = [Decimal(each) for each in bounds.split()]
    assert [bands[0][0], *(upper for _, upper in bands)] == wanted
