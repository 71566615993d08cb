"""How many of an answer's products have each value: what the filters show beside their names."""

from __future__ import annotations

import hashlib
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable

from django.db.models import Count, QuerySet

from catalog.index.payload import BRAND, PRICE, STATUS
from catalog.models import AuditEvent, Catalog, CurrentTerm, LedgerEntry, Product
from catalog.search.prices import price_bands
from catalog.search.query import Filters, filterable_fields
from catalog.services.attribute_values import CATEGORY
from prodintel.lib.optional_cache import CACHE

Facets = dict[str, dict[str, int]]
MAX_VALUES = 50
SLOW_SECONDS = 0.05
KEPT_SECONDS = 30.0


def facets_of(
    catalog: Catalog, products_for: Callable[[Filters], QuerySet[Product]], filters: Filters
) -> Facets:
    """Counts by field and value, most frequent first: categories, bands of prices, and the
    commonest values of whatever else can be filtered by.

    A field that is filtered by is counted as if it were not, so that other values can be added;
    the chosen ones are always among them, counted in the answer. `products_for` gives the products
    that fit some filters.
    """
    facets = _counts(catalog, products_for(filters), filters)
    for name, chosen in filters.by_field.items():
        answered = facets.get(name, {})
        widened = _counts(catalog, products_for(filters.without(name)), filters, only=name)
        kept = {value: answered.get(value, 0) for value in chosen}
        facets[name] = dict(_ordered((widened.get(name, {}) | kept).items()))
    if filters.has_price:
        facets.pop(PRICE, None)
        facets |= _counts(catalog, products_for(filters.without(PRICE)), filters, only=PRICE)
    return facets


def _counts(
    catalog: Catalog, products: QuerySet[Product], filters: Filters, only: str | None = None
) -> Facets:
    products = products.order_by()
    counts: Facets = {}
    if only in (None, CATEGORY):
        counts[CATEGORY] = _categories(products)
    for name in (STATUS, BRAND):
        if only in (None, name):
            rows = products.values_list(name).annotate(n=Count("pk"))
            counts[name] = _most_frequent(rows, filters.by_field.get(name, ()))
    if only in (None, PRICE):
        counts[PRICE] = price_bands(products, catalog.currency)
    if only not in (CATEGORY, STATUS, BRAND, PRICE):
        counts |= _terms(catalog, products, filters, only)
    return {name: values for name, values in counts.items() if values}


def _most_frequent(rows: Iterable[tuple[str, int]], chosen: Collection[str]) -> dict[str, int]:
    """The most frequent values that are not blank, and the chosen ones wherever they stand."""
    ordered = _ordered(row for row in rows if row[0])
    return {
        value: n
        for place, (value, n) in enumerate(ordered)
        if place < MAX_VALUES or value in chosen
    }


def _ordered(rows: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def _categories(products: QuerySet[Product]) -> dict[str, int]:
    rows = products.exclude(category=None).values_list("category__path").annotate(n=Count("pk"))
    counts: Counter[str] = Counter()
    for path, n in rows:
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            counts["/".join(parts[:depth])] += n
    return dict(counts.most_common())


def _terms(
    catalog: Catalog, products: QuerySet[Product], filters: Filters, only: str | None
) -> Facets:
    wanted = filterable_fields() if only is None else [only]
    rows = (
        CurrentTerm.objects.filter(
            catalog=catalog, product_id__in=products.values("pk"), field__in=wanted
        )
        .values_list("field", "value")
        .annotate(n=Count("product_id", distinct=True))
    )
    by_field: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for name, value, n in rows:
        by_field[name].append((value, n))
    return {
        name: _most_frequent(counts, filters.by_field.get(name, ()))
        for name, counts in sorted(by_field.items())
    }


def browsed_facets(
    catalog: Catalog, products_for: Callable[[Filters], QuerySet[Product]], filters: Filters
) -> Facets:
    """`facets_of` where the products depend on the catalogue and the filters alone.

    Where counting is slow it is done again once something was done since, or half a minute later.
    Whatever people and machines do leaves an audit event or a row of the ledger.
    """
    done = [
        rows.order_by("-pk").values_list("pk", flat=True).first()
        for rows in (AuditEvent.objects.all(), LedgerEntry.objects.all())
    ]
    asked = hashlib.sha256(repr((filters, catalog.currency, done)).encode()).hexdigest()
    key = f"facets:{catalog.pk}:{asked}"
    known: Facets | None = CACHE.get(key)
    if known is not None:
        return known
    started = time.monotonic()
    made = facets_of(catalog, products_for, filters)
    if time.monotonic() - started > SLOW_SECONDS:
        CACHE.set(key, made, KEPT_SECONDS)
    return made
