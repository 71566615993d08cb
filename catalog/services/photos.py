"""Photos: checked before they are stored, then placed on products."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog.channels.marking import readiness_mark
from catalog.ingest import wake
from catalog.models import Photo, PhotoRole, Placement, Product, Variant
from catalog.models.outbox import record_index_changes
from catalog.models.photo import SIMILARITY_ROLES
from catalog.services.approval import approval_refresh
from catalog.services.audit import audit, audit_many
from catalog.services.describe_requests import vision_charge
from catalog.services.errors import conflict
from catalog.services.locks import hold_part, lock_row
from catalog.services.photo_work import products_describe, products_look
from catalog.services.reviewing import ALT_TEXT, reviews_mark
from catalog.vision.colours import measure
from catalog.vision.limits import Limits
from catalog.vision.opening import OpenedPhoto, inspect_with_preview

MAX_PHOTOS_A_PRODUCT = 40
MAX_NAME = 200
# What of a placement others decide on, too.
HELD = ("role", "deleted_at")


def photo_limits() -> Limits:
    """The limits that this installation sets for photos."""
    return Limits(max_bytes=settings.MAX_PHOTO_BYTES, max_pixels=settings.MAX_PHOTO_PIXELS)


@dataclass(frozen=True)
class StagedPhoto:
    """A photo that was checked, with everything measured from it, before it is stored."""

    opened: OpenedPhoto
    data: bytes
    name: str
    colors: list = field(default_factory=list)


def photo_stage(*, data: bytes, name: str) -> StagedPhoto:
    """Check a photo and measure its colours; nothing is written. Raises PhotoRejected."""
    opened, preview = inspect_with_preview(data, photo_limits())
    colors = [[color, round(share, 4)] for color, share in measure(preview).names]
    return StagedPhoto(opened=opened, data=data, name=safe_name(name), colors=colors)


def safe_name(name: str) -> str:
    """A client's file name as plain text: no folders, no control characters, of bounded length."""
    plain = "".join(char for char in name if char.isprintable())
    return PurePath(plain.replace("\\", "/")).name[-MAX_NAME:]


@dataclass(frozen=True)
class Shown:
    """A photo as it is to stand on a product; without a role it shows a detail."""

    photo: Photo
    variant: Variant | None = None
    role: str = ""
    alt_text: str = ""


def photos_place(
    *,
    product: Product,
    photos: Sequence[Photo],
    actor: Any,
    variant: Variant | None = None,
    role: str = "",
) -> list[Placement]:
    """Put photos on a product after those it has. The first photo of a product becomes its main.

    A photo that is on the product already stays where it is. Raises ValidationError when the
    product would have too many.
    """
    shown = [Shown(photo, variant, role) for photo in photos]
    return photos_show(product=product, shown=shown, actor=actor)


@transaction.atomic
def photos_show(*, product: Product, shown: Sequence[Shown], actor: Any) -> list[Placement]:
    """As `photos_place`, each photo in its own role and with its own text.

    Of a product without a main photo, the first that is to be the main one becomes it; the first of
    all where none is.
    """
    lock_row(product)
    standing = list(product.placements.filter(deleted_at=None))
    placed = placements_of(product=product, standing=standing, shown=shown)
    placements_write(placed={product: placed}, actor=actor)
    return placed


def placements_of(
    *, product: Product, standing: Sequence[Placement], shown: Sequence[Shown]
) -> list[Placement]:
    """What is to be written to have a product show photos beside those that it has.

    See `photos_show`. Raises ValidationError.
    """
    on_product = {placement.photo_id for placement in standing}
    coming: dict[int, Shown] = {}
    for each in shown:
        if each.photo.pk not in on_product:
            coming.setdefault(each.photo.pk, each)
    if len(standing) + len(coming) > MAX_PHOTOS_A_PRODUCT:
        raise conflict("image", f"A product has at most {MAX_PHOTOS_A_PRODUCT} photos.")
    ordered = list(coming.values())
    has_main = any(placement.role == PhotoRole.MAIN for placement in standing)
    named = (each for each in ordered if each.role == PhotoRole.MAIN)
    main = None if has_main else next(named, next(iter(ordered), None))
    first = max((placement.position for placement in standing), default=-1) + 1
    return [
        Placement(
            product=product,
            photo=each.photo,
            variant=each.variant,
            role=PhotoRole.MAIN if each is main else _beside_main(each.role),
            alt_text=each.alt_text[:300],
            position=position,
        )
        for position, each in enumerate(ordered, first)
    ]


def _beside_main(role: str) -> str:
    return PhotoRole.DETAIL if role in {"", PhotoRole.MAIN} else role


def placements_write(*, placed: Mapping[Product, Sequence[Placement]], actor: Any) -> None:
    """Write new placements of products that the caller holds, and tell of them what the signals of
    single ones tell.
    """
    rows = [placement for some in placed.values() for placement in some]
    products = [product for product, some in placed.items() if some]
    if not rows:
        return
    # The manager that tells nobody.
    Placement._base_manager.bulk_create(rows)  # noqa: SLF001 -- Django's public API
    ids = [product.pk for product in products]
    record_index_changes([placement.pk for placement in rows], vector=True)
    wake.on_commit(wake.INDEX)
    products_look(ids)
    products_describe(ids)
    readiness_mark(ids)
    approval_refresh(ids)
    vision_charge(product_ids=ids, actor=actor)
    reviews_mark(ids, [ALT_TEXT])
    audit_many(
        actor=actor,
        action="photo.add",
        targets=[(product, f"{len(placed[product])} photos") for product in products],
        data=[{"placements": [row.pk for row in placed[product]]} for product in products],
    )


def _make_room(placement: Placement, role: str) -> None:
    """Take the main role from the photo that has it, where it is to be given to another."""
    if role not in PhotoRole.values:
        raise conflict("role", f"Choose one of {', '.join(PhotoRole.values)}.")
    if placement.role == PhotoRole.MAIN != role:
        raise conflict("role", "Make another photo the main one instead.")
    if role == PhotoRole.MAIN != placement.role:
        for other in placement.product.placements.filter(role=PhotoRole.MAIN, deleted_at=None):
            other.role = PhotoRole.DETAIL
            other.save(update_fields=["role"])


@transaction.atomic
def placement_update(
    *,
    placement: Placement,
    actor: Any,
    role: str | None = None,
    alt_text: str | None = None,
    variant: Variant | None = None,
    clear_variant: bool = False,
) -> Placement:
    """Change what a photo is to its product. Making it the main photo demotes the one before.

    Raises ValidationError for an unknown role, a variant of another product, a photo that was taken
    off, or for taking the main role from a photo without naming another.
    """
    hold_part(placement, HELD)
    changes: dict[str, Any] = {}
    if placement.deleted_at is not None:
        raise conflict("", "This photo was removed from the product. Put it back first.")
    if variant is not None and variant.product_id != placement.product_id:
        raise conflict("variant", "That variant belongs to another product.")
    if role is not None:
        _make_room(placement, role)
        changes["role"] = role
    if alt_text is not None:
        changes["alt_text"] = alt_text[:300]
    if variant is not None or clear_variant:
        changes["variant"] = variant
    for name, value in changes.items():
        setattr(placement, name, value)
    placement.save(update_fields=list(changes))
    if role is not None:
        vision_charge(product_ids=[placement.product_id], actor=actor)
    if alt_text is not None:
        reviews_mark([placement.product_id], [ALT_TEXT])
    audit(
        actor=actor,
        action="photo.update",
        target=placement.product,
        catalog=placement.product.catalog,
        data={"placement": placement.pk, "fields": sorted(changes)},
    )
    return placement


@transaction.atomic
def placements_reorder(*, product: Product, order: Sequence[int], actor: Any) -> None:
    """Give the product's photos the order of these placement ids; ids left out keep following."""
    lock_row(product)
    standing = {p.pk: p for p in product.placements.filter(deleted_at=None)}
    ranked = [pk for pk in order if pk in standing]
    ranked += [pk for pk in standing if pk not in ranked]
    for position, pk in enumerate(ranked):
        if standing[pk].position != position:
            standing[pk].position = position
            standing[pk].save(update_fields=["position"])
    audit(actor=actor, action="photo.reorder", target=product, catalog=product.catalog)


@transaction.atomic
def placement_delete(*, placement: Placement, actor: Any) -> None:
    """Take a photo off its product; it can be put back for 30 days. The next one becomes main."""
    hold_part(placement, HELD)
    if placement.deleted_at is not None:
        return
    was_main = placement.role == PhotoRole.MAIN
    placement.deleted_at = timezone.now()
    placement.save(update_fields=["deleted_at"])
    if was_main:
        standing = placement.product.placements.filter(deleted_at=None).order_by("position", "pk")
        heir = standing.filter(role__in=SIMILARITY_ROLES).first() or standing.first()
        if heir is not None:
            heir.role = PhotoRole.MAIN
            heir.save(update_fields=["role"])
    vision_charge(product_ids=[placement.product_id], actor=actor)
    reviews_mark([placement.product_id], [ALT_TEXT])
    audit(
        actor=actor,
        action="photo.remove",
        target=placement.product,
        catalog=placement.product.catalog,
        data={"placement": placement.pk},
    )


@transaction.atomic
def placement_restore(*, placement: Placement, actor: Any) -> Placement:
    """Put a photo back where it was; as the main one where the product has none, and only there.

    Raises ValidationError when it was removed for good.
    """
    hold_part(placement, HELD)
    standing = placement.product.placements.filter(deleted_at=None)
    twin = standing.filter(photo=placement.photo_id).first()
    if twin is not None:
        return twin
    if not standing.filter(role=PhotoRole.MAIN).exists():
        placement.role = PhotoRole.MAIN
    elif placement.role == PhotoRole.MAIN:
        placement.role = PhotoRole.DETAIL
    placement.deleted_at = None
    placement.save(update_fields=["deleted_at", "role"])
    vision_charge(product_ids=[placement.product_id], actor=actor)
    reviews_mark([placement.product_id], [ALT_TEXT])
    audit(
        actor=actor,
        action="photo.restore",
        target=placement.product,
        catalog=placement.product.catalog,
        data={"placement": placement.pk},
    )
    return placement


_CAMERA_NAME = re.compile(
    r"^(img|dsc|dscn|pict?|photo|image|screenshot|scan|p|mvi|vid)[\W_]*\d*", re.IGNORECASE
)
_MEANINGLESS = re.compile(r"^[\W\d_]*$|^[0-9a-f]{8,}([-_][0-9a-f]{4,})*$", re.IGNORECASE)


def title_from_name(name: str) -> str:
    """A first title from a file name such as `red-mug_large.jpg`; empty for a camera's numbering."""
    stem = PurePath(name).stem
    if _MEANINGLESS.match(stem) or _CAMERA_NAME.fullmatch(stem):
        return ""
    words = re.sub(r"[\s_\-.+]+", " ", stem).strip()
    return (words[:1].upper() + words[1:])[:300]
