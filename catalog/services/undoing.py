"""What taking back many rows of the ledger has in common, whatever act wrote them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from catalog.models import Decision, LedgerEntry
from catalog.models.outbox import CHUNK
from catalog.models.sources import MACHINE_SOURCES, Source
from catalog.services.attribute_values import COLUMN_FIELDS
from catalog.services.ledger import ALT_TEXT


@dataclass(frozen=True)
class Undone:
    """How many values and decisions were taken back or restored, and how many texts of columns
    were left as they are, since somebody changed them meanwhile.
    """

    values: int
    kept: int


def decided_columns(rows: QuerySet[LedgerEntry]) -> list[LedgerEntry]:
    """Those of the rows that changed a column, first decided first: a person decided on them, or an
    import wrote them.
    """
    decided = rows.filter(field__in=COLUMN_FIELDS, retracted_at=None)
    decided = decided.exclude(~Q(source=Source.IMPORT), decision=Decision.NONE)
    decided = decided.order_by("decided_at", "pk")
    found = decided.select_related("product__catalog", "variant")
    return [row for row in found if row.overwrote]


def machine_place(row: LedgerEntry) -> tuple:
    """Of what a machine has one word at a time."""
    photo = row.photo_id if row.field == ALT_TEXT else None
    return row.product_id, row.variant_id, row.field, row.locale, photo, row.source


def newest_words(product_ids: Collection[int], fields: Collection[str]) -> dict[tuple, int]:
    """The id of the newest row that stands at each place, of what machines say of these fields."""
    found: dict[tuple, int] = {}
    for some in chunks(product_ids):
        rows = LedgerEntry.objects.filter(
            product__in=some, field__in=fields, source__in=MACHINE_SOURCES, retracted_at=None
        )
        for row in rows.order_by("pk").defer("value", "evidence"):
            found[machine_place(row)] = row.pk
    return found


def bring_back(product_ids: Collection[int], undone: Q) -> set[str]:
    """Let stand again what acts replaced that are `undone`; returns the fields concerned.

    Of each place that is the last word that was replaced by one of them, unless the machine has
    said something newer there, or the act that wrote it is undone too.
    """
    last: dict[tuple, LedgerEntry] = {}
    for some in chunks(product_ids):
        gone = LedgerEntry.objects.filter(
            undone, product__in=some, source__in=MACHINE_SOURCES, retracted_by=None
        )
        gone = gone.filter(retracted_at__isnull=False, batch__retracted_at=None)
        for row in gone.order_by("pk").defer("value", "evidence"):
            last[machine_place(row)] = row
    fields = {row.field for row in last.values()}
    newest = newest_words(product_ids, fields) if last else {}
    back = [row.pk for place, row in last.items() if row.pk > newest.get(place, 0)]
    for some in chunks(back):
        LedgerEntry.objects.filter(pk__in=some).update(retracted_at=None)
    return fields


def chunks(ids: Collection[int]) -> list[list[int]]:
    """Ids in ascending order, as many at a time as one query should name."""
    ordered = sorted(ids)
    return [ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK)]
