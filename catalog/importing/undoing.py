"""An import taken back: what it created deleted, what it updated as it was before.

What somebody changed since stays as it is, and is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from catalog.approval.content import FIELDS, VARIANT_FIELDS
from catalog.importing.moving import move_back
from catalog.importing.saying import unsay_some
from catalog.importing.staging import problems_note
from catalog.importing.standing import CELLS, STATUS, standing
from catalog.interchange.records import Problem
from catalog.models import (
    ForeignCells,
    Import,
    ImportItem,
    ImportPhoto,
    ImportPhotoState,
    ItemState,
    LedgerEntry,
    Product,
    Variant,
)
from catalog.models.sources import MACHINE_SOURCES
from catalog.services.attribute_values import CATEGORY
from catalog.services.photos import placement_delete
from catalog.services.products import products_delete
from catalog.services.projection import lock_products
from catalog.services.written_many import Writes, products_write

STEP = 100
PHOTOS_STEP = 50
UNDOABLE = (ItemState.CREATED, ItemState.UPDATED)
COLUMNS = tuple(name for name in FIELDS if name != CATEGORY)
STAYS = "Not deleted: somebody changed this product since."
CHANGED = "Stays as it is: somebody changed it since."
TAKEN = "Stays as it is: what stood there was given to another product since."


def undo_some(source: Import, actor: Any) -> int:
    """Take back the next products, then photos, in the caller's transaction; returns how many."""
    mine = source.items.filter(state__in=UNDOABLE)
    items = list(mine.select_related("product").order_by("-number")[:STEP])
    if not items:
        return _photos_off(source, actor) or unsay_some(source, actor)
    lock_products(item.product_id for item in items if item.product_id)
    try:
        with transaction.atomic():
            _undo(source, items, actor)
    except IntegrityError:
        for item in items:
            _undo_alone(source, item, actor)
    return len(items)


def _undo_alone(source: Import, item: ImportItem, actor: Any) -> None:
    try:
        with transaction.atomic():
            _undo(source, [item], actor)
    except IntegrityError:
        item.state = ItemState.KEPT
        item.save(update_fields=["state"])
        problems_note(source, [(item, _note(item, "", TAKEN))])


def _undo(source: Import, items: Sequence[ImportItem], actor: Any) -> None:
    ids = [item.product_id for item in items if item.product_id]
    now = standing(ids, source.format)
    deleted = set(Product.objects.deleted().filter(pk__in=ids).values_list("pk", flat=True))
    there = [item for item in items if item.product_id in now and item.product_id not in deleted]
    problems: list[tuple[ImportItem, Problem]] = []
    for item in items:
        item.state = ItemState.UNDONE
    _delete_created(source, [item for item in there if item.before is None], now, actor, problems)
    updated = [item for item in there if item.before is not None]
    back = _Back(source, updated, now)
    back.write(actor)
    problems += back.problems
    ImportItem.objects.bulk_update(items, ["state"])
    problems_note(source, problems)


def _note(item: ImportItem, field: str, message: str) -> Problem:
    rows = item.record.get("rows") or [0]
    return Problem(rows[0], field, f"{item.product or item.key}: {message}", "note")


def _delete_created(
    source: Import,
    items: Sequence[ImportItem],
    now: Mapping[int, dict[str, Any]],
    actor: Any,
    problems: list[tuple[ImportItem, Problem]],
) -> None:
    brought = _photos_of(source, items)
    fit = []
    for item in items:
        assert item.product_id is not None
        assert item.after is not None
        own = brought.get(item.pk, set())
        if _said(now[item.product_id], own) == _said(item.after, own):
            fit.append(item)
        else:
            item.state = ItemState.KEPT
            problems.append((item, _note(item, "", STAYS)))
    products_delete(products=[item.product for item in fit if item.product], actor=actor)


def _photos_of(source: Import, items: Sequence[ImportItem]) -> dict[int, set[int]]:
    """The photos that the import put on the products of items."""
    rows = ImportPhoto.objects.filter(
        origin=source, item__in=items, state=ImportPhotoState.DONE, placement__isnull=False
    )
    found: dict[int, set[int]] = {}
    for pk, photo in rows.values_list("item_id", "placement__photo_id"):
        if pk is not None:
            found.setdefault(pk, set()).add(photo)
    return found


def _said(content: Mapping[str, Any], own: set[int]) -> dict[str, Any]:
    """What people and imports say of a product; what machines say by themselves changes nothing."""
    return {
        **{name: content[name] for name in COLUMNS},
        "variants": content["variants"],
        STATUS: content[STATUS],
        CELLS: content[CELLS],
        "photos": {photo["photo"] for photo in content["photos"]} - own,
        "attributes": {
            (row["variant"], row["field"], row["locale"]): row["value"]
            for row in content["attributes"]
            if row["source"] not in MACHINE_SOURCES or row["confirmed_by"]
        },
    }


class _Back:
    """Some updated products as they were before, as far as nobody changed them since."""

    def __init__(
        self, source: Import, items: Sequence[ImportItem], now: Mapping[int, dict[str, Any]]
    ) -> None:
        self.problems: list[tuple[ImportItem, Problem]] = []
        self._source = source
        self._items = items
        self._writes = Writes()
        self._products = {item.product.pk: item.product for item in items if item.product}
        for pk, product in self._products.items():
            # Read before it was held.
            product.status = now[pk][STATUS]
        ids = list(self._products)
        sold = Variant.objects.alive().filter(product__in=ids).select_related("product", "catalog")
        self._variants = {row.pk: row for row in sold}
        self._alive = {
            pk: [row for row in self._variants.values() if row.product_id == pk] for pk in ids
        }
        for item in items:
            self._columns(item, now[item.product_id or 0])
            self._sold(item, now[item.product_id or 0])

    def _keep(self, item: ImportItem, field: str) -> None:
        self.problems.append((item, _note(item, field, CHANGED)))

    def _columns(self, item: ImportItem, now: Mapping[str, Any]) -> None:
        before, after, product = item.before or {}, item.after or {}, item.product
        assert product is not None
        for name in COLUMNS:
            if before[name] == after[name]:
                continue
            if now[name] == after[name]:
                self._set(product, name, before[name])
            elif now[name] != before[name]:
                self._keep(item, name)

    def _sold(self, item: ImportItem, now: Mapping[str, Any]) -> None:
        before, after, present = (
            {row["id"]: row for row in content["variants"]}
            for content in (item.before or {}, item.after or {}, now)
        )
        for pk in after.keys() & present.keys():
            if pk not in before:
                self._unsell(item, pk, is_same=present[pk] == after[pk])
                continue
            for name in VARIANT_FIELDS:
                if before[pk][name] == after[pk][name]:
                    continue
                if present[pk][name] == after[pk][name]:
                    self._set(self._variants[pk], name, before[pk][name])
                elif present[pk][name] != before[pk][name]:
                    self._keep(item, name)

    def _unsell(self, item: ImportItem, pk: int, *, is_same: bool) -> None:
        """Delete a variant that the import added; a product keeps one."""
        row = self._variants[pk]
        alive = self._alive[row.product_id]
        if not is_same or len(alive) == 1:
            self._keep(item, f"Variant {row}")
            return
        alive.remove(row)
        row.deleted_at = timezone.now()
        self._writes.changed.setdefault(row, set()).add("deleted_at")

    def _set(self, row: Product | Variant, name: str, value: Any) -> None:
        column = row._meta.get_field(name)  # noqa: SLF001 -- Django's public model meta
        setattr(row, name, column.to_python(value))  # type: ignore[union-attr]
        self._writes.changed.setdefault(row, set()).add(name)

    def write(self, actor: Any) -> None:
        """Write it, with the rows of the ledger and the kept cells."""
        ids = list(self._products)
        if not ids:
            return
        self._retract(ids, actor)
        self._cells()
        writes = self._writes
        writes.touched |= set(ids)
        summary = f"Undo: {self._source.name}"
        details = {"import": self._source.pk, "undone": True}
        writes.updated = [(row, summary, details) for row in self._products.values()]
        products_write(writes=writes, actor=actor)
        move_back(self._source, self._products, self._items, actor)

    def _retract(self, ids: Iterable[int], actor: Any) -> None:
        """Take back what the import said, and give people their words back that gave way."""
        batch = self._source.batch
        wrote = LedgerEntry.objects.filter(batch=batch, product__in=ids, retracted_at=None)
        gave_way = LedgerEntry.objects.filter(retraction_batch=batch, product__in=ids)
        rows = LedgerEntry.objects.filter(Q(pk__in=wrote) | Q(pk__in=gave_way)).order_by()
        self._writes.fields |= set(rows.values_list("field", flat=True).distinct())
        wrote.update(retracted_at=timezone.now(), retracted_by=actor)
        gave_way.update(retracted_at=None, retracted_by=None, retraction_batch=None)

    def _cells(self) -> None:
        rows = {
            (row.product_id, str(row.variant_id or "")): row
            for row in ForeignCells.objects.filter(
                product__in=self._products, format=self._source.format
            )
        }
        gone, other = [], []
        for item in self._items:
            before, after = (item.before or {})[CELLS], (item.after or {})[CELLS]
            for variant, cells in after.items():
                row = rows.get((item.product_id or 0, variant))
                if row is None or row.cells != cells or before.get(variant) == cells:
                    continue
                if variant in before:
                    row.cells = before[variant]
                    other.append(row)
                else:
                    gone.append(row.pk)
        ForeignCells.objects.filter(pk__in=gone).delete()
        ForeignCells.objects.bulk_update(other, ["cells"])


def _photos_off(source: Import, actor: Any) -> int:
    """Take the photos off products that stay, but off those that were not undone."""
    placed = ImportPhoto.objects.filter(
        origin=source,
        state=ImportPhotoState.DONE,
        placement__deleted_at=None,
        placement__product__deleted_at=None,
    ).exclude(item__state=ItemState.KEPT)
    rows = placed.select_related("placement__product__catalog", "placement__photo")
    some = sorted(rows.order_by("-pk")[:PHOTOS_STEP], key=lambda row: row.placement.product_id)  # type: ignore[union-attr]
    lock_products({row.placement.product_id for row in some if row.placement})
    for row in some:
        assert row.placement is not None
        placement_delete(placement=row.placement, actor=actor)
    ImportPhoto.objects.filter(pk__in=[row.pk for row in some]).update(
        state=ImportPhotoState.SKIPPED
    )
    return len(some)
