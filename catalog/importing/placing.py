"""Photos of an import put on their products."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from catalog.importing.saying import said_anew
from catalog.models import (
    ImportPhoto,
    ImportPhotoState,
    Photo,
    PhotoRole,
    Placement,
    Product,
    Variant,
)
from catalog.services.locks import lock_product_ids
from catalog.services.photos import Shown, photos_show, placement_update

GONE = "The product was deleted meanwhile."


def rows_place(rows: Mapping[ImportPhoto, Photo], actor: Any) -> None:
    """Place stored photos, in the caller's transaction, and note with each row what became of it."""
    by_product: dict[int, list[ImportPhoto]] = defaultdict(list)
    for row in rows:
        by_product[row.item.product_id].append(row)  # type: ignore[union-attr,index]
    lock_product_ids(pk for pk in by_product if pk)
    alive = Product.objects.alive().filter(pk__in=by_product).select_related("catalog")
    products = {product.pk: product for product in alive}
    for pk in sorted(by_product, key=lambda pk: pk or 0):
        some = {row: rows[row] for row in sorted(by_product[pk], key=_place_in_file)}
        if pk in products:
            _place(products[pk], some, actor)
        else:
            for row in some:
                row.state, row.error = ImportPhotoState.FAILED, GONE
    fields = ["state", "placement", "error", "attempts", "next_try_at", "before"]
    ImportPhoto.objects.bulk_update(rows, fields)


def _place(product: Product, rows: Mapping[ImportPhoto, Photo], actor: Any) -> None:
    variants = list(Variant.objects.alive().filter(product=product).order_by("position", "pk"))
    there = _placements(product)
    shown = {
        row: Shown(photo, variant_named(variants, row.variant), row.role, row.alt_text)
        for row, photo in rows.items()
        if photo.pk not in there
    }
    message = ""
    try:
        with transaction.atomic():
            photos_show(product=product, shown=list(shown.values()), actor=actor)
    except ValidationError as error:
        message = " ".join(error.messages)
    now = _placements(product)
    for row, photo in rows.items():
        row.placement = now.get(photo.pk)
        row.error = "" if row.placement else message
        if row.placement is None:
            row.state = ImportPhotoState.FAILED
        else:
            there_already = photo.pk in there
            row.state = ImportPhotoState.THERE if there_already else ImportPhotoState.DONE
    new = [row for row in rows if row.state == ImportPhotoState.DONE]
    if there and new:
        _put_in_file_order(product, new, actor)
    said_anew([row for row in rows if row.state == ImportPhotoState.THERE], actor)


def _place_in_file(row: ImportPhoto) -> tuple[int, int, int]:
    return (row.item.number if row.item else 0, row.position, row.pk)


def _put_in_file_order(product: Product, new: Sequence[ImportPhoto], actor: Any) -> None:
    """Put photos that came later than others of their import between them, as in the file.

    The main photo is the first of the file again, or the one that it names. Where somebody has put
    the earlier ones in another order since, the new ones stay behind them.
    """
    rows = ImportPhoto.objects.filter(
        origin=new[0].origin_id,
        state=ImportPhotoState.DONE,
        placement__product=product,
        placement__deleted_at=None,
    )
    earlier = sorted(rows.select_related("item", "placement"), key=_place_in_file)
    slots = [_placement(row).position for row in earlier]
    if not earlier or slots != sorted(slots):
        return
    ranked = sorted([*earlier, *new], key=_place_in_file)
    slots += [_placement(row).position for row in new]
    for row, slot in zip(ranked, sorted(slots), strict=True):
        placement = _placement(row)
        if placement.position != slot:
            placement.position = slot
            placement.save(update_fields=["position"])
    _keep_main(_main_of(earlier), _main_of(ranked), actor)


def _keep_main(before: ImportPhoto, wanted: ImportPhoto, actor: Any) -> None:
    """Make the photo the main one that had been, had all come at once; unless somebody has chosen."""
    if _placement(before).role != PhotoRole.MAIN or wanted is before:
        return
    placement_update(placement=_placement(wanted), actor=actor, role=PhotoRole.MAIN)
    if before.role not in {"", PhotoRole.MAIN}:
        placement_update(placement=_placement(before), actor=actor, role=before.role)


def _main_of(rows: Sequence[ImportPhoto]) -> ImportPhoto:
    """The one that the file calls the main photo, else the first."""
    return next((row for row in rows if row.role == PhotoRole.MAIN), rows[0])


def _placement(row: ImportPhoto) -> Placement:
    assert row.placement is not None
    return row.placement


def _placements(product: Product) -> dict[int, Placement]:
    return {each.photo_id: each for each in Placement.objects.alive().filter(product=product)}


def variant_named(variants: Sequence[Variant], name: str) -> Variant | None:
    """The variant that a photo names by its SKU or its options; None where it names none."""
    wanted = name.strip().casefold()
    if not wanted:
        return None
    for each in variants:
        if wanted in {each.sku.casefold(), each.option_text.casefold()}:
            return each
    return None
