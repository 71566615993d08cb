"""Any number of products at once: deleted, and brought back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from catalog import selectors
from catalog.models import AuditEvent, Catalog, Job, Product
from catalog.models.job import DELETE, UNDELETE
from catalog.services.audit import audit
from catalog.services.bulk import Act, Asked, Started, bulk_start
from catalog.services.errors import conflict
from catalog.services.locks import lock_row
from catalog.services.products import products_delete, products_restore
from prodintel.lib.work import WorkState

# The audit event that says of many products that they were deleted, for bringing them back.
MANY_DELETED = "products.delete"
# Of such an event: that it was undone, or as far as somebody let it be.
UNDONE, UNDONE_IN_PART = "products.delete.undo", "products.delete.undo-part"
# Of so many products it is said why they could not be brought back.
REASONS = 3


def products_delete_many(*, catalog: Catalog, ids: Iterable[int], actor: Any) -> Started:
    """Delete any number of a catalogue's products, as `products_delete` does.

    The result says how many were `changed`, how many `left` since they were deleted already, and
    the id of the `event` that names them, None where there are none.
    """
    return bulk_start(
        act=DELETE_ACT, catalog=catalog, product_ids=ids, actor=actor, label="Delete", arguments={}
    )


def products_restore_many(*, catalog: Catalog, ids: Iterable[int], actor: Any) -> Started:
    """Bring back any number of a catalogue's deleted products, as `products_restore` does.

    What cannot be brought back holds the others not up. The result says how many were `changed`,
    how many `left`, and `why_not` of the first of those in whose way something stands, of which
    there are `refused`.
    """
    return bulk_start(
        act=UNDELETE_ACT,
        catalog=catalog,
        product_ids=ids,
        actor=actor,
        label="Restore",
        arguments={},
    )


@transaction.atomic
def products_delete_undo(*, event: AuditEvent, actor: Any) -> Started:
    """Bring back what an act deleted, as its event says; the result is as of restoring.

    Raises ValidationError when that was done, or is just being done; what was stopped can be done
    again, for the rest.
    """
    assert event.catalog is not None
    lock_row(event)
    if is_deletion_undone(event.pk, event.catalog_id):
        raise conflict("", "This was undone already.")
    return bulk_start(
        act=UNDELETE_ACT,
        catalog=event.catalog,
        product_ids=event.data["deleted"],
        actor=actor,
        label="Undo: Delete",
        arguments={"event": event.pk},
    )


def is_deletion_undone(event: int, catalog: int | None) -> bool:
    """Whether the products of a deletion's event were brought back, or are just being."""
    events = AuditEvent.objects.filter(target_type="auditevent", target_id=event, action=UNDONE)
    undoing = Job.objects.filter(catalog=catalog, kind=UNDELETE, arguments__event=event)
    return events.exists() or undoing.exclude(state=WorkState.DONE).exists()


def _may(asked: Asked) -> bool:
    return selectors.may(asked.actor, asked.catalog, selectors.EDIT)


def _delete_some(asked: Asked, ids: list[int]) -> dict[str, Any]:
    rows = selectors.products_in(asked.catalog).filter(pk__in=ids)
    deleted = products_delete(products=rows, actor=asked.actor)
    return {"deleted": deleted, "left": len(ids) - len(deleted)}


def _end_of_deleting(asked: Asked, did: list[dict[str, Any]], _left: list[int]) -> dict[str, Any]:
    """With the event that names the products."""
    deleted = [pk for step in did for pk in step["deleted"]]
    result = {"changed": len(deleted), "left": sum(step["left"] for step in did), "event": None}
    if not deleted:
        return result
    event = audit(
        actor=asked.actor,
        action=MANY_DELETED,
        target=asked.catalog,
        catalog=asked.catalog,
        summary=f"{len(deleted)} deleted",
        data={"deleted": deleted},
    )
    return {**result, "event": event.pk}


def _restore_some(asked: Asked, ids: list[int]) -> dict[str, Any]:
    rows = selectors.deleted_products_in(asked.catalog).filter(pk__in=ids).order_by("pk")
    count, why_not = _restored(list(rows), asked.actor)
    return {
        "changed": count,
        "left": len(ids) - count,
        "refused": len(why_not),
        "why_not": why_not[:REASONS],
    }


def _restored(rows: Sequence[Product], actor: Any) -> tuple[int, list[str]]:
    """How many are back, and for each of the others, its name and why it is not."""
    try:
        return len(products_restore(products=rows, actor=actor)), []
    except ValidationError as error:
        if len(rows) == 1:
            return 0, [f"{rows[0]}: {error.messages[0]}"]
    each = [_restored([row], actor) for row in rows]
    return sum(count for count, _ in each), [words for _, why_not in each for words in why_not]


def _end_of_restoring(asked: Asked, did: list[dict[str, Any]], left: list[int]) -> dict[str, Any]:
    result = {name: sum(step[name] for step in did) for name in ("changed", "left", "refused")}
    action = "products.restore"
    target: AuditEvent | Catalog = asked.catalog
    if "event" in asked.arguments:
        action = UNDONE_IN_PART if left else UNDONE
        target = AuditEvent.objects.get(pk=asked.arguments["event"], action=MANY_DELETED)
    audit(
        actor=asked.actor,
        action=action,
        target=target,
        catalog=asked.catalog,
        summary=f"{result['changed']} restored",
        data=result,
    )
    return {**result, "why_not": [words for step in did for words in step["why_not"]][:REASONS]}


DELETE_ACT = Act(DELETE, _may, _delete_some, _end_of_deleting)
# `event`: that of the deletion, where one is undone.
UNDELETE_ACT = Act(UNDELETE, _may, _restore_some, _end_of_restoring)
