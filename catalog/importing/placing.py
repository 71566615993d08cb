"""Photos of an import put on their products."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from catalog.importing.items import rows_save
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
from catalog.services.photos import Shown, placement_update, placements_of, placements_write

GONE = "The product was deleted meanwhile."


def rows_place(rows: Mapping[ImportPhoto, Photo], actor: Any) -> None:
    """Place stored photos, in the caller's transaction, and note with each row what became of it.

    All in as few queries as one.
    """
    by_product: dict[int, list[ImportPhoto]] = defaultdict(list)
    for row in rows:
        by_product[row.item.product_id].append(row)  # type: ignore[union-attr,index]
    lock_product_ids(pk for pk in by_product if pk)
    alive = Product.objects.alive().filter(pk__in=by_product).select_related("catalog")
    products = {product.pk: product for product in alive}
    stands = _Stands(products)
    placed: dict[Product, list[Placement]] = {}
    messages: dict[int, str] = {}
    for pk in sorted(by_product, key=lambda pk: pk or 0):
        some = by_product[pk] = sorted(by_product[pk], key=_place_in_file)
        if pk not in products:
            for row in some:
                row.state, row.error = ImportPhotoState.FAILED, GONE
            continue
        try:
            placed[products[pk]] = stands.beside(products[pk], {row: rows[row] for row in some})
        except ValidationError as error:
            messages[pk] = " ".join(error.messages)
    placements_write(placed=placed, actor=actor)
    for pk, product in sorted(products.items()):
        new = {each.photo_id: each for each in placed.get(product, ())}
        some = by_product[pk]
        _note(some, rows, stands.photos(pk), new, messages.get(pk, ""))
        done = [row for row in some if row.state == ImportPhotoState.DONE]
        if stands.photos(pk) and done:
            _put_in_file_order(product, done, actor)
        said_anew([row for row in some if row.state == ImportPhotoState.THERE], actor)
    rows_save(list(rows), ["state", "placement", "error", "attempts", "next_try_at", "before"])


class _Stands:
    """What products have before photos are put on them: their variants and placements."""

    def __init__(self, products: Collection[int]) -> None:
        self._variants: defaultdict[int, list[Variant]] = defaultdict(list)
        self._placements: defaultdict[int, list[Placement]] = defaultdict(list)
        sold = Variant.objects.alive().filter(product__in=products)
        for variant in sold.order_by("position", "pk"):
            self._variants[variant.product_id].append(variant)
        shown = Placement.objects.alive().filter(product__in=products)
        for placement in shown.order_by("position", "pk"):
            self._placements[placement.product_id].append(placement)

    def photos(self, product_id: int) -> dict[int, Placement]:
        return {each.photo_id: each for each in self._placements[product_id]}

    def beside(self, product: Product, rows: Mapping[ImportPhoto, Photo]) -> list[Placement]:
        """What is to be written to have the photos of rows on a product. Raises ValidationError."""
        variants = self._variants[product.pk]
        shown = [
            Shown(photo, variant_named(variants, row.variant), row.role, row.alt_text)
            for row, photo in rows.items()
        ]
        standing = self._placements[product.pk]
        return placements_of(product=product, standing=standing, shown=shown)


def _note(
    some: Sequence[ImportPhoto],
    rows: Mapping[ImportPhoto, Photo],
    there: Mapping[int, Placement],
    new: Mapping[int, Placement],
    message: str,
) -> None:
    """Note with rows of one product what became of them."""
    for row in some:
        photo = rows[row].pk
        row.placement = there.get(photo) or new.get(photo)
        row.error = "" if row.placement else message
        if row.placement is None:
            row.state = ImportPhotoState.FAILED
        else:
            row.state = ImportPhotoState.THERE if photo in there else ImportPhotoState.DONE


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


def variant_named(variants: Sequence[Variant], name: str) -> Variant | None:
    """The variant that a photo names by its SKU or its options; None where it names none."""
    wanted = name.strip().casefold()
    if not wanted:
        return None
    for each in variants:
        if wanted in {each.sku.casefold(), each.option_text.casefold()}:
            return each
    return None
