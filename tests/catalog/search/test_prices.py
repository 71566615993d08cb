"""Counts of prices: bands with round bounds, each what its filter finds."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from catalog.models import Product
from catalog.search.prices import _bounds, price_bands
from catalog.services.products import products_delete

pytestmark = pytest.mark.django_db


@pytest.fixture
def priced(make_product):
    """Makes products of these prices, without photos."""

    def run(*prices: object, **fields: object) -> list[Product]:
        return [make_product(color=None, price=Decimal(str(each)), **fields) for each in prices]

    return run


def bounds_of(band: str) -> dict[str, float]:
    low, high = band.split("-")
    return {"gte": float(low), "lte": float(high)}


@pytest.mark.parametrize(
    ("prices", "bounds"),
    [
        ([], []),
        (["7"], []),
        (["5", "50"], ["5", "10", "50"]),
        (["20", "20", "20", "20", "30"], ["20", "25", "30"]),
        (["4.99", "12", "20", "35", "80", "489"], ["4", "15", "40", "100", "500"]),
        (["100", "104", "108", "112", "119"], ["100", "105", "110", "115", "120"]),
        (["0", "3", "9.99"], ["0", "1", "5", "10"]),
        (["19.99", "20"], ["19.99", "20"]),
        (["0.001", "0.002"], ["0.001", "0.002"]),
        (["1500", "2000000"], ["1000", "2000", "2000000"]),
    ],
)
def test_bounds_are_round_and_enclose_all_prices(prices, bounds):
    counted = sorted(Counter(Decimal(price) for price in prices).items())
    assert _bounds(counted) == [Decimal(bound) for bound in bounds]


def test_products_spread_over_the_bands(priced, ask, no_engine):
    priced(3, 5, 7, 9, 11, 13, 14, 19, 22, 25, 33, 36, 42, 60, 90, 480)
    assert ask("").facets["price"] == {"2-10": 4, "10-20": 4, "20-50": 5, "50-500": 3}


@pytest.mark.parametrize("text", ["", "thing"])
def test_band_counts_what_its_filter_finds(priced, ask, no_engine, text):
    priced(5, 10, 10, 20, 25, 49.99, 50, 300)
    bands = ask(text).facets["price"]
    found = {band: ask(text, {"price": bounds_of(band)}).total for band in bands}
    assert found == bands


def test_product_with_several_prices_counts_once_a_band(make_product, catalog, no_engine):
    variants = [{"sku": str(n), "price": Decimal(price)} for n, price in enumerate((5, 5, 50))]
    make_product(color=None, variants=variants)
    assert price_bands(Product.objects.all(), catalog.currency) == {"5-10": 1, "10-50": 1}


def test_bands_are_of_the_answer_alone(priced, ask, no_engine):
    priced(5, 50, title="Mug")
    priced(1000, 5000, title="Car")
    assert ask("mug").facets["price"] == {"5-10": 1, "10-50": 1}


def test_other_currencies_have_no_part_in_the_bands(priced, ask, no_engine):
    priced(5, 50)
    priced(900, currency="USD")
    assert ask("").facets["price"] == {"5-10": 1, "10-50": 1}


def test_deleted_products_have_no_part_in_the_bands(priced, ask, no_engine, person):
    priced(5, 50)
    products_delete(products=priced(900), actor=person)
    assert ask("").facets["price"] == {"5-10": 1, "10-50": 1}


def test_one_price_for_all_has_no_bands(priced, ask, no_engine):
    priced(5, 5)
    assert "price" not in ask("").facets


def test_bands_stay_when_one_is_chosen(priced, ask, no_engine):
    priced(5, 50, brand="ACME")
    priced(7, brand="Other")
    answer = ask("", {"price": {"gte": 20, "lte": 50}})
    assert answer.facets["price"] == {"5-6": 1, "6-10": 1, "10-50": 1}
    assert answer.facets["brand"] == {"ACME": 1}
