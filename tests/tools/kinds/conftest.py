"""Fixtures that tests of several tools share."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.describe import vocabulary as words
from catalog.services.ledger import attribute_set
from catalog.services.products import products_set_category


@pytest.fixture
def alba(make_product, vocabulary, person, no_engine):
    """A red mug of steel with a photo, whose height nobody knows."""
    product = make_product(
        "Alba mug",
        price=Decimal("12.50"),
        sku="ALBA-1",
        brand="Clay & Co",
        description="A small mug for camping. It keeps coffee warm for two hours.",
    )
    products_set_category(products=[product], path="home/kitchen/mugs", actor=person)
    attribute_set(product=product, field="color", value="red", actor=person)
    attribute_set(product=product, field="material", value="steel", actor=person)
    words._kept = None
    return product
