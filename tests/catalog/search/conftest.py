from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from catalog.models import Catalog, Product
from catalog.search import Filters, Query, SearchResult, search
from catalog.textsearch.documents import text_documents_refresh


@pytest.fixture
def ask(catalog: Catalog) -> Callable[..., SearchResult]:
    """Asks the catalogue: words, then `filters` as the API takes them and anything of a Query."""

    def run(
        text: str = "",
        filters: dict[str, Any] | None = None,
        *,
        limit: int = 24,
        offset: int = 0,
        user_id: int | None = None,
        ranking: str = "",
        **asked: Any,
    ) -> SearchResult:
        query = Query(text=text, filters=Filters.parse(filters), **asked)
        return search(
            catalog=catalog,
            query=query,
            limit=limit,
            offset=offset,
            user_id=user_id,
            ranking=ranking,
        )

    return run


@pytest.fixture
def stock(catalog: Catalog) -> Callable[..., list[Product]]:
    """Makes many products at once, without variants and photos, all with the same fields."""

    def run(count: int, **fields: Any) -> list[Product]:
        first = Product.objects.count()
        rows = [
            Product(catalog=catalog, handle=f"stock-{n}", **fields)
            for n in range(first, first + count)
        ]
        made = Product.objects.bulk_create(rows)
        text_documents_refresh([product.pk for product in made])
        return made

    return run


def titles(result: SearchResult) -> list[str]:
    return [hit.product.title for hit in result.hits]
