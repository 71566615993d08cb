"""Products with more photos than the index gives at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from catalog.index import spaces, vector_index
from catalog.index.payload import CATALOG, PRODUCT
from catalog.search.ranking import ROUNDS
from prodintel.engine.vectors import MAX_RESULTS, Point
from tests.catalog.colours import CELLS

pytestmark = pytest.mark.django_db
DIMENSION = CELLS * CELLS * 3 + 1


@pytest.fixture
def photographed(stock, make_product, ingest, catalog) -> Callable[..., np.ndarray]:
    """Puts products with so many photos each into the index, every product further away than the
    one before it from the vector that comes back.
    """

    def run(products: int, photos: int) -> np.ndarray:
        make_product(color="black")
        ingest()
        wanted, away = np.eye(2, DIMENSION, dtype=np.float32)
        points = [
            Point(
                id=1_000_000 + place * photos + n,
                vector=wanted + (place + n / photos) / products * away,
                payload={CATALOG: catalog.pk, PRODUCT: product.pk},
            )
            for place, product in enumerate(stock(products))
            for n in range(photos)
        ]
        vector_index().upsert(spaces.live_space().collection, points)
        return wanted

    return run


def test_products_with_many_photos_are_all_found(photographed, ask):
    photo = photographed(products=160, photos=8)
    result = ask("", photo=photo, limit=100)
    assert result.total == 161
    places = [hit.product.pk for hit in result.hits]
    assert places == sorted(places)


def test_index_is_asked_a_few_times_at_most(photographed, ask):
    photo = photographed(products=ROUNDS + 2, photos=MAX_RESULTS)
    assert ask("", photo=photo).total == ROUNDS
