"""Search: a query (words, photo, product, filters) to hits with reasons."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from django.db.models import QuerySet

from catalog import selectors
from catalog.models import Catalog, Product
from catalog.search.facets import Facets, browsed_facets, facets_of
from catalog.search.kept import ranking_of
from catalog.search.query import Filters, Query, clean_text
from catalog.search.ranking import Ranked, Ranking, Seeing, rank
from catalog.search.reasons import Reason, reasons_of

MAX_LIMIT = 100
MAX_OFFSET = 10_000_000

__all__ = [
    "Filters",
    "Hit",
    "Query",
    "Reason",
    "SearchResult",
    "clean_text",
    "matching_products",
    "neighbours",
    "search",
]


@dataclass(frozen=True)
class Hit:
    """`cosine` says how alike the looks are, in [-1, 1]; None where only words were compared."""

    product: Product
    score: float
    strength: str
    reasons: list[Reason] = field(default_factory=list)
    placement_id: int | None = None
    cosine: float | None = None


@dataclass(frozen=True)
class SearchResult:
    """One page of an answer.

    `total` counts every hit, `matching` those that are more than weak. `facets` count the latter;
    where there are none, all. `took_ms` has encode, index and total: what this page took. `ranking`
    is the token by which later pages continue this list; empty where there is nothing to name.
    """

    hits: list[Hit]
    total: int
    matching: int
    facets: Facets
    no_good_match: bool
    notice: str
    took_ms: dict[str, float]
    ranking: str = ""

    @classmethod
    def nothing(cls) -> SearchResult:
        """The answer to what cannot be asked."""
        took = {"encode": 0.0, "index": 0.0, "total": 0.0}
        return cls([], 0, 0, {}, no_good_match=False, notice="", took_ms=took)


def search(
    *,
    catalog: Catalog,
    query: Query,
    limit: int = 24,
    offset: int = 0,
    with_facets: bool = True,
    user_id: int | None = None,
    ranking: str = "",
) -> SearchResult:
    """Answer a query.

    The order is worked out for every first page and kept for five minutes. The pages after it
    continue the list that the token `ranking` names; without it, the one that this user was given
    last for this query. Without words or looks, the catalogue newest first.
    """
    started = time.perf_counter()
    limit = max(1, min(limit, MAX_LIMIT))
    offset = max(0, min(offset, MAX_OFFSET))
    if query.browses:
        order = Ranking()
        matching = _browsed(catalog, query.filters)
        total = matching.count()
        ids = list(matching.values_list("pk", flat=True)[offset : offset + limit])
        page = [Ranked(pk, 0.0, "strong") for pk in ids]
    else:
        order = ranking_of(catalog, query, user_id=user_id, token=ranking, fresh=offset == 0)
        total = len(order.ranked)
        page = order.ranked[offset : offset + limit]
    hits = _hydrate(catalog, query, page)
    facets = _facets(catalog, query, order) if with_facets else {}
    return SearchResult(
        hits=hits,
        total=total,
        matching=total if query.browses else len(order.matching),
        facets=facets,
        no_good_match=order.no_good_match,
        notice=order.notice,
        took_ms={
            "encode": round(order.encode_ms, 1),
            "index": round(order.index_ms, 1),
            "total": round((time.perf_counter() - started) * 1000, 1),
        },
        ranking=order.token,
    )


def neighbours(product: Product, *, limit: int = 8, filters: Filters | None = None) -> SearchResult:
    """The products of the same catalogue that look most like this one, among those of the filters."""
    query = Query(like=product.pk, filters=filters or Filters())
    return search(catalog=product.catalog, query=query, limit=limit, with_facets=False)


def matching_products(
    *, catalog: Catalog, query: Query, user_id: int | None = None
) -> QuerySet[Product]:
    """The products that match a query more than weakly: all of them when it only filters, else the
    first 1,000. Newest first, however well they match.
    """
    if query.browses:
        return _browsed(catalog, query.filters)
    order = ranking_of(catalog, query, user_id=user_id, token="", fresh=False)
    return selectors.products_in(catalog).filter(
        pk__in=[each.product_id for each in order.matching]
    )


def _browsed(catalog: Catalog, filters: Filters) -> QuerySet[Product]:
    return filters.apply(selectors.products_in(catalog), catalog.currency)


def _hydrate(catalog: Catalog, query: Query, page: list[Ranked]) -> list[Hit]:
    products = selectors.products_by_ids(catalog, [each.product_id for each in page])
    by_id = {product.pk: product for product in products}
    return [
        Hit(
            product=by_id[each.product_id],
            score=each.score,
            strength=each.strength,
            reasons=reasons_of(query, each, by_id[each.product_id]),
            placement_id=each.placement_id,
            cosine=each.cosine,
        )
        for each in page
        if each.product_id in by_id
    ]


def _facets(catalog: Catalog, query: Query, ranking: Ranking) -> Facets:
    if query.browses:
        return browsed_facets(catalog, lambda filters: _browsed(catalog, filters), query.filters)
    seeing: Seeing | None = None

    def ranked_with(filters: Filters) -> QuerySet[Product]:
        nonlocal seeing
        if filters == query.filters:
            ids = ranking.counted
        else:
            seeing = seeing or Seeing(catalog, query)
            ids = rank(catalog, query.with_filters(filters), seeing=seeing).counted
        return selectors.products_in(catalog).filter(pk__in=ids)

    return facets_of(catalog, ranked_with, query.filters)
