"""Photos: checked before they are stored, then placed on products."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog.models import Photo, PhotoRole, Placement, Product, Variant
from catalog.models.photo import SIMILARITY_ROLES
from catalog.services.audit import audit
from catalog.services.describe_requests import vision_charge
from catalog.services.errors import conflict
from catalog.services.locks import hold_part, lock_row
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
    on_product = {placement.photo_id for placement in standing}
    new = {each.photo.pk for each in shown} - on_product
    if len(standing) + len(new) > MAX_PHOTOS_A_PRODUCT:
        raise conflict("image", f"A product has at most {MAX_PHOTOS_A_PRODUCT} photos.")
    has_main = any(placement.role == PhotoRole.MAIN for placement in standing)
    coming = [each for each in shown if each.photo.pk not in on_product]
    main = (
        None
        if has_main
        else next(
            (each for each in coming if each.role == PhotoRole.MAIN), next(iter(coming), None)
        )
    )
    position = max((placement.position for placement in standing), default=-1) + 1
    placed = []
    for each in coming:
        if each.photo.pk in on_product:
            continue
        on_product.add(each.photo.pk)
        chosen = each.role or PhotoRole.DETAIL
        if each is main:
            chosen = PhotoRole.MAIN
        elif chosen == PhotoRole.MAIN:
            chosen = PhotoRole.DETAIL
        placed.append(
            Placement.objects.create(
                product=product,
                photo=each.photo,
                variant=each.variant,
                role=chosen,
                alt_text=each.alt_text[:300],
                position=position,
            )
        )
        position += 1
    if placed:
        vision_charge(product=product, actor=actor)
        reviews_mark([product.pk], [ALT_TEXT])
        audit(
            actor=actor,
            action="photo.add",
            target=product,
            catalog=product.catalog,
            summary=f"{len(placed)} photos",
            data={"placements": [placement.pk for placement in placed]},
        )
    return placed


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
        vision_charge(product=placement.product, actor=actor)
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
    vision_charge(product=placement.product, actor=actor)
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
    vision_charge(product=placement.product, actor=actor)
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
