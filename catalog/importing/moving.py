"""Products of an import moved to the status that they are to have, once all of them is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from catalog import selectors
from catalog.importing.plans import MOVES_TO
from catalog.importing.standing import STATUS
from catalog.models import Import, ImportItem, ItemState, Product
from catalog.services.locks import hold_products
from catalog.services.statuses import held_products_put_back, products_moved

STEP = 100
# In `ImportItem.after`: the version that the import has approved the product as.
VERSION = "version"


def to_move(source: Import) -> QuerySet[ImportItem]:
    """The items whose products are still to be moved."""
    done = (ItemState.CREATED, ItemState.UPDATED)
    return source.items.filter(state__in=done, wrote__has_key=MOVES_TO)


def move_some(source: Import, actor: Any) -> None:
    """Move the next products, in the caller's transaction, but those that somebody moved since."""
    items = list(to_move(source).order_by("number")[:STEP])
    ids = [item.product_id for item in items]
    rows = hold_products(Product.objects.alive().filter(pk__in=ids).select_related("catalog"))
    held = {row.pk: row for row in rows if row.deleted_at is None}
    wanted: defaultdict[str, list[ImportItem]] = defaultdict(list)
    for item in items:
        status = item.wrote.pop(MOVES_TO)
        product = held.get(item.product_id or 0)
        if product is not None and product.status == (item.after or {})[STATUS]:
            wanted[status].append(item)
    for status, some in wanted.items():
        # Whoever had the import begin may have lost the right to approve since.
        allowed = selectors.statuses_moved_from(actor, source.catalog, status)
        some[:] = [item for item in some if held[item.product_id or 0].status in allowed]
        products = [held[item.product_id or 0] for item in some]
        _, versions = products_moved(products, status, actor)
        made = {version.product_id: version.pk for version in versions}
        for item in some:
            version = made.get(item.product_id or 0)
            item.after = {**(item.after or {}), STATUS: status, VERSION: version}
    ImportItem.objects.bulk_update(items, ["wrote", "after"])


def move_back(
    source: Import, products: Mapping[int, Product], items: Sequence[ImportItem], actor: Any
) -> None:
    """Put updated products, which the caller holds, back to the status before the import.

    What they were approved as by it is withdrawn. Those that somebody moved or approved since stay.
    """
    made = [version for item in items if (version := (item.after or {}).get(VERSION))]
    moved: defaultdict[tuple[str, str], dict[int, Product]] = defaultdict(dict)
    for item in items:
        before, after = (item.before or {})[STATUS], (item.after or {})[STATUS]
        product = products[item.product_id or 0]
        if before != after:
            moved[before, after][product.pk] = product
    for (before, after), some in moved.items():
        assert source.started_at is not None
        held_products_put_back(
            products=some,
            before=before,
            after=after,
            versions=made,
            since=source.started_at,
            actor=actor,
        )
