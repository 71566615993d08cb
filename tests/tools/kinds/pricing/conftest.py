from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from catalog.models import Product
from tools import comparables
from tools.facts import Neighbour, Neighbours
from tools.models import ToolRun


@pytest.fixture
def mug(in_category: Callable[..., Product], no_engine: None) -> Product:
    """A mug at 30 EUR that costs 10."""
    sold = {"price": Decimal(30), "cost": Decimal(10), "currency": "EUR"}
    return in_category("Mug", variants=[sold], color=None)


@pytest.fixture
def alike(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Gives products neighbours at these prices without an engine that would find them."""

    def give(*prices: str, currency: str = "EUR") -> None:
        found = [
            Neighbour(
                key=f"n{n}",
                id=1000 + n,
                url=f"/c/shop/products/{1000 + n}/",
                title=f"Mug {n}",
                brand="",
                category="",
                category_label="",
                similarity=0.8,
                strength="strong",
                prices={currency: (Decimal(price), Decimal(price))},
            )
            for n, price in enumerate(prices, 1)
        ]
        answer = Neighbours(tuple(found))
        monkeypatch.setattr(comparables, "neighbours_of", lambda *_args, **_options: answer)

    return give


@pytest.fixture
def priced(mug: Product, performed: Callable[..., ToolRun]) -> Callable[..., ToolRun]:
    """Performs the tool on the mug."""
    return lambda **options: performed(mug, tool="pricing", **options)


@pytest.fixture
def done(alike: Callable[..., None], priced: Callable[..., ToolRun]) -> ToolRun:
    """A draft about the mug among five neighbours."""
    alike("20", "24", "28", "32", "40", "90")
    return priced()


def block_of(run: ToolRun, key: str) -> dict[str, Any]:
    return next(block for block in run.blocks if block["id"] == key)
