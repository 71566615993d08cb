"""Rows that writers of the same thing hold one after the other, inside their transactions.

SQLite lets one transaction write at a time anyway. Not the strictest kind of lock: rows that only
refer to the locked one can still be added, so that no two transactions wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Model

from catalog.models import Placement, Product, Variant
from catalog.models.outbox import CHUNK, record_index_changes
from catalog.services.errors import conflict


def lock_row(row: Model) -> None:
    """Hold the row until the transaction ends; what was read of others before may be outdated."""
    # Of the row itself: a request's user is a lazy object of another type.
    rows = row._meta.model._default_manager.filter(pk=row.pk).order_by()  # noqa: SLF001 -- Django's API
    rows.select_for_update(no_key=True).values_list("pk", flat=True).first()


def lock_product_ids(ids: Iterable[int]) -> None:
    """Hold these products until the transaction ends, in the order of everybody who takes several,
    and without reading them.
    """
    ordered = sorted(ids)
    for start in range(0, len(ordered), CHUNK):
        rows = Product.objects.filter(pk__in=ordered[start : start + CHUNK]).order_by("pk")
        len(rows.select_for_update(no_key=True).values_list("pk"))


def hold_part(part: Placement | Variant, fields: Iterable[str]) -> None:
    """Lock the product, and see these fields of its part as those left them who held it before.

    Raises ValidationError when the part is no longer there.
    """
    lock_row(part.product)
    try:
        part.refresh_from_db(fields=list(fields))
    except type(part).DoesNotExist as error:
        raise conflict("", "This was removed for good and cannot be brought back.") from error


def hold_products(products: Iterable[Product], *, vector: bool = False) -> list[Product]:
    """These products, with the status they have now, locked until the transaction ends.

    First the products and then their points, in the order in which everybody locks them who takes
    several at once, so that nobody waits for somebody who waits for him.
    """
    own = {product.pk: product for product in products}
    rows = Product.objects.select_for_update().filter(pk__in=own).order_by("pk")
    locked = []
    for pk, status, deleted_at in rows.values_list("pk", "status", "deleted_at"):
        own[pk].status, own[pk].deleted_at = status, deleted_at
        locked.append(own[pk])
    points = Placement.objects.filter(product__in=own).values_list("pk", flat=True)
    record_index_changes(points, vector=vector)
    return locked
