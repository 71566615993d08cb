"""Photos of any number of products: published, and that undone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from catalog import selectors
from catalog.models import AuditEvent, Catalog, Job, Placement, PublishedPhoto
from catalog.models.job import PUBLISH, UNPUBLISH
from catalog.publishing.services import photos_publish, publishable, revoke
from catalog.services.audit import audit
from catalog.services.bulk import Act, Asked, Started, bulk_start
from catalog.services.errors import conflict
from catalog.services.locks import lock_row
from prodintel.lib.work import WorkState

# The audit event that names the addresses which an act on many products made, for its undo.
MANY = "photos.publish"
UNDONE, UNDONE_IN_PART = "photos.publish.undo", "photos.publish.undo-part"


def products_publish(*, catalog: Catalog, ids: Iterable[int], actor: Any) -> Started:
    """Publish the photos of any number of a catalogue's products, as `photos_publish` does.

    The result says how many `photos` got an address, how many products were `left` as none of
    theirs needed one or they are not approved, and the `event` that names the addresses.
    """
    return bulk_start(
        act=PUBLISH_ACT,
        catalog=catalog,
        product_ids=ids,
        actor=actor,
        label="Publish photos",
        arguments={},
    )


@transaction.atomic
def products_publish_undo(*, event: AuditEvent, actor: Any) -> Started:
    """Revoke the addresses that an act made, as its event says.

    Raises ValidationError when that was done, or is just being done.
    """
    assert event.catalog is not None
    lock_row(event)
    if is_publishing_undone(event.pk, event.catalog_id):
        raise conflict("", "This was undone already.")
    return bulk_start(
        act=UNPUBLISH_ACT,
        catalog=event.catalog,
        product_ids=event.data["products"],
        actor=actor,
        label="Undo: Publish photos",
        arguments={"event": event.pk},
    )


def is_publishing_undone(event: int, catalog: int | None) -> bool:
    """Whether the addresses of a publication's event were revoked, or are just being."""
    events = AuditEvent.objects.filter(target_type="auditevent", target_id=event, action=UNDONE)
    undoing = Job.objects.filter(catalog=catalog, kind=UNPUBLISH, arguments__event=event)
    return events.exists() or undoing.exclude(state=WorkState.DONE).exists()


def _may(asked: Asked) -> bool:
    return selectors.may(asked.actor, asked.catalog, selectors.EDIT)


def _publish_some(asked: Asked, ids: list[int]) -> dict[str, Any]:
    rows = Placement.objects.filter(product__catalog=asked.catalog, product__in=ids)
    made = photos_publish(placements=publishable(rows), actor=asked.actor)
    products = {row.placement.product_id for row in made}
    return {
        "products": sorted(products),
        "addresses": [row.pk for row in made],
        "left": len(ids) - len(products),
    }


def _end_of_publishing(asked: Asked, did: list[dict[str, Any]], _left: list[int]) -> dict[str, Any]:
    """With the event that names the addresses."""
    addresses = [pk for step in did for pk in step["addresses"]]
    result = {
        "changed": sum(len(step["products"]) for step in did),
        "photos": len(addresses),
        "left": sum(step["left"] for step in did),
        "event": None,
    }
    if not addresses:
        return result
    event = audit(
        actor=asked.actor,
        action=MANY,
        target=asked.catalog,
        catalog=asked.catalog,
        summary=f"{len(addresses)} photos",
        data={
            "products": [pk for step in did for pk in step["products"]],
            "addresses": addresses,
        },
    )
    return {**result, "event": event.pk}


def _event(asked: Asked) -> AuditEvent:
    return AuditEvent.objects.get(pk=asked.arguments["event"], catalog=asked.catalog, action=MANY)


def _revoke_some(asked: Asked, ids: list[int]) -> dict[str, Any]:
    made = set(_event(asked).data["addresses"])
    of = PublishedPhoto.objects.filter(placement__product__in=ids, revoked_at=None)
    wanted = [pk for pk in of.values_list("pk", flat=True) if pk in made]
    return {"changed": revoke(PublishedPhoto.objects.filter(pk__in=wanted), asked.actor)}


def _end_of_revoking(asked: Asked, did: list[dict[str, Any]], left: list[int]) -> dict[str, Any]:
    result = {"changed": sum(step["changed"] for step in did), "left": len(left)}
    audit(
        actor=asked.actor,
        action=UNDONE_IN_PART if left else UNDONE,
        target=_event(asked),
        catalog=asked.catalog,
        summary=f"{result['changed']} addresses revoked",
        data=result,
    )
    return result


PUBLISH_ACT = Act(PUBLISH, _may, _publish_some, _end_of_publishing)
# `event`: that of the publication.
UNPUBLISH_ACT = Act(UNPUBLISH, _may, _revoke_some, _end_of_revoking)
