"""A shop with a mug to analyse, and mugs beside it that say more of themselves."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from catalog.describe import vocabulary as words
from catalog.models import Product
from catalog.services.ledger import attribute_set
from tools.kinds.analysis import gathering


@pytest.fixture
def say(person: Any, vocabulary: Any) -> Callable[..., None]:
    """Has a person say something of a product."""

    def write(product: Product, **values: Any) -> None:
        for field, value in values.items():
            attribute_set(product=product, actor=person, field=field, value=value)
        words._kept = None

    return write


@pytest.fixture
def mug(make_product: Any, say: Any) -> Product:
    """Red and of steel; what it weighs or measures nobody said."""
    product = make_product("Red mug", brand="Clay", price=Decimal("12.50"))
    say(product, category="home/kitchen/mugs", color=["red"], material="steel")
    return product


@pytest.fixture
def others(mug: Product, make_product: Any, say: Any) -> None:
    """Three that look like the mug, all with a height, at 10, 20 and 30 EUR."""
    for n in range(1, 4):
        other = make_product(f"Mug {n}", color="crimson", price=Decimal(10 * n))
        say(other, category="home/kitchen/mugs", height=9 + n)


@pytest.fixture
def shelf(mug: Product, others: None, ingest: Any) -> Product:
    """The mug, which can be compared with the others."""
    ingest()
    return mug


@pytest.fixture
def evidence(mug: Product, no_engine: None) -> dict[str, Any]:
    """The facts of the mug alone."""
    return gathering.gather(mug).facts
