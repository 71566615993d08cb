"""A mug, and lists of what competitors offer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tools.competitors.services import competitors_import

FILE = """title,brand,gtin,price,currency,seller,Material,claims,url
Mug no 5,Acme,4006381333931,19.90,EUR,North,Stoneware,Dishwasher safe; hand made,https://north.example
Speckled barrel mug,,,29.90,EUR,South,Stoneware,Dishwasher safe,javascript:alert(1)
Barrel vase,,,31.00,USD,West,Glass,,
Garden hose,,,5,EUR,North,Rubber,Never kinks,
"""


@pytest.fixture
def mug(make_product, no_engine):
    variant = {"gtin": "4006381333931", "price": Decimal("24.90"), "sku": "MUG"}
    return make_product("Speckled barrel mug", brand="Acme", variants=[variant], color=None)


@pytest.fixture
def bring(catalog, person, no_engine):
    def bring(text=FILE, as_of=date(2026, 5, 31), name="Spring"):
        return competitors_import(
            catalog=catalog,
            actor=person,
            name=name,
            source="Price crawl",
            as_of=as_of,
            data=text.encode(),
        ).list

    return bring
