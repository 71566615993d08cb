"""Marked products checked, and what they lack written: one chunk, as many queries for any size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import structlog
from django.db import connection, transaction
from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from catalog.approval.content import contents
from catalog.channels.checking import Gap, check_all
from catalog.channels.facts import Known
from catalog.channels.gtin import gtin_key
from catalog.channels.marking import readiness_mark
from catalog.channels.profiles import Profile, profile
from catalog.channels.records import record_of
from catalog.interchange.records import ProductRecord
from catalog.models import (
    Catalog,
    Category,
    ChannelTarget,
    Photo,
    Product,
    ReadinessCheck,
    ReadinessGap,
    ReadinessGtin,
)

logger = structlog.get_logger(__name__)
CHECKED = 200
# The requirement of a product that this program failed to check.
UNCHECKED = "unchecked"
_Row = tuple[int, int, str, str, str]


class _Busy(Exception):  # noqa: N818 -- a reason to come back, no error
    """Somebody holds a product that has to be marked."""


def readiness_renew(limit: int = CHECKED) -> int:
    """Check the next marked products of a catalogue; returns how many.

    What others hold is left for later: this never waits for a lock, so that nobody who marks
    products while holding some waits in a circle with it.
    """
    stale = ReadinessCheck.objects.filter(stale=True, catalog__deleted_at=None)
    # Asked every few seconds; a transaction that finds nothing would still lock SQLite.
    first = stale.order_by("pk").values_list("catalog_id", flat=True).first()
    if first is None:
        return 0
    try:
        with transaction.atomic():
            # One worker in a catalogue: two products that share a GTIN are to see each other.
            catalog = _free(Catalog.objects.filter(pk=first)).first()
            return _renew(catalog, limit) if catalog is not None else 0
    except _Busy:
        return 0


def _renew(catalog: Catalog, limit: int) -> int:
    stale = ReadinessCheck.objects.filter(stale=True, catalog=catalog).order_by("pk")
    wanted = list(_free(stale).values_list("pk", flat=True)[:limit])
    held = _free(Product.objects.filter(pk__in=wanted).order_by("pk"))
    products = {row["pk"]: row for row in held.values("pk", "handle", "deleted_at")}
    if not products:
        return 0
    alive = [pk for pk, row in products.items() if row["deleted_at"] is None]
    records = {
        pk: record_of(content, products[pk]["handle"]) for pk, content in contents(alive).items()
    }
    chunk = _Chunk(
        catalog=catalog,
        ids=list(products),
        records=records,
        targets=list(ChannelTarget.objects.filter(catalog=catalog, removed_at=None)),
    )
    chunk.write()
    ReadinessCheck.objects.filter(pk__in=chunk.ids).update(stale=False, checked_at=timezone.now())
    return len(chunk.ids)


def _free(rows: QuerySet) -> QuerySet:
    """The rows that nobody holds, held."""
    if connection.features.has_select_for_update_skip_locked:
        return rows.select_for_update(skip_locked=True, no_key=True, of=("self",))
    return rows


@dataclass
class _Chunk:
    """Products of one catalogue, held; `records` are of those that are not deleted."""

    catalog: Catalog
    ids: list[int]
    records: Mapping[int, ProductRecord]
    targets: list[ChannelTarget]

    def write(self) -> None:
        shared = self._share_gtins()
        asked = [
            (target, found)
            for target in self.targets
            if (found := profile(target.channel)) is not None
        ]
        known = Known(google_ids=_google_ids(), photo_sizes=_photo_sizes(self.records.values()))
        wanted: set[_Row] = set()
        for pk, record in self.records.items():
            its_own = Known(known.google_ids, known.photo_sizes, shared.get(pk, frozenset()))
            answers = _checked(pk, record, [(each, t.country) for t, each in asked], its_own)
            for (target, _), gaps in zip(asked, answers, strict=True):
                wanted |= {
                    (pk, target.pk, gap.requirement, gap.severity, gap.message) for gap in gaps
                }
        self._write_gaps(wanted)

    def _write_gaps(self, wanted: set[_Row]) -> None:
        """Most products lack what they lacked before: only the difference is written."""
        rows = ReadinessGap.objects.filter(product__in=self.ids)
        columns = ("product_id", "target_id", "requirement", "severity", "message")
        present: dict[_Row, int] = {row[1:]: row[0] for row in rows.values_list("pk", *columns)}
        gone = [pk for row, pk in present.items() if row not in wanted]
        ReadinessGap.objects.filter(pk__in=gone).delete()
        ReadinessGap.objects.bulk_create(
            ReadinessGap(**dict(zip(columns, row, strict=True)))
            for row in sorted(wanted - present.keys())
        )

    def _share_gtins(self) -> dict[int, frozenset[str]]:
        """Which of its GTINs each product shares with others.

        Where the one product outside of these that has a number is no longer alone with it, or is
        so now, it is marked.
        """
        own = {pk: _gtins(record) for pk, record in self.records.items()}
        rows = ReadinessGtin.objects.filter(product__in=self.ids)
        before = {
            (product, gtin): pk
            for pk, product, gtin in rows.values_list("pk", "product_id", "gtin")
        }
        now = {(pk, gtin) for pk, gtins in own.items() for gtin in gtins}
        gone = [pk for pair, pk in before.items() if pair not in now]
        ReadinessGtin.objects.filter(pk__in=gone).delete()
        ReadinessGtin.objects.bulk_create(
            ReadinessGtin(product_id=pk, catalog=self.catalog, gtin=gtin)
            for pk, gtin in sorted(now - before.keys())
        )
        had, have = Counter(gtin for _, gtin in before), Counter(gtin for _, gtin in now)
        outside = self._outside({*had, *have})
        self._mark(
            {
                product
                for gtin, (number, product) in outside.items()
                if number == 1 and bool(had[gtin]) != bool(have[gtin])
            }
        )
        return {
            pk: frozenset(gtin for gtin in gtins if gtin in outside or have[gtin] > 1)
            for pk, gtins in own.items()
        }

    def _mark(self, products: Collection[int]) -> None:
        free = _free(ReadinessCheck.objects.filter(pk__in=products).order_by("pk"))
        if len(free.values_list("pk")) < len(products):
            raise _Busy
        readiness_mark(products)

    def _outside(self, gtins: Collection[str]) -> dict[str, tuple[int, int]]:
        """How many other products have each of these numbers, and the first of them."""
        others = ReadinessGtin.objects.filter(catalog=self.catalog, gtin__in=gtins)
        counted = others.exclude(product__in=self.ids).values_list("gtin")
        return {
            gtin: (number, first)
            for gtin, number, first in counted.annotate(Count("pk"), Min("product_id"))
        }


def _checked(
    pk: int, record: ProductRecord, targets: list[tuple[Profile, str]], known: Known
) -> list[list[Gap]]:
    """What a product lacks for each of the targets."""
    try:
        return check_all(record, targets, known)
    except Exception as error:
        # One product that this program cannot check is not to stop the worker for all of them.
        logger.exception("product not checked", product=pk, error=repr(error))
        gap = Gap(UNCHECKED, "required", "This product could not be checked.")
        return [[gap] for _ in targets]


def _gtins(record: ProductRecord) -> frozenset[str]:
    keys = (gtin_key(variant.fields.get("gtin") or "") for variant in record.variants)
    return frozenset(key for key in keys if key)


def _google_ids() -> dict[str, str]:
    """Not the vocabulary that is kept for some seconds: a change of it is why products are marked."""
    return dict(Category.objects.exclude(google_id="").order_by().values_list("path", "google_id"))


def _photo_sizes(records: Iterable[ProductRecord]) -> dict[str, tuple[int, int]]:
    ids = {int(photo.source) for record in records for photo in record.photos}
    rows = Photo.objects.filter(pk__in=ids).order_by().values_list("pk", "width", "height")
    return {str(pk): (width, height) for pk, width, height in rows}
