"""Photos of an archive put to other products than their names say, before anything is imported."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from catalog.importing.previewing import replan
from catalog.models import (
    Catalog,
    Import,
    ImportItem,
    ImportPhoto,
    ImportState,
    Product,
    Variant,
)
from catalog.services.attribute_values import check_text
from catalog.services.errors import conflict
from catalog.services.locks import lock_row

MAX_TITLE = 200
NOT_READY = "Photos can be put elsewhere only between the preview and the import."
NO_PHOTOS = "Choose at least one photo."


@transaction.atomic
def photos_move(*, source: Import, photos: Collection[int], to: ImportItem) -> int:
    """Put photos to another product of the import, behind those it has; returns how many.

    Raises ValidationError.
    """
    _hold(source)
    rows = _chosen(source, photos)
    left = {row.item_id for row in rows}
    _place(rows, to)
    _settle(source, {*left, to.pk})
    return len(rows)


@transaction.atomic
def photos_split(*, source: Import, photos: Collection[int], title: str) -> ImportItem:
    """Make a new product of some photos. Raises ValidationError."""
    _hold(source)
    rows = _chosen(source, photos)
    name = _title(title)
    last = ImportItem.objects.filter(source=source).aggregate(last=Max("number"))["last"] or 0
    item = ImportItem.objects.create(
        source=source,
        number=last + 1,
        key=_free_key(source, name),
        record={"key": name, "fields": {"title": name}},
    )
    left = {row.item_id for row in rows}
    _place(rows, item)
    _settle(source, {*left, item.pk})
    return item


@transaction.atomic
def group_merge(*, source: Import, item: ImportItem, into: ImportItem) -> int:
    """Put all photos of one product to another; returns how many. Raises ValidationError."""
    if item.pk == into.pk:
        raise conflict("", "Choose another product to merge it with.")
    rows = ImportPhoto.objects.filter(origin=source, item=item).values_list("pk", flat=True)
    return photos_move(source=source, photos=list(rows), to=into)


@transaction.atomic
def group_rename(*, source: Import, item: ImportItem, title: str) -> None:
    """Give the product that a group of photos becomes another title. Raises ValidationError."""
    _hold(source)
    if not is_photos_alone(item) or item.product_id is not None:
        raise conflict("title", "Its title comes from the file or from your catalogue.")
    name = _title(title)
    item.record = {**item.record, "fields": {"title": name}}
    item.save(update_fields=["record"])
    _settle(source, {item.pk})


@transaction.atomic
def group_assign(*, source: Import, item: ImportItem, name: str) -> Product:
    """Say that the photos of a group are of a product of the catalogue, by its SKU or handle.

    Raises ValidationError.
    """
    _hold(source)
    if not is_photos_alone(item):
        raise conflict(
            "product", "These photos come with a product of the file: move them instead."
        )
    check_text("product", name)
    product = _named(source.catalog, name.strip())
    if product is None:
        raise conflict("product", f"No product has the SKU or handle “{name.strip()[:80]}”.")
    item.record = {**item.record, "fields": {"handle": product.handle}}
    item.save(update_fields=["record"])
    _settle(source, {item.pk})
    return product


def is_photos_alone(item: ImportItem) -> bool:
    """Whether no line of a table speaks of it."""
    return not item.record.get("rows")


def _hold(source: Import) -> None:
    lock_row(source)
    source.refresh_from_db(fields=["state"])
    if source.state != ImportState.READY:
        raise conflict("", NOT_READY)


def _chosen(source: Import, photos: Collection[int]) -> list[ImportPhoto]:
    rows = ImportPhoto.objects.filter(origin=source, pk__in=photos).select_related("item")
    chosen = list(rows.order_by("item__number", "position", "pk"))
    if not chosen:
        raise conflict("photo", NO_PHOTOS)
    return chosen


def _place(rows: Iterable[ImportPhoto], to: ImportItem) -> None:
    standing = ImportPhoto.objects.filter(item=to)
    last = standing.aggregate(last=Max("position"))["last"]
    position = 0 if last is None else last + 1
    moved = [row for row in rows if row.item_id != to.pk]
    for n, row in enumerate(moved):
        row.item, row.position = to, position + n
        # Which variant it shows was said of the other product.
        row.variant = ""
    ImportPhoto.objects.bulk_update(moved, ["item", "position", "variant"])


def _settle(source: Import, touched: Iterable[int | None]) -> None:
    """Drop what has nothing left to it, and find out anew what becomes of the others."""
    items = ImportItem.objects.filter(source=source, pk__in=[pk for pk in touched if pk])
    has_photos = Exists(ImportPhoto.objects.filter(item=OuterRef("pk")))
    for item in items.filter(~has_photos):
        if is_photos_alone(item):
            item.delete()
    replan(source, [item.pk for item in items.all()])


def _title(text: str) -> str:
    check_text("title", text)
    title = " ".join(text.split())[:MAX_TITLE]
    if not title:
        raise conflict("title", "Give the new product a title.")
    return title


def _free_key(source: Import, name: str) -> str:
    taken = set(
        ImportItem.objects.filter(source=source, key__startswith=name).values_list("key", flat=True)
    )
    return next(
        key for n in range(len(taken) + 1) if (key := f"{name} {n + 1}" if n else name) not in taken
    )


def _named(catalog: Catalog, name: str) -> Product | None:
    sold = Variant.objects.alive().filter(catalog=catalog, sku=name).exclude(sku="")
    variant = sold.filter(product__deleted_at=None).select_related("product").first()
    if variant is not None:
        return variant.product
    return Product.objects.alive().filter(catalog=catalog, handle=name).first()
