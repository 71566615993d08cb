from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from catalog.models import Catalog, Product, Variant
from catalog.textsearch import TextMatch, search_text


@pytest.fixture
def catalog(make_catalog: Callable[..., Catalog]) -> Catalog:
    return make_catalog()


@pytest.fixture
def make_product(catalog: Catalog) -> Callable[..., Product]:
    """Makes a product with one variant from a title, the codes and options, and other fields."""

    def make(title: str, *, sku: str = "", gtin: str = "", mpn: str = "", **fields: Any) -> Product:
        shop = fields.pop("catalog", catalog)
        options = {k: fields.pop(k) for k in list(fields) if k.startswith("option")}
        product = Product.objects.create(
            catalog=shop, title=title, handle=f"p-{Product.objects.count()}", **fields
        )
        Variant.objects.create(
            product=product, catalog=shop, currency="EUR", sku=sku, gtin=gtin, mpn=mpn, **options
        )
        return product

    return make


@pytest.fixture
def search(catalog: Catalog) -> Callable[..., list[TextMatch]]:
    return lambda query, **options: search_text(catalog_id=catalog.pk, query=query, **options)


@pytest.fixture
def found(search: Callable[..., list[TextMatch]]) -> Callable[..., list[int]]:
    """The ids of what a query finds, best first."""
    return lambda query, **options: [match.product_id for match in search(query, **options)]
