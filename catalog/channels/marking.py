"""Products told to be checked anew, in the transaction of what changed them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import connection, transaction

from catalog.ingest import wake
from catalog.models import ChannelTarget, Product, ReadinessCheck
from catalog.models.outbox import CHUNK


def readiness_begin(product_ids: Iterable[int]) -> None:
    """Have new products checked, in the caller's transaction. Those that are known are left alone."""
    for some in _chunks(product_ids):
        rows = Product.objects.filter(pk__in=some).order_by("pk").values_list("pk", "catalog_id")
        ReadinessCheck.objects.bulk_create(
            [ReadinessCheck(product_id=pk, catalog_id=catalog) for pk, catalog in rows],
            ignore_conflicts=True,
        )
    wake.on_commit(wake.READINESS)


def readiness_mark(product_ids: Iterable[int]) -> None:
    """Have products checked anew, in the caller's transaction.

    Also rows that are stale already are written: whoever checks a product holds its row, and is not
    to overlook what this transaction has changed and not yet committed.
    """
    for some in _chunks(product_ids):
        with transaction.atomic(savepoint=False):
            rows = ReadinessCheck.objects.filter(pk__in=some)
            if len(some) > 1 and connection.features.has_select_for_update:
                # In ascending order, so that two writers of the same products do not stand in
                # each other's way.
                list(rows.select_for_update().order_by("pk").values_list("pk"))
            rows.update(stale=True)
    wake.on_commit(wake.READINESS)


def readiness_renew_all() -> None:
    """Have all products of all catalogues checked anew, some at a time, after this transaction."""
    ChannelTarget.objects.filter(removed_at=None).update(marked_through=0)
    wake.on_commit(wake.READINESS)


def _chunks(product_ids: Iterable[int]) -> Iterable[Collection[int]]:
    ids = sorted(set(product_ids))
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
