"""Statuses of products: moved, one by one and by the thousand, and put back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog import selectors
from catalog.models import AuditEvent, Catalog, Job, Product, ProductStatus, ProductVersion
from catalog.models.job import MOVE, MOVE_BACK
from catalog.services.approval import (
    approval_refresh,
    approval_tell,
    latest_versions,
    versions_record,
)
from catalog.services.audit import audit, audit_many
from catalog.services.bulk import Act, Asked, Started, bulk_start
from catalog.services.errors import conflict
from catalog.services.locks import hold_products, lock_row
from prodintel.lib.work import WorkState

MOVED = "Somebody else changed the status meanwhile. Look at it again, then decide."
# The audit event that says of many products where they were moved from, for putting them back.
MANY = "products.status"
# Of such an event: that it was undone, or as far as somebody let it be.
UNDONE, UNDONE_IN_PART = "products.status.undo", "products.status.undo-part"
MOVES: dict[str, str] = {
    ProductStatus.DRAFT: "Back to draft",
    ProductStatus.IN_REVIEW: "Send to review",
    ProductStatus.APPROVED: "Approve",
    ProductStatus.ARCHIVED: "Archive",
}


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
    moved, versions = products_moved(locked, status, actor)
    return len({pk for ids in moved.values() for pk in ids} | {row.product_id for row in versions})


def _check(status: str) -> None:
    if status not in ProductStatus.values:
        raise conflict("status", f"Choose one of {', '.join(ProductStatus.values)}.")


def products_moved(
    locked: Sequence[Product], status: str, actor: Any
) -> tuple[dict[str, list[int]], list[ProductVersion]]:
    """Move products that the caller holds; which were, by the status they had, and the versions that
    were made.
    """
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
        ids = [row.pk for row in rows]
        versions = versions_record(products=locked, actor=actor, moved=ids)
    return moved, versions


def products_move(
    *, catalog: Catalog, ids: Iterable[int], status: str, allowed: Collection[str], actor: Any
) -> Started:
    """Move any number of a catalogue's products to a status, from those that are `allowed`.

    Approves as `products_set_status` does; what stands elsewhere by then is left alone. The result
    says how many were `changed`, how many `left`, and the id of the `event` that says where they
    came from, None where none moved. Raises ValidationError if the status is unknown.
    """
    _check(status)
    return bulk_start(
        act=MOVE_ACT,
        catalog=catalog,
        product_ids=ids,
        actor=actor,
        label=MOVES[status],
        arguments={"status": status, "from": sorted(allowed)},
    )


@transaction.atomic
def products_move_back(*, event: AuditEvent, actor: Any) -> Started:
    """Put products back where they were before a move, as its event says.

    Versions that it made are withdrawn. Products that somebody moved or approved since stay. The
    result says how many were `changed` and how many `left`. Raises ValidationError when that was
    done, or is just being done; what was stopped can be done again, for the rest.
    """
    assert event.catalog is not None
    lock_row(event)
    if is_moved_back(event.pk, event.catalog_id):
        raise conflict("", "This was undone already.")
    return bulk_start(
        act=MOVE_BACK_ACT,
        catalog=event.catalog,
        product_ids=[pk for pks in event.data["moved"].values() for pk in pks],
        actor=actor,
        label=f"Undo: {MOVES[event.data['status']]}",
        arguments={"event": event.pk},
    )


def is_moved_back(event: int, catalog: int | None) -> bool:
    """Whether the products of a move's event were put back, or are just being."""
    events = AuditEvent.objects.filter(target_type="auditevent", target_id=event, action=UNDONE)
    undoing = Job.objects.filter(catalog=catalog, kind=MOVE_BACK, arguments__event=event)
    return events.exists() or undoing.exclude(state=WorkState.DONE).exists()


def _move_some(
    catalog: Catalog, ids: Sequence[int], status: str, allowed: Collection[str], actor: Any
) -> dict[str, Any]:
    """Move these; returns by the status they had which were `moved`, the `versions` made, and how
    many of them were `left`.
    """
    rows = Product.objects.alive().filter(catalog=catalog, pk__in=ids)
    held = hold_products(rows)
    fit = [row for row in held if row.status in allowed and row.deleted_at is None]
    moved, versions = products_moved(fit, status, actor)
    anew = {row.product_id for row in versions}.difference(*moved.values())
    return {
        "moved": {**moved, **({status: sorted(anew)} if anew else {})},
        "versions": [row.pk for row in versions],
        "left": len(ids) - len(fit),
    }


def _put_some_back(ids: Iterable[int], event: AuditEvent, actor: Any) -> int:
    rows = hold_products(Product.objects.alive().filter(pk__in=list(ids)))
    held = {row.pk: row for row in rows if row.deleted_at is None}
    return sum(
        _put_back({pk: held[pk] for pk in pks if pk in held}, before, event, actor)
        for before, pks in event.data["moved"].items()
    )


def _put_back(held: Mapping[int, Product], before: str, event: AuditEvent, actor: Any) -> int:
    # Older events do not say when their act began.
    began = datetime.fromisoformat(event.data.get("began", event.at.isoformat()))
    back = held_products_put_back(
        products=held,
        before=before,
        after=event.data["status"],
        versions=event.data["versions"],
        since=began,
        actor=actor,
    )
    return len(back)


def held_products_put_back(
    *,
    products: Mapping[int, Product],
    before: str,
    after: str,
    versions: Iterable[int],
    since: datetime,
    actor: Any,
) -> set[int]:
    """Put products that the caller holds back from one status to the one before; returns which.

    The `versions` that the move made are withdrawn. Products that were moved, or approved, by
    somebody after it began stay.
    """
    made = set(versions)
    last = {
        row.product_id: row for row in latest_versions(list(products)).select_related("product")
    }
    later = {pk for pk, row in last.items() if row.pk not in made and row.approved_at > since}
    there = {pk: row for pk, row in products.items() if row.status == after and pk not in later}
    undone = [row for pk, row in last.items() if pk in there and row.pk in made]
    _withdraw(undone, actor)
    if before == after:
        # It was approved before, too: what is undone is that it was approved anew.
        approval_refresh(row.product_id for row in undone)
        return {row.product_id for row in undone}
    rows = Product.objects.filter(pk__in=there.keys())
    rows.update(status=before, updated_at=timezone.now())
    targets = [(row, f"{after} → {before}") for row in there.values()]
    audit_many(actor=actor, action="product.status", targets=targets)
    for row in there.values():
        row.status = before
    if before == ProductStatus.APPROVED:
        approval_tell(list(there.values()), [], actor)
    return set(there)


def _withdraw(versions: Sequence[ProductVersion], actor: Any) -> None:
    rows = ProductVersion.objects.filter(pk__in=[row.pk for row in versions])
    rows.update(withdrawn_at=timezone.now())
    audit_many(
        actor=actor,
        action="product.withdraw",
        targets=[(row.product, f"version {row.number}") for row in versions],
        data=[{"version": row.number} for row in versions],
    )


def _may_move(asked: Asked) -> bool:
    # From no status, where no such product was found, readers could move, too.
    if not selectors.may(asked.actor, asked.catalog, selectors.MOVE):
        return False
    status = asked.arguments["status"]
    allowed = selectors.statuses_moved_from(asked.actor, asked.catalog, status)
    return allowed >= set(asked.arguments["from"])


def _step_of_move(asked: Asked, ids: list[int]) -> dict[str, Any]:
    arguments = asked.arguments
    return _move_some(asked.catalog, ids, arguments["status"], arguments["from"], asked.actor)


def _end_of_move(asked: Asked, did: list[dict[str, Any]], _left: list[int]) -> dict[str, Any]:
    """With the event that says where each product came from."""
    status = asked.arguments["status"]
    moved: dict[str, list[int]] = defaultdict(list)
    for step in did:
        for before, pks in step["moved"].items():
            moved[before] += pks
    count = sum(len(pks) for pks in moved.values())
    left = sum(step["left"] for step in did)
    if not count:
        return {"changed": 0, "left": left, "event": None}
    event = audit(
        actor=asked.actor,
        action=MANY,
        target=asked.catalog,
        catalog=asked.catalog,
        summary=f"{count} → {status}",
        data={
            "status": status,
            "began": asked.at.isoformat(),
            "moved": moved,
            "versions": [pk for step in did for pk in step["versions"]],
        },
    )
    return {"changed": count, "left": left, "event": event.pk}


def _event(asked: Asked) -> AuditEvent:
    return AuditEvent.objects.get(pk=asked.arguments["event"], catalog=asked.catalog, action=MANY)


def may_move_back(user: Any, event: AuditEvent) -> bool:
    """Whether `user` may undo a move of many products."""
    return event.catalog is not None and all(
        selectors.may_set_status(user, event.catalog, event.data["status"], before)
        for before in event.data["moved"]
    )


def _step_back(asked: Asked, ids: list[int]) -> dict[str, Any]:
    count = _put_some_back(ids, _event(asked), asked.actor)
    return {"changed": count, "left": len(ids) - count}


def _end_of_move_back(asked: Asked, did: list[dict[str, Any]], left: list[int]) -> dict[str, Any]:
    event = _event(asked)
    result = {name: sum(step[name] for step in did) for name in ("changed", "left")}
    audit(
        actor=asked.actor,
        action=UNDONE_IN_PART if left else UNDONE,
        target=event,
        catalog=asked.catalog,
        summary=f"{result['changed']} back from {event.data['status']}",
        data=result,
    )
    return result


# `status`, and `from`: the statuses that the products had when it was asked for.
MOVE_ACT = Act(MOVE, _may_move, _step_of_move, _end_of_move)
# `event`: that of the move.
MOVE_BACK_ACT = Act(
    MOVE_BACK,
    lambda asked: may_move_back(asked.actor, _event(asked)),
    _step_back,
    _end_of_move_back,
)
