"""Statuses of products: moved, one by one and by the thousand, and put back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.models import AuditEvent, Catalog, Product, ProductStatus, ProductVersion
from catalog.models.outbox import CHUNK
from catalog.services.approval import approval_refresh, latest_versions, versions_record
from catalog.services.audit import audit, audit_many
from catalog.services.errors import conflict
from catalog.services.locks import hold_products

MOVED = "Somebody else changed the status meanwhile. Look at it again, then decide."
# The audit event that says of many products where they were moved from, for putting them back.
MANY = "products.status"


@dataclass(frozen=True)
class Moved:
    """How many products were moved or approved anew, and how many of the others asked for are not
    where they may be moved from, or are gone. `event` says where they came from, if any moved.
    """

    count: int
    left: int
    event: AuditEvent | None = None


@transaction.atomic
def products_set_status(*, products: Iterable[Product], status: str, actor: Any) -> int:
    """Move products from the statuses they were read with to this one; returns how many changed.

    Approving keeps each as an approved version, those that are approved already if they changed
    since, and these count, too. Raises ValidationError if the status is unknown, or if somebody
    else moved one of them meanwhile: who may move a product depends on where it stands.
    """
    _check(status)
    read = [(product, product.status) for product in products]
    locked = hold_products(product for product, _ in read)
    if any(product.status != before for product, before in read):
        raise conflict("status", MOVED)
    moved, versions = _move(locked, status, actor)
    return len({pk for ids in moved.values() for pk in ids} | {row.product_id for row in versions})


def _check(status: str) -> None:
    if status not in ProductStatus.values:
        raise conflict("status", f"Choose one of {', '.join(ProductStatus.values)}.")


def _move(
    locked: Sequence[Product], status: str, actor: Any
) -> tuple[dict[str, list[int]], list[ProductVersion]]:
    """Which products were moved, by the status they had, and the versions that were made."""
    rows = [row for row in locked if row.status != status]
    moved: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        moved[row.status].append(row.pk)
    changed = Product.objects.filter(pk__in=[row.pk for row in rows])
    changed.update(status=status, updated_at=timezone.now())
    targets = [(row, f"{row.status} → {status}") for row in rows]
    audit_many(actor=actor, action="product.status", targets=targets)
    for row in rows:
        row.status = status
    versions = []
    if status == ProductStatus.APPROVED:
        versions = versions_record(products=locked, actor=actor)
    return moved, versions


def products_move(
    *, catalog: Catalog, ids: Iterable[int], status: str, allowed: Collection[str], actor: Any
) -> Moved:
    """Move any number of a catalogue's products to a status, from those that are `allowed`.

    In steps of 500, each a transaction of its own, so that nobody waits long for a lock; a
    product that stands elsewhere by then is left alone. Approves as `products_set_status` does.
    Raises ValidationError if the status is unknown.
    """
    _check(status)
    moved: dict[str, list[int]] = defaultdict(list)
    made: list[int] = []
    left = 0
    for some in _steps(sorted(set(ids))):
        with transaction.atomic():
            rows = Product.objects.alive().filter(catalog=catalog, pk__in=some)
            held = hold_products(rows)
            fit = [row for row in held if row.status in allowed and row.deleted_at is None]
            step, versions = _move(fit, status, actor)
        for before, pks in step.items():
            moved[before] += pks
        anew = {row.product_id for row in versions}.difference(*step.values())
        moved[status] += sorted(anew)
        made += [row.pk for row in versions]
        left += len(some) - len(fit)
    count = sum(len(pks) for pks in moved.values())
    event = None
    if count:
        event = audit(
            actor=actor,
            action=MANY,
            target=catalog,
            catalog=catalog,
            summary=f"{count} → {status}",
            data={
                "status": status,
                "moved": {before: pks for before, pks in moved.items() if pks},
                "versions": made,
            },
        )
    return Moved(count, left, event)


def _steps(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


def products_move_back(*, event: AuditEvent, actor: Any) -> Moved:
    """Put products back where they were before `products_move`, as its event says.

    Versions that it made are withdrawn. Products that somebody moved or approved since stay.
    """
    count = asked = 0
    for before, pks in event.data["moved"].items():
        asked += len(pks)
        for some in _steps(pks):
            with transaction.atomic():
                count += _put_back(some, before, event, actor)
    return Moved(count, asked - count)


def _put_back(ids: Sequence[int], before: str, event: AuditEvent, actor: Any) -> int:
    status, made = event.data["status"], set(event.data["versions"])
    held = hold_products(Product.objects.alive().filter(pk__in=ids))
    last = {row.product_id: row for row in latest_versions(ids).select_related("product")}
    since = {pk for pk, row in last.items() if row.pk not in made and row.approved_at > event.at}
    there = {
        row.pk: row
        for row in held
        if row.status == status and row.deleted_at is None and row.pk not in since
    }
    undone = [row for pk, row in last.items() if pk in there and row.pk in made]
    _withdraw(undone, actor)
    if before == status:
        # It was approved before, too: what is undone is that it was approved anew.
        approval_refresh(row.product_id for row in undone)
        return len(undone)
    rows = Product.objects.filter(pk__in=there.keys())
    rows.update(status=before, updated_at=timezone.now())
    targets = [(row, f"{status} → {before}") for row in there.values()]
    audit_many(actor=actor, action="product.status", targets=targets)
    return len(there)


def _withdraw(versions: Sequence[ProductVersion], actor: Any) -> None:
    rows = ProductVersion.objects.filter(pk__in=[row.pk for row in versions])
    rows.update(withdrawn_at=timezone.now())
    audit_many(
        actor=actor,
        action="product.withdraw",
        targets=[(row.product, f"version {row.number}") for row in versions],
        data=[{"version": row.number} for row in versions],
    )
