"""Cases for the tests of pricing, and strategies for any."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tools.comparables import OWN, Comparable
from tools.kinds.pricing.costs import Costs
from tools.kinds.pricing.result import Case, VariantPrice

# How long an example takes says more of the machine than of the code.
unhurried = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", "CHF", "SEK", "HUF"])
AMOUNTS = st.decimals("0.01", "99999", places=2)
PRICES = st.decimals("1", "99999", places=2)
WEIGHTS = st.decimals("0.01", "1", places=2)
ROWS = st.lists(st.tuples(PRICES, WEIGHTS), min_size=1, max_size=12)


@st.composite
def costs(draw: Any) -> Costs:
    return Costs(
        currency=draw(CURRENCIES),
        cost=draw(AMOUNTS),
        vat_percent=draw(st.sampled_from([Decimal(0), Decimal(7), Decimal("8.1"), Decimal(25)])),
        vat_included=draw(st.booleans()),
        fee_percent=draw(st.decimals("0", "15", places=2)),
        fee_fixed=draw(st.decimals("0", "5", places=2)),
        shipping=draw(st.decimals("0", "20", places=2)),
    )


def comparable(price: str | None, key: str = "", **other: Any) -> Comparable:
    fields: dict[str, Any] = {"standing": OWN, "currency": "EUR", "similarity": 0.8} | other
    fields.setdefault("title", f"Mug at {price}")
    return Comparable(key=key or f"own-{price}", price=Decimal(price) if price else None, **fields)


def comparables(*prices: str, **other: Any) -> list[Comparable]:
    return [comparable(price, f"own-{n}", **other) for n, price in enumerate(prices, 1)]


FIVE = ("20", "24", "28", "32", "40")


def case(*prices: str, price: str | None = "30", cost: str | None = "10", **other: Any) -> Case:
    """A mug at 30 EUR that costs 10, with 19 % VAT, among comparables at these prices."""
    fields: dict[str, Any] = {
        "title": "Everyday mug",
        "variant": VariantPrice(
            id=7, label="Red", price=Decimal(price) if price else None, currency="EUR"
        ),
        "costs": Costs(
            currency="EUR", cost=Decimal(cost) if cost else None, vat_percent=Decimal(19)
        ),
        "target_percent": Decimal(30),
        "goal": "match",
        "comparables": comparables(*prices),
    }
    return Case(**(fields | other))
