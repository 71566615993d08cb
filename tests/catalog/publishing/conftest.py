from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from catalog.models import Product, ProductStatus
from catalog.publishing.services import photos_publish
from catalog.services.statuses import products_set_status
from tests.catalog.conftest import catalog, make_product, person  # noqa: F401


@pytest.fixture
def move(person: Any) -> Callable[..., Product]:  # noqa: F811
    """Gives a product a status, as an owner."""

    def to(product: Product, status: str = ProductStatus.APPROVED) -> Product:
        fresh = Product.objects.select_related("catalog").get(pk=product.pk)
        products_set_status(products=[fresh], status=status, actor=person)
        return fresh

    return to


@pytest.fixture
def mug(make_product: Any, move: Any) -> Product:  # noqa: F811
    """An approved product with a photo."""
    return move(make_product("Mug"))


@pytest.fixture
def token(mug: Product, person: Any) -> str:  # noqa: F811
    """Of the published photo of the mug."""
    (row,) = photos_publish(placements=mug.placements.all(), actor=person)
    return row.token
