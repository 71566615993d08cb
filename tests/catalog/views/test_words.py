"""Money as people say it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.views.words import about_usd


@pytest.mark.parametrize(
    ("amount", "words"),
    [("1234.5", "about $1,234.50"), ("0.01", "about $0.01"), ("0.004", "under $0.01")],
)
def test_estimated_money(amount, words):
    assert about_usd(Decimal(amount)) == words
