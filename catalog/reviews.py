"""What waits for people to decide on: the queue, what it can be narrowed to, how much it is."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Window

from catalog.models import Catalog, Category, CurrentAttribute, LedgerEntry, Source
from catalog.models.sources import MACHINE_SOURCES
from catalog.services.reviewing import PRODUCT_COLUMNS, place_of
from prodintel.lib.optional_cache import CACHE

# Below this, inclusive; the last takes the rest, and what says nothing of itself.
BANDS = {"low": (0.0, 0.5), "middle": (0.5, 0.8), "high": (0.8, 1.01)}
BAND_LABELS = {"low": "Unsure, below 50 %", "middle": "50 to 80 %", "high": "80 % and more"}
UNKNOWN = "unknown"
BAND_LABELS[UNKNOWN] = "Not said"
COUNTED = 1000
COUNT_SECONDS = 10
CLAIM_SECONDS = 120
# So many of the queue are looked at for some that nobody else is looking at.
LOOKED_AT = 400


@dataclass(frozen=True)
class Narrowed:
    """What of the queue somebody wants to see; empty is everything. `category` is a path, with all
    that lies in it.
    """

    field: str = ""
    category: str = ""
    source: str = ""
    band: str = ""
    disagreements: bool = False

    @classmethod
    def of(cls, address: Any) -> Narrowed:
        """From the parameters of an address; what cannot be is left out."""
        source, band = address.get("source", ""), address.get("band", "")
        field, category = address.get("field", "")[:60], address.get("category", "")[:300]
        return cls(
            # Nothing is called what cannot be printed, and databases refuse some of it.
            field=field if field.isprintable() else "",
            category=category if category.isprintable() else "",
            source=source if source in MACHINE_SOURCES else "",
            band=band if band in BAND_LABELS else "",
            disagreements=bool(address.get("disagreements")),
        )

    def parameters(self) -> dict[str, str]:
        """For an address, without what is as usual."""
        all_of_them = {
            "field": self.field,
            "category": self.category,
            "source": self.source,
            "band": self.band,
            "disagreements": "1" if self.disagreements else "",
        }
        return {name: value for name, value in all_of_them.items() if value}


def open_suggestions(catalog: Catalog, narrowed: Narrowed | None = None) -> QuerySet[LedgerEntry]:
    """The machines' words of a catalogue that a person is yet to decide on, in no order."""
    rows = LedgerEntry.objects.filter(
        awaits_review=True, product__catalog=catalog, product__deleted_at=None
    ).order_by()
    if narrowed is None:
        return rows
    if narrowed.field:
        rows = rows.filter(field=narrowed.field)
    if narrowed.category:
        rows = rows.filter(product__category__in=categories_in(narrowed.category))
    if narrowed.source:
        rows = rows.filter(source=narrowed.source)
    if narrowed.band:
        rows = rows.filter(in_band(narrowed.band))
    if narrowed.disagreements:
        rows = rows.filter(_disagrees())
    return rows


def categories_in(path: str) -> QuerySet[Category]:
    """The category of this path and all that lie in it."""
    return Category.objects.filter(Q(path=path) | Q(path__startswith=f"{path}/")).order_by()


def in_band(band: str) -> Q:
    """Suggestions whose confidence lies in a band of BAND_LABELS."""
    if band == UNKNOWN:
        return Q(confidence=None)
    low, high = BANDS[band]
    return Q(confidence__gte=low, confidence__lt=high)


def band_of(confidence: float | None) -> str:
    """The band that a confidence lies in."""
    if confidence is None:
        return UNKNOWN
    return next((name for name, (_, high) in BANDS.items() if confidence < high), "high")


def _disagrees() -> Q:
    """Suggestions where a person, an import or an accepted word says, or a column holds, something
    else: where they said the same, nothing would await anybody.
    """
    settled = LedgerEntry.objects.standing().filter(
        ~Q(source__in=MACHINE_SOURCES) | ~Q(decision=""),
        product=OuterRef("product"),
        field=OuterRef("field"),
        locale=OuterRef("locale"),
    )
    own = Exists(settled.filter(variant=OuterRef("variant")))
    of_product = Exists(settled.filter(variant=None))
    columns = Q()
    for name in PRODUCT_COLUMNS:
        columns |= Q(field=name) & ~Q(**{f"product__{name}": ""})
    return Q(own) | (Q(variant=None) & Q(of_product)) | columns


def least_certain(
    rows: QuerySet[LedgerEntry], count: int, after: LedgerEntry | None = None
) -> list[int]:
    """The ids of the first of them: the least certain first, those without a confidence last.

    `after` goes on behind a row, whether it is still one of them or not. Two queries at most, each
    in the order of an index; databases disagree on where nulls belong in one.
    """
    unknown, known = rows.filter(confidence=None), rows.filter(confidence__isnull=False)
    if after is not None and after.confidence is None:
        known, unknown = known.none(), unknown.filter(pk__gt=after.pk)
    elif after is not None:
        same = Q(confidence=after.confidence, pk__gt=after.pk)
        known = known.filter(Q(confidence__gt=after.confidence) | same)
    found = list(known.order_by("confidence", "pk").values_list("pk", flat=True)[:count])
    if len(found) < count:
        found += unknown.order_by("pk").values_list("pk", flat=True)[: count - len(found)]
    return found


def queue(
    catalog: Catalog, narrowed: Narrowed, user_id: int, count: int, after: LedgerEntry | None = None
) -> list[int]:
    """The ids of the next suggestions for one of perhaps many people who review at once.

    What is given out is claimed for two minutes, so that others get what comes behind it; where
    everything is claimed they get it all the same. The claims are in the cache: without one, or in
    a race, two people may see the same, and the second to decide is told so.
    """
    ids = least_certain(open_suggestions(catalog, narrowed), LOOKED_AT, after)
    key, now = f"review-claims:{catalog.pk}", time.time()
    claims: dict[int, tuple[int, float]] = {
        pk: claim for pk, claim in (CACHE.get(key) or {}).items() if claim[1] > now
    }
    free = [pk for pk in ids if claims.get(pk, (user_id, 0))[0] == user_id]
    chosen = (free or ids)[:count]
    claims |= {pk: (user_id, now + CLAIM_SECONDS) for pk in chosen if pk in free}
    CACHE.set(key, claims, CLAIM_SECONDS)
    return chosen


def open_count(catalog: Catalog) -> int:
    """How many suggestions are open, at most COUNTED; some seconds old, for the navigation."""
    key = f"review-count:{catalog.pk}"
    known = CACHE.get(key)
    if known is None:
        known = len(open_suggestions(catalog).values_list("pk", flat=True)[:COUNTED])
        CACHE.set(key, known, COUNT_SECONDS)
    return int(known)


def left(catalog: Catalog, narrowed: Narrowed) -> int:
    """How many suggestions are open just now."""
    return open_suggestions(catalog, narrowed).count()


def entries(ids: Sequence[int], catalog: Catalog) -> list[LedgerEntry]:
    """Rows of a catalogue's ledger in the order of their ids, with what a page shows of them."""
    rows = LedgerEntry.objects.filter(pk__in=ids, product__catalog=catalog)
    found = rows.select_related("product__category", "product__catalog", "variant").in_bulk()
    return [found[pk] for pk in ids if pk in found]


def current_values(rows: Iterable[LedgerEntry]) -> dict[int, CurrentAttribute]:
    """What counts at the place of each of these rows, by their ids; without those of no value.

    Where nothing is said of a variant itself that is what is said of its product.
    """
    found = list(rows)
    current = CurrentAttribute.objects.filter(
        product__in={row.product_id for row in found}, field__in={row.field for row in found}
    )
    by_place = {(row.product_id, row.variant_id, row.field, row.locale): row for row in current}
    values = {}
    for row in found:
        own = by_place.get((row.product_id, row.variant_id, row.field, row.locale))
        value = own or by_place.get((row.product_id, None, row.field, row.locale))
        if value is not None:
            values[row.pk] = value
    return values


def other_words(rows: Iterable[LedgerEntry]) -> dict[int, list[LedgerEntry]]:
    """What other sources say at the place of each of these rows, by their ids, newest first."""
    found = list(rows)
    said = LedgerEntry.objects.standing().filter(
        product__in={row.product_id for row in found}, field__in={row.field for row in found}
    )
    by_place: dict[tuple, list[LedgerEntry]] = {}
    for other in said.order_by("-created_at", "-pk"):
        by_place.setdefault(place_of(other), []).append(other)
    return {
        row.pk: [other for other in by_place.get(place_of(row), ()) if other.source != row.source]
        for row in found
    }


def open_by_field(catalog: Catalog) -> list[tuple[str, int]]:
    """How many suggestions of each field are open, the most first."""
    counted = open_suggestions(catalog).values_list("field").annotate(n=Count("pk"))
    return sorted(counted, key=lambda pair: (-pair[1], pair[0]))


def open_by_category(catalog: Catalog) -> dict[str, list[tuple[Category | None, int]]]:
    """For each field the categories of products with open suggestions, the most first."""
    rows = open_suggestions(catalog).values_list("field", "product__category")
    counted = list(rows.annotate(n=Count("pk")))
    categories = Category.objects.in_bulk({pk for _, pk, _ in counted if pk})
    table: dict[str, list[tuple[Category | None, int]]] = {}
    for name, pk, count in sorted(counted, key=lambda row: -row[2]):
        table.setdefault(name, []).append((categories.get(pk or 0), count))
    return table


def groups(rows: QuerySet[LedgerEntry]) -> list[tuple[list | None, int]]:
    """The values that are suggested, and how often each, the most first."""
    counted = rows.values_list("value").annotate(n=Count("pk"))
    return sorted(counted, key=lambda pair: (-pair[1], repr(pair[0])))


def grouped(rows: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """Suggestions with equal values together, the most frequent value first."""
    many = Window(Count("pk"), partition_by=[F("value")])
    return rows.annotate(many=many).order_by("-many", "value", "confidence", "pk")


def sources_of(catalog: Catalog) -> list[Source]:
    """The machines that have a say in the queue."""
    rows = open_suggestions(catalog).values_list("source", flat=True).distinct()
    return [Source(source) for source in Source.values if source in set(rows)]
