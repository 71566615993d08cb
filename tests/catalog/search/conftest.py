from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from catalog.models import Catalog
from catalog.search import Filters, Query, SearchResult, search


@pytest.fixture
def ask(catalog: Catalog) -> Callable[..., SearchResult]:
    """Asks the catalogue: words, then `filters` as the API takes them and anything of a Query."""

    def run(
        text: str = "",
        filters: dict[str, Any] | None = None,
        *,
        limit: int = 24,
        offset: int = 0,
        **asked: Any,
    ) -> SearchResult:
        query = Query(text=text, filters=Filters.parse(filters), **asked)
        return search(catalog=catalog, query=query, limit=limit, offset=offset)

    return run


def titles(result: SearchResult) -> list[str]:
    return [hit.product.title for hit in result.hits]
