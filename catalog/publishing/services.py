"""Photos at addresses that anybody may open: published, and revoked.

An address is good while its product is approved as its last version has it: what a person changed
since, such as a photo that was added, is seen by nobody outside until it is approved.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from catalog.models import (
    Catalog,
    PhotoPublishing,
    Placement,
    Product,
    ProductStatus,
    PublishedPhoto,
)
from catalog.models.outbox import CHUNK
from catalog.publishing.addresses import absolute
from catalog.services.approval import latest_versions
from catalog.services.audit import audit, audit_many
from catalog.services.errors import conflict

TOKEN_BYTES = 24
NOT_APPROVED = "Only photos of approved products are published. Approve it first."


def publishable(placements: QuerySet[Placement]) -> QuerySet[Placement]:
    """Those of approved products that are there; `approved_only` says which of them was approved."""
    return placements.filter(
        deleted_at=None,
        product__deleted_at=None,
        product__status=ProductStatus.APPROVED,
        product__catalog__deleted_at=None,
    )


def as_approved(placements: Iterable[Placement]) -> list[Placement]:
    """Those whose photos the last approved versions of their products have."""
    rows = list(placements)
    ids = {row.product_id for row in rows}
    shown = {
        version.product_id: {photo["photo"] for photo in version.content["photos"]}
        for version in latest_versions(ids)
    }
    return [row for row in rows if row.photo_id in shown.get(row.product_id, {row.photo_id})]


@transaction.atomic
def photos_publish(*, placements: Iterable[Placement], actor: Any) -> list[PublishedPhoto]:
    """Give photos of approved products their addresses; returns those that were made.

    Photos that have one keep it, and others than approved ones get none.
    """
    wanted = sorted({placement.pk for placement in placements})
    made: list[PublishedPhoto] = []
    for start in range(0, len(wanted), CHUNK):
        made += _publish(wanted[start : start + CHUNK], actor)
    return made


def _publish(ids: Collection[int], actor: Any) -> list[PublishedPhoto]:
    without = Placement.objects.filter(pk__in=ids).exclude(
        pk__in=PublishedPhoto.objects.filter(revoked_at=None).values("placement")
    )
    rows = as_approved(publishable(without).select_related("product").order_by("pk"))
    tokens = {row.pk: secrets.token_urlsafe(TOKEN_BYTES) for row in rows}
    by = actor if getattr(actor, "pk", None) else None
    # Of two who publish a photo at once, the address of the first one counts.
    PublishedPhoto.objects.bulk_create(
        [PublishedPhoto(placement=row, token=tokens[row.pk], created_by=by) for row in rows],
        ignore_conflicts=True,
    )
    made = list(
        PublishedPhoto.objects.filter(token__in=tokens.values())
        .select_related("placement__product", "placement__photo")
        .order_by("pk")
    )
    _say("photo.publish", made, actor)
    return made


def _say(action: str, rows: Iterable[PublishedPhoto], actor: Any) -> None:
    """Into the audit trail, product by product."""
    of: dict[Product, list[int]] = defaultdict(list)
    for row in rows:
        of[row.placement.product].append(row.placement_id)
    audit_many(
        actor=actor,
        action=action,
        targets=[
            (product, f"{len(ids)} photo{'s' if len(ids) > 1 else ''}")
            for product, ids in of.items()
        ],
        data=[{"placements": ids} for ids in of.values()],
    )


@transaction.atomic
def photos_revoke(*, placements: Iterable[Placement], actor: Any) -> int:
    """Make the addresses of photos lead nowhere, for ever; returns how many that were.

    Published again, a photo gets another address.
    """
    wanted = sorted({placement.pk for placement in placements})
    count = 0
    for start in range(0, len(wanted), CHUNK):
        rows = PublishedPhoto.objects.filter(placement__in=wanted[start : start + CHUNK])
        count += revoke(rows, actor)
    return count


def revoke(published: QuerySet[PublishedPhoto], actor: Any) -> int:
    """Revoke these addresses, in the caller's transaction."""
    held = published.filter(revoked_at=None).select_for_update(of=("self",)).order_by("pk")
    rows = list(held.select_related("placement__product"))
    ids = [row.pk for row in rows]
    for start in range(0, len(ids), CHUNK):
        some = PublishedPhoto.objects.filter(pk__in=ids[start : start + CHUNK])
        some.update(revoked_at=timezone.now())
    _say("photo.revoke", rows, actor)
    return len(rows)


@transaction.atomic
def catalog_photos_revoke(*, catalog: Catalog, actor: Any) -> int:
    """Revoke every address of the catalogue's photos, and publish no more by itself."""
    PhotoPublishing.objects.filter(catalog=catalog).delete()
    published = PublishedPhoto.objects.filter(placement__product__catalog=catalog)
    count = published.filter(revoked_at=None).update(revoked_at=timezone.now())
    audit(
        actor=actor,
        action="photos.revoke",
        target=catalog,
        catalog=catalog,
        summary=f"{count} addresses",
    )
    return count


@transaction.atomic
def publishing_keep(*, catalog: Catalog, actor: Any) -> PhotoPublishing:
    """From now on, publish the photos of whatever is approved. What is approved already is published
    by `products_publish`. Raises ValidationError when that is so already.
    """
    by = actor if getattr(actor, "pk", None) else None
    row, created = PhotoPublishing.objects.get_or_create(
        catalog=catalog, defaults={"created_by": by}
    )
    if not created:
        raise conflict("", "Photos of everything approved are published already.")
    audit(actor=actor, action="photos.publishing", target=catalog, catalog=catalog, summary="on")
    return row


@transaction.atomic
def publishing_end(*, catalog: Catalog, actor: Any) -> None:
    """Publish no more by itself. Addresses that there are stay good."""
    if PhotoPublishing.objects.filter(catalog=catalog).delete()[0]:
        audit(
            actor=actor, action="photos.publishing", target=catalog, catalog=catalog, summary="off"
        )


def approved_photos_publish(*, product_ids: Collection[int], actor: Any) -> None:
    """Publish photos of products that were just approved, where their catalogue is set to do so."""
    wanted = Placement.objects.filter(
        product__in=product_ids, product__catalog__photo_publishing__isnull=False
    )
    photos_publish(placements=publishable(wanted), actor=actor)


def published_addresses(placement_ids: Iterable[int]) -> dict[int, str]:
    """The absolute addresses of photos that are published, by their placements, for exports."""
    wanted = sorted(set(placement_ids))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = PublishedPhoto.objects.filter(
            placement__in=publishable(
                Placement.objects.filter(pk__in=wanted[start : start + CHUNK])
            ),
            revoked_at=None,
        )
        found |= {pk: photo_address(token) for pk, token in rows.values_list("placement", "token")}
    return found


def photo_address(token: str) -> str:
    return absolute(reverse("catalog:published_photo", args=[token]))
