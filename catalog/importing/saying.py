"""What a file says of photos that are on their products already: their texts and roles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from catalog.importing.options import Options
from catalog.models import (
    Import,
    ImportPhoto,
    ImportPhotoState,
    ItemState,
    PhotoRole,
    Placement,
)
from catalog.services.photos import placement_update
from catalog.services.projection import lock_products

TEXT, ROLE = "alt_text", "role"
STEP = 50
SAID = (ImportPhotoState.DONE, ImportPhotoState.THERE)


def said_anew(rows: Sequence[ImportPhoto], actor: Any) -> None:
    """Write what rows of one product say otherwise, unless a person wrote what stands there.

    In the caller's transaction, who holds the product and saves the rows.
    """
    speaking = [row for row in rows if row.placement and (row.alt_text or row.role)]
    if not speaking:
        return
    earlier: defaultdict[int | None, list[tuple[str, str]]] = defaultdict(list)
    mine = {row.pk for row in speaking}
    places = {row.placement_id for row in speaking}
    imported = ImportPhoto.objects.filter(placement__in=places, state__in=SAID).exclude(pk__in=mine)
    for place, text, role in imported.values_list("placement_id", TEXT, ROLE):
        earlier[place].append((text, role))
    for row in speaking:
        assert row.placement is not None
        over = Options.of(row.origin.options).over_people
        place = row.placement
        texts = {text for text, _ in earlier[place.pk]}
        roles = {role for _, role in earlier[place.pk]}
        changes: dict[str, str] = {}
        if row.alt_text not in {"", place.alt_text} and (
            over or not place.alt_text or place.alt_text in texts
        ):
            changes[TEXT] = row.alt_text
        is_imports = place.role in roles or ("" in roles and place.role == PhotoRole.DETAIL)
        # Which photo is the main one is not for a file to say again.
        is_main = PhotoRole.MAIN in {row.role, place.role}
        if row.role not in {"", place.role} and not is_main and (over or is_imports):
            changes[ROLE] = row.role
        if changes:
            row.before = {name: getattr(place, name) for name in changes}
            placement_update(
                placement=place,
                actor=actor,
                alt_text=changes.get(TEXT),
                role=changes.get(ROLE),
            )


def is_said(source: Import) -> QuerySet[ImportPhoto]:
    """The photos of which an import has said something anew that was not undone."""
    there = source.photo_rows.filter(state=ImportPhotoState.THERE)
    return there.exclude(before={}).exclude(item__state=ItemState.KEPT)


def unsay_some(source: Import, actor: Any) -> int:
    """Put back what an import said of the next photos, as far as it still stands; returns how many."""
    rows = is_said(source).select_related("placement__product__catalog").order_by("pk")[:STEP]
    some = list(rows)
    alive = [row for row in some if row.placement and row.placement.deleted_at is None]
    lock_products({row.placement.product_id for row in alive if row.placement})
    for row in alive:
        place = row.placement
        assert place is not None
        before = {name: row.before[name] for name in row.before if _stands(place, row, name)}
        if before:
            placement_update(placement=place, actor=actor, **before)
    ImportPhoto.objects.filter(pk__in=[row.pk for row in some]).update(before={})
    return len(some)


def _stands(place: Placement, row: ImportPhoto, name: str) -> bool:
    """Whether it is as the import said, and may be changed: there is always a main photo."""
    same: bool = getattr(place, name) == getattr(row, name)
    return same and (name != ROLE or place.role != PhotoRole.MAIN)
