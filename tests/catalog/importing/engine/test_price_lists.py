"""Files that name SKUs alone: the catalogue tells which of their lines are one product's."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.importing import previewing
from catalog.models import ImportItem, Product, Variant
from tests.catalog.colours import staged


@pytest.fixture
def shirts(shop):
    """Two products, each in three sizes."""
    shop.run(
        [
            {"Handle": name, "Title": name, "SKU": f"{name}-{size}", "Price": "10", **option(size)}
            for name in ("red", "blue")
            for size in "SML"
        ]
    )


def option(size):
    return {"Size name": "Size", "Size": size}


def prices():
    return dict(Variant.objects.values_list("sku", "price"))


@pytest.mark.parametrize("step", [2, 200])
def test_lines_of_one_product_are_one_update_wherever_they_stand(shop, shirts, monkeypatch, step):
    monkeypatch.setattr(previewing, "STEP", step)
    skus = [f"{name}-{size}" for size in "SML" for name in ("red", "blue")]

    source = shop.run([{"SKU": sku, "Price": n + 20} for n, sku in enumerate(skus)])

    assert (source.counts["updated"], source.counts["refused"]) == (2, 0)
    assert prices() == {sku: Decimal(n + 20) for n, sku in enumerate(skus)}
    assert not source.problems.exclude(severity="note").exists()


def test_undoing_it_gives_all_their_prices_back(shop, shirts):
    source = shop.run([{"SKU": f"red-{size}", "Price": "30"} for size in "SML"])

    shop.undo(source)

    assert set(prices().values()) == {Decimal(10)}


def test_what_its_lines_say_otherwise_of_the_product_is_told(shop, shirts, messages):
    source = shop.run([{"SKU": f"red-{size}", "Title": f"Shirt {size}"} for size in "SM"])

    assert Product.objects.filter(title="Shirt S").exists()
    assert "3 Title: Line 2 says something else of the same product, and counts." in messages(
        source
    )


def test_a_line_that_is_wrong_stays_out_and_the_others_come(shop, shirts, messages):
    # The same SKU twice: which of the two counts is told.
    lines = [("red-S", "30"), ("red-M", "31"), ("red-S", "32")]

    source = shop.run([{"SKU": sku, "Price": price} for sku, price in lines])

    assert (prices()["red-S"], prices()["red-M"]) == (30, 31)
    assert any(text.startswith("4 ") for text in messages(source))


def test_their_photos_are_the_products(shop, shirts):
    names = {f"{size}.jpg": staged("red", mark=n).data for n, size in enumerate("SM")}
    rows = [{"SKU": f"red-{size}", "Photo": f"{size}.jpg"} for size in "SM"]

    shop.run([*rows, {"SKU": "red-L", "Photo": "S.jpg"}], photos=names)

    assert Product.objects.get(handle="red").placements.count() == 2
    assert ImportItem.objects.filter(product__handle="red").count() == 2
