"""Search: a query (words, photo, product, filters) to hits with reasons."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from django.db.models import QuerySet

from catalog import selectors
from catalog.models import Catalog, Product
from catalog.search.facets import Facets, browsed_facets, facets_of
from catalog.search.query import Filters, Query, clean_text
from catalog.search.ranking import Ranked, Ranking, Seeing, rank
from catalog.search.reasons import Reason, reasons_of
from prodintel.lib.optional_cache import RANKINGS

RANKING_SECONDS = 300
MAX_LIMIT = 100
MAX_OFFSET = 10_000_000

__all__ = [
    "Filters",
    "Hit",
    "Query",
    "Reason",
    "SearchResult",
    "clean_text",
    "neighbours",
    "search",
]


@dataclass(frozen=True)
class Hit:
    product: Product
    score: float
    strength: str
    reasons: list[Reason] = field(default_factory=list)
    placement_id: int | None = None


@dataclass(frozen=True)
class SearchResult:
    """One page of an answer.

    `total` counts every hit, `matching` those that are more than weak. `facets` count the latter;
    where there are none, all.
    `took_ms` has encode, index and total.
    """

    hits: list[Hit]
    total: int
    matching: int
    facets: Facets
    no_good_match: bool
    notice: str
    took_ms: dict[str, float]


def search(
    *,
    catalog: Catalog,
    query: Query,
    limit: int = 24,
    offset: int = 0,
    with_facets: bool = True,
) -> SearchResult:
    """Answer a query.

    The order is worked out for the first page and kept for five minutes, so that the pages after it
    continue the same list. Without words or looks, the catalogue newest first.
    """
    started = time.perf_counter()
    limit = max(1, min(limit, MAX_LIMIT))
    offset = max(0, min(offset, MAX_OFFSET))
    if query.browses:
        ranking = Ranking()
        matching = _browsed(catalog, query.filters)
        total = matching.count()
        ids = list(matching.values_list("pk", flat=True)[offset : offset + limit])
        page = [Ranked(pk, 0.0, "strong") for pk in ids]
    else:
        ranking = _kept_ranking(catalog, query, fresh=offset == 0)
        total = len(ranking.ranked)
        page = ranking.ranked[offset : offset + limit]
    hits = _hydrate(catalog, query, page)
    facets = _facets(catalog, query, ranking) if with_facets else {}
    return SearchResult(
        hits=hits,
        total=total,
        matching=total if query.browses else len(ranking.matching),
        facets=facets,
        no_good_match=ranking.no_good_match,
        notice=ranking.notice,
        took_ms={
            "encode": round(ranking.encode_ms, 1),
            "index": round(ranking.index_ms, 1),
            "total": round((time.perf_counter() - started) * 1000, 1),
        },
    )


def neighbours(product: Product, *, limit: int = 8) -> SearchResult:
    """The products of the same catalogue that look most like this one."""
    return search(
        catalog=product.catalog, query=Query(like=product.pk), limit=limit, with_facets=False
    )


def _browsed(catalog: Catalog, filters: Filters) -> QuerySet[Product]:
    return filters.apply(selectors.products_in(catalog), catalog.currency)


def _kept_ranking(catalog: Catalog, query: Query, *, fresh: bool) -> Ranking:
    key = f"ranking:{query.key(catalog.pk)}"
    kept = None if fresh else RANKINGS.get(key)
    if kept is None:
        kept = rank(catalog, query)
        if not kept.notice:
            RANKINGS.set(key, kept, RANKING_SECONDS)
    return kept


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
