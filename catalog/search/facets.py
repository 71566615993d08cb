"""How many of an answer's products have each value: what the filters show beside their names."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Count, Max, Min, QuerySet

from catalog.index.payload import BRAND, PRICE, STATUS
from catalog.models import AuditEvent, Catalog, CurrentTerm, LedgerEntry, Product, Variant
from catalog.search.query import Filters
from catalog.services.attribute_values import CATEGORY
from prodintel.lib.optional_cache import CACHE

Facets = dict[str, dict[str, int]]
Answer = TypeVar("Answer")
MAX_BRANDS = 50
SLOW_SECONDS = 0.05
KEPT_SECONDS = 30.0


def facets_of(
    catalog: Catalog, products_for: Callable[[Filters], QuerySet[Product]], filters: Filters
) -> Facets:
    """Counts by field and value, most frequent first.

    A field that is filtered by is counted as if it were not, so that its other values can be added;
    `products_for` gives the products that fit some filters.
    """
    everything = _counts(catalog, products_for(filters))
    for name in filters.by_field:
        widened = _counts(catalog, products_for(filters.without(name)), only=name)
        everything[name] = widened.get(name, {})
        for chosen in filters.by_field[name]:
            everything[name].setdefault(chosen, 0)
    return {name: counts for name, counts in everything.items() if counts}


def _counts(catalog: Catalog, products: QuerySet[Product], only: str | None = None) -> Facets:
    ids = products.order_by().values("pk")
    counts: Facets = {}
    if only in (None, CATEGORY):
        counts[CATEGORY] = _categories(products)
    for name in (STATUS, BRAND):
        if only in (None, name):
            rows = products.order_by().values_list(name).annotate(n=Count("pk"))
            common = sorted(rows, key=lambda row: (-row[1], row[0]))[:MAX_BRANDS]
            counts[name] = {value: n for value, n in common if value}
    if only not in (CATEGORY, STATUS, BRAND):
        counts |= _terms(catalog, ids, only)
    return counts


def _categories(products: QuerySet[Product]) -> dict[str, int]:
    rows = (
        products.order_by()
        .exclude(category=None)
        .values_list("category__path")
        .annotate(n=Count("pk"))
    )
    counts: Counter[str] = Counter()
    for path, n in rows:
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            counts["/".join(parts[:depth])] += n
    return dict(counts.most_common())


def _terms(catalog: Catalog, ids: Any, only: str | None) -> Facets:
    terms = CurrentTerm.objects.filter(catalog=catalog, product_id__in=ids).exclude(field=CATEGORY)
    if only is not None:
        terms = terms.filter(field=only)
    counts: Facets = {}
    rows = terms.values_list("field", "value").annotate(n=Count("product_id", distinct=True))
    for name, value, n in sorted(rows, key=lambda row: (row[0], -row[2], row[1])):
        counts.setdefault(name, {})[value] = n
    return counts


def price_range(catalog: Catalog) -> dict[str, Any]:
    """The lowest and highest price in the catalogue's currency, None where nothing has one."""

    def look() -> dict[str, Any]:
        # Variants repeat their product's deletion.
        sold = Variant.objects.filter(catalog=catalog, currency=catalog.currency, deleted_at=None)
        return sold.aggregate(low=Min(PRICE), high=Max(PRICE))

    return _kept(f"prices:{catalog.pk}:{catalog.currency}", look)


def browsed_facets(
    catalog: Catalog, products_for: Callable[[Filters], QuerySet[Product]], filters: Filters
) -> Facets:
    """`facets_of` where the products depend on the catalogue and the filters alone."""
    asked = hashlib.sha256(repr(filters).encode()).hexdigest()
    return _kept(f"facets:{catalog.pk}:{asked}", lambda: facets_of(catalog, products_for, filters))


def _kept(key: str, make: Callable[[], Answer]) -> Answer:
    """What was worked out a moment ago, where working it out is slow and nothing was done since.

    Whatever people and machines do leaves an audit event or a row of the ledger.
    """
    done = [
        rows.order_by("-pk").values_list("pk", flat=True).first()
        for rows in (AuditEvent.objects.all(), LedgerEntry.objects.all())
    ]
    key = f"{key}:{done}".replace(" ", "")
    known: Answer | None = CACHE.get(key)
    if known is not None:
        return known
    started = time.monotonic()
    made = make()
    if time.monotonic() - started > SLOW_SECONDS:
        CACHE.set(key, made, KEPT_SECONDS)
    return made
