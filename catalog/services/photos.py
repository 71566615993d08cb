"""Photos: checked and stored first, then placed on products inside a transaction."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePath
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog import storage
from catalog.models import (
    Catalog,
    FileRemoval,
    Photo,
    PhotoRole,
    Placement,
    Product,
    Variant,
)
from catalog.models.photo import SIMILARITY_ROLES
from catalog.services.audit import audit
from catalog.services.errors import conflict
from catalog.services.locks import lock_row
from catalog.vision.colours import measure
from catalog.vision.limits import Limits
from catalog.vision.opening import OpenedPhoto, inspect_with_preview

logger = structlog.get_logger(__name__)
MAX_PHOTOS_A_PRODUCT = 40
MAX_NAME = 200
LEFT_BEHIND_AFTER = timedelta(hours=6)


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
class StoredPhoto:
    """A staged photo with its files written; `known` is the row that had these bytes before."""

    staged: StagedPhoto
    name: str = ""
    working_name: str = ""
    known: Photo | None = None


@contextmanager
def photo_files(*, catalog: Catalog, photos: Sequence[StagedPhoto]) -> Iterator[list[StoredPhoto]]:
    """Write the files of photos for the block that records them, and delete them if it fails.

    Outside any transaction, since storage may be far away. Names are never used twice, so that a
    late deletion cannot hit a newer photo. Raises StorageUnavailable.
    """
    stored: list[StoredPhoto] = []
    recorded = False
    try:
        for staged in photos:
            # Not a comprehension: what was written so far must be known when one fails.
            stored.append(_write_files(catalog, staged))  # noqa: PERF401
        yield stored
        recorded = True
    finally:
        if not recorded:
            for each in stored:
                _discard(each)


def _write_files(catalog: Catalog, staged: StagedPhoto) -> StoredPhoto:
    opened = staged.opened
    known = Photo.objects.filter(catalog=catalog, sha256=opened.sha256).first()
    if known is not None:
        return StoredPhoto(staged, known=known)
    stem = f"photos/{catalog.pk}/{opened.sha256[:2]}/{opened.sha256}-{secrets.token_hex(4)}"
    # Should this process die before the photo is recorded, its files are removed later.
    _remove_later(f"{stem}.{opened.extension}", *[f"{stem}.working"] * bool(opened.working_copy))
    name = storage.save(f"{stem}.{opened.extension}", staged.data)
    if not opened.working_copy:
        return StoredPhoto(staged, name)
    try:
        return StoredPhoto(staged, name, storage.save(f"{stem}.working", opened.working_copy))
    except storage.StorageUnavailable:
        _discard(StoredPhoto(staged, name))
        raise


def _remove_later(*names: str) -> None:
    due = timezone.now() + LEFT_BEHIND_AFTER
    FileRemoval.objects.bulk_create([FileRemoval(name=name, next_try_at=due) for name in names])


def _discard(stored: StoredPhoto) -> None:
    for name in filter(None, (stored.name, stored.working_name)):
        try:
            storage.delete(name)
        except storage.StorageUnavailable as error:
            logger.warning("file left over", name=name, reason=str(error))


def photo_record(*, catalog: Catalog, stored: StoredPhoto, actor: Any) -> Photo:
    """The row of a stored photo, made now unless the catalogue has these bytes already.

    Raises ValidationError when the row that had them was purged since their files were looked for.
    """
    opened = stored.staged.opened
    # Whoever purges the photo waits for this transaction, and then sees that it is used again.
    photo, created = Photo.objects.select_for_update(no_key=True).get_or_create(
        catalog=catalog,
        sha256=opened.sha256,
        defaults={
            "file": stored.name,
            "working_copy": stored.working_name,
            "original_name": stored.staged.name,
            "format": opened.format,
            "extension": opened.extension,
            "width": opened.width,
            "height": opened.height,
            "size_bytes": opened.size_bytes,
            "perceptual_hash": opened.phash,
            "digital_source_type": opened.digital_source_type or "",
            "colors": stored.staged.colors,
            "created_by": actor,
        },
    )
    if created:
        FileRemoval.objects.filter(name__in=[stored.name, stored.working_name]).delete()
    if created and not stored.name:
        raise conflict("image", "This photo was being removed just now. Upload it again.")
    if not created and stored.name:
        # Another upload of the same bytes was quicker: its files count.
        transaction.on_commit(lambda: _discard(stored))
    return photo


@transaction.atomic
def photo_purge(*, photo_id: int) -> bool:
    """Remove a photo for good, unless it stands on a product; returns whether it was removed."""
    photo = Photo.objects.select_for_update().filter(pk=photo_id).first()
    if photo is None or photo.placements.exists():
        return False
    photo.delete()
    return True


@transaction.atomic
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
    lock_row(product)
    standing = list(product.placements.filter(deleted_at=None))
    if len(standing) + len(photos) > MAX_PHOTOS_A_PRODUCT:
        raise conflict("image", f"A product has at most {MAX_PHOTOS_A_PRODUCT} photos.")
    on_product = {placement.photo_id for placement in standing}
    has_main = any(placement.role == PhotoRole.MAIN for placement in standing)
    position = max((placement.position for placement in standing), default=-1) + 1
    placed = []
    for photo in photos:
        if photo.pk in on_product:
            continue
        on_product.add(photo.pk)
        chosen = role or PhotoRole.DETAIL
        if not has_main:
            chosen, has_main = PhotoRole.MAIN, True
        elif chosen == PhotoRole.MAIN:
            chosen = PhotoRole.DETAIL
        placed.append(
            Placement.objects.create(
                product=product, photo=photo, variant=variant, role=chosen, position=position
            )
        )
        position += 1
    if placed:
        audit(
            actor=actor,
            action="photo.add",
            target=product,
            catalog=product.catalog,
            summary=f"{len(placed)} photos",
            data={"placements": [placement.pk for placement in placed]},
        )
    return placed


def _hold(placement: Placement) -> None:
    """Lock the product, and see the placement as those left it who held the product before."""
    lock_row(placement.product)
    placement.refresh_from_db(fields=["role", "deleted_at"])


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

    Raises ValidationError for an unknown role, a variant of another product, or for taking the
    main role from a photo without naming another.
    """
    _hold(placement)
    changes: dict[str, Any] = {}
    if variant is not None and variant.product_id != placement.product_id:
        raise conflict("variant", "That variant belongs to another product.")
    if role is not None and role not in PhotoRole.values:
        raise conflict("role", f"Choose one of {', '.join(PhotoRole.values)}.")
    if role == PhotoRole.MAIN and placement.role != PhotoRole.MAIN:
        for other in placement.product.placements.filter(role=PhotoRole.MAIN, deleted_at=None):
            other.role = PhotoRole.DETAIL
            other.save(update_fields=["role"])
    elif role is not None and placement.role == PhotoRole.MAIN != role:
        raise conflict("role", "Make another photo the main one instead.")
    if role is not None:
        changes["role"] = role
    if alt_text is not None:
        changes["alt_text"] = alt_text[:300]
    if variant is not None or clear_variant:
        changes["variant"] = variant
    for name, value in changes.items():
        setattr(placement, name, value)
    placement.save(update_fields=list(changes))
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
    _hold(placement)
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
    audit(
        actor=actor,
        action="photo.remove",
        target=placement.product,
        catalog=placement.product.catalog,
        data={"placement": placement.pk},
    )


@transaction.atomic
def placement_restore(*, placement: Placement, actor: Any) -> Placement:
    """Put a photo back where it was, as a detail if another has become the main one meanwhile."""
    _hold(placement)
    standing = placement.product.placements.filter(deleted_at=None)
    twin = standing.filter(photo=placement.photo_id).first()
    if twin is not None:
        return twin
    if placement.role == PhotoRole.MAIN and standing.filter(role=PhotoRole.MAIN).exists():
        placement.role = PhotoRole.DETAIL
    placement.deleted_at = None
    placement.save(update_fields=["deleted_at", "role"])
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
