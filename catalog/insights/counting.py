"""The numbers behind the insights page: a fixed number of queries, whatever the size."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet

from catalog import selectors
from catalog.browsing.filters import (
    COLUMNS,
    PRICE,
    SAID_BY,
    UNCONFIRMED,
    confidence_in,
    in_category,
    photo_count,
)
from catalog.describe import vocabulary
from catalog.describe.vocabulary import Vocabulary, applies
from catalog.insights.bands import price_bounds
from catalog.models import (
    Catalog,
    CurrentAttribute,
    CurrentTerm,
    Product,
    ProductStatus,
    Variant,
)
from catalog.services.attribute_values import CATEGORY
from prodintel.lib.optional_cache import CACHE

KEPT_SECONDS = 15
COLOR = "color"
MOST_COLORS = 24
CONFIDENCE_BANDS = ((0, 50), (50, 70), (70, 90), (90, 100))


@dataclass(frozen=True)
class Share:
    """Of how many products something is known, of those of which it could be."""

    known: int
    of: int

    @property
    def missing(self) -> int:
        return self.of - self.known


@dataclass(frozen=True)
class CategoryRow:
    """The completeness of a category with all below it; `path` "" are products without one."""

    path: str
    products: int
    shares: Mapping[str, Share]


@dataclass(frozen=True)
class Prices:
    """Prices in one currency: of how many products, from where to where, and how many products
    have one in each band (lower bound, upper bound that is not in it, products).
    """

    currency: str
    products: int
    low: Decimal
    high: Decimal
    bands: tuple[tuple[Decimal, Decimal, int], ...]


@dataclass(frozen=True)
class Insights:
    """All counts are of products that are not deleted, but `said` and `sure`: (values, products)."""

    category: str
    products: int
    statuses: Mapping[str, int]
    changed: int
    rows: tuple[CategoryRow, ...]
    fields: Mapping[str, Share]
    colors: tuple[tuple[str, int], ...]
    prices: tuple[Prices, ...]
    said: Mapping[str, tuple[int, int]]
    sure: Mapping[tuple[int, int], tuple[int, int]]
    photos: Mapping[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> list[tuple[str, Share]]:
        """The fields that some product lacks, those that the most lack first."""
        lacking = [(name, share) for name, share in self.fields.items() if share.missing]
        return sorted(lacking, key=lambda each: -each[1].missing)


def insights_of(catalog: Catalog, category: str = "") -> Insights:
    """The insights into a catalogue, or into a category with all below it; some seconds old."""
    digest = hashlib.blake2b(category.encode(), digest_size=12).hexdigest()
    key = f"insights:{catalog.pk}:{digest}"
    return CACHE.get_or_make(key, lambda: count(catalog, category), KEPT_SECONDS)


def count(catalog: Catalog, category: str = "") -> Insights:
    """As `insights_of`, counted now, in eleven queries and those of the vocabulary."""
    words = vocabulary.current()
    products = selectors.products_in(catalog).order_by()
    if category:
        products = products.filter(in_category(category))
    within = Q(product__catalog=catalog, product__deleted_at=None)
    if category:
        path = "product__category__path"
        within &= Q(**{path: category}) | Q(**{f"{path}__startswith": f"{category}/"})
    current = CurrentAttribute.objects.filter(within).order_by()
    by_path = _by_path(products)
    known = _known(current)
    total = sum(by_path.values())
    statuses = dict(products.values_list("status").annotate(Count("pk")))
    return Insights(
        category=category,
        products=total,
        statuses={status: statuses.get(status, 0) for status in ProductStatus.values},
        changed=products.filter(changed_since_approval=True).count(),
        rows=_rows(words, category, by_path, known),
        fields={**_columns(products, total), **_shares(words, by_path, known)},
        colors=_colors(within, catalog),
        prices=_prices(within),
        said=_said(current),
        sure=_sure(current),
        photos=_photos(products),
    )


def _by_path(products: QuerySet[Product]) -> dict[str, int]:
    """How many products lie right in each category; "" are those without one."""
    rows = products.values_list("category__path").annotate(Count("pk"))
    return {path or "": number for path, number in rows}


def _known(current: QuerySet[CurrentAttribute]) -> dict[str, dict[str, int]]:
    """Of how many products of each category something is said, by attribute.

    Left empty on purpose is said.
    """
    found: dict[str, dict[str, int]] = defaultdict(dict)
    rows = current.exclude(field=CATEGORY).values_list("field", "product__category__path")
    for name, path, number in rows.annotate(n=Count("product", distinct=True)):
        found[name][path or ""] = number
    return found


def _shares(
    words: Vocabulary, by_path: Mapping[str, int], known: Mapping[str, Mapping[str, int]]
) -> dict[str, Share]:
    """Each attribute that applies to some of the products, among those to which it applies."""
    shares = {}
    for key, attribute in words.attributes.items():
        fitting = [path for path in by_path if applies(attribute.categories, path)]
        if fitting:
            said = known.get(key, {})
            shares[key] = Share(
                sum(said.get(path, 0) for path in fitting), sum(by_path[path] for path in fitting)
            )
    return shares


def _rows(
    words: Vocabulary,
    category: str,
    by_path: Mapping[str, int],
    known: Mapping[str, Mapping[str, int]],
) -> tuple[CategoryRow, ...]:
    """A row for each category right below this one (or at the top) that has products, the fullest
    first; for products of the category itself, and for those without one, a row of their own.
    """
    depth = category.count("/") + 2 if category else 1
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    for path, number in by_path.items():
        groups["/".join(path.split("/")[:depth])][path] = number
    rows = [
        CategoryRow(path, sum(paths.values()), _shares(words, paths, known))
        for path, paths in groups.items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.path == "", -row.products, row.path)))


def _columns(products: QuerySet[Product], total: int) -> dict[str, Share]:
    """The fields that are columns, and whether there is any price."""
    priced = Variant.objects.alive().filter(product=OuterRef("pk"), price__isnull=False)
    lacking: dict[str, Q] = {**COLUMNS, PRICE: Q(~Exists(priced))}
    counts = products.aggregate(
        **{name: Count("pk", filter=where) for name, where in lacking.items()}
    )
    return {name: Share(total - number, total) for name, number in counts.items()}


def _colors(within: Q, catalog: Catalog) -> tuple[tuple[str, int], ...]:
    terms = CurrentTerm.objects.filter(within, catalog=catalog, field=COLOR).order_by()
    rows = terms.values_list("value").annotate(n=Count("product", distinct=True))
    return tuple(rows.order_by("-n", "value")[:MOST_COLORS])


def _prices(within: Q) -> tuple[Prices, ...]:
    """Each currency by itself, the one of the most products first."""
    sold = Variant.objects.alive().filter(within, price__isnull=False).order_by()
    spreads = list(
        sold.values("currency").annotate(
            low=Min("price"), high=Max("price"), n=Count("product", distinct=True)
        )
    )
    bounds = {row["currency"]: price_bounds(row["low"], row["high"]) for row in spreads}
    wanted = {
        f"band_{number}_{place}": (currency, low, high)
        for number, (currency, bands) in enumerate(bounds.items())
        for place, (low, high) in enumerate(bands)
    }
    counts = _band_counts(sold, wanted)
    return tuple(
        Prices(
            row["currency"],
            row["n"],
            row["low"],
            row["high"],
            tuple(
                (low, high, counts[row["currency"], low]) for low, high in bounds[row["currency"]]
            ),
        )
        for row in sorted(spreads, key=lambda row: (-row["n"], row["currency"]))
    )


def _band_counts(
    sold: QuerySet[Variant], wanted: Mapping[str, tuple[str, Decimal, Decimal]]
) -> dict[tuple[str, Decimal], int]:
    if not wanted:
        return {}
    found = sold.aggregate(
        **{
            name: Count(
                "product",
                distinct=True,
                filter=Q(currency=currency, price__gte=low, price__lt=high),
            )
            for name, (currency, low, high) in wanted.items()
        }
    )
    return {(wanted[name][0], wanted[name][1]): number for name, number in found.items()}


def _said(current: QuerySet[CurrentAttribute]) -> dict[str, tuple[int, int]]:
    """How many values are whose word, and of how many products."""
    return _counted(current.filter(value__isnull=False), SAID_BY)


def _sure(current: QuerySet[CurrentAttribute]) -> dict[tuple[int, int], tuple[int, int]]:
    """How sure machines are of what nobody confirmed."""
    guessed = current.filter(SAID_BY[UNCONFIRMED], value__isnull=False)
    bands = {f"{low}-{high}": confidence_in((low, high)) for low, high in CONFIDENCE_BANDS}
    counts = _counted(guessed, bands)
    return {band: counts[f"{band[0]}-{band[1]}"] for band in CONFIDENCE_BANDS}


def _counted(
    rows: QuerySet[CurrentAttribute], kinds: Mapping[str, Q]
) -> dict[str, tuple[int, int]]:
    names = list(kinds)
    values = {f"v{n}": Count("pk", filter=kinds[name]) for n, name in enumerate(names)}
    products = {
        f"p{n}": Count("product", distinct=True, filter=kinds[name]) for n, name in enumerate(names)
    }
    counts = rows.aggregate(**values, **products)
    return {name: (counts[f"v{n}"], counts[f"p{n}"]) for n, name in enumerate(names)}


def _photos(products: QuerySet[Product]) -> dict[str, int]:
    counted = products.annotate(photo_count=photo_count())
    kinds: Iterable[tuple[str, Q]] = (
        ("0", Q(photo_count=0)),
        ("1", Q(photo_count=1)),
        ("many", Q(photo_count__gt=1)),
    )
    named = {f"photos_{name}": Count("pk", filter=where) for name, where in kinds}
    counts = counted.aggregate(**named)
    return {name.removeprefix("photos_"): number for name, number in counts.items()}
