"""Products and their variants: created, changed, deleted, brought back."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, F
from django.utils import timezone
from django.utils.text import slugify

from catalog.models import Catalog, Photo, PhotoRole, Placement, Product, ProductStatus, Variant
from catalog.models.photo import SIMILARITY_ROLES
from catalog.models.shapes import check_tags
from catalog.services.approval import versions_record
from catalog.services.attribute_values import CATEGORY, COLUMN_FIELDS, check_text
from catalog.services.audit import audit, audit_many
from catalog.services.errors import conflict, unique_handled
from catalog.services.ledger import attribute_set
from catalog.services.locks import hold_products, lock_row
from catalog.services.photo_files import photo_files, photo_files_restore, photos_record
from catalog.services.photos import StagedPhoto, photos_place, title_from_name
from catalog.services.reviewing import reviews_mark
from catalog.services.statuses import MOVED
from catalog.services.variants import VARIANT_FIELDS, changed_fields, variant_save

PRODUCT_FIELDS = frozenset(
    {"title", "description", "brand", "tags", "product_url", "status", "handle"}
)


@dataclass(frozen=True)
class Created:
    """A product, and whether it was there already with the same photo."""

    product: Product
    duplicate: bool = False


def product_create(
    *,
    catalog: Catalog,
    actor: Any,
    photos: Sequence[StagedPhoto] = (),
    variants: Sequence[Mapping[str, Any]] = (),
    attributes: Mapping[str, Any] | None = None,
    allow_duplicate: bool = False,
    **fields: Any,
) -> Created:
    """Create a product with its photos and variants, all or nothing.

    `fields` are the product's plain fields and, for a simple product, its variant's. Without
    `allow_duplicate`, a product that the first photo shows and that has all the others already is
    returned instead. Raises ValidationError with messages by field.
    """
    if photos and not allow_duplicate:
        twin = _product_showing(catalog, [photo.opened.sha256 for photo in photos])
        if twin is not None:
            photo_files_restore(catalog=catalog, photos=photos, actor=actor)
            return Created(twin, duplicate=True)
    plain, sold = fields_split(fields)
    plain["title"] = plain.get("title") or (title_from_name(photos[0].name) if photos else "")
    try:
        with (
            photo_files(catalog=catalog, photos=photos) as stored,
            unique_handled(),
            transaction.atomic(),
        ):
            rows = photos_record(catalog=catalog, stored=stored, actor=actor)
            if rows and not allow_duplicate:
                _refuse_twin(catalog, rows)
            product = _product_save(Product(catalog=catalog, created_by=actor), plain)
            for position, each in enumerate(variants or [{}]):
                variant = Variant(
                    product=product, catalog=catalog, currency=catalog.currency, position=position
                )
                variant_save(variant, {**sold, **each})
            photos_place(product=product, photos=rows, actor=actor)
            now = timezone.now()
            for name, value in (attributes or {}).items():
                attribute_set(product=product, field=name, value=value, actor=actor, at=now)
            audit(
                actor=actor,
                action="product.create",
                target=product,
                catalog=catalog,
                summary=product.title,
            )
            if product.status == ProductStatus.APPROVED:
                versions_record(products=[product], actor=actor, moved=[product.pk])
    except _TwinFound as found:
        return Created(found.product, duplicate=True)
    return Created(product)


def fields_split(fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The product's own fields, tidied, and its variant's. Raises ValidationError for any other name."""
    unknown = set(fields) - PRODUCT_FIELDS - VARIANT_FIELDS
    if unknown:
        raise ValidationError({name: ["This field cannot be changed."] for name in unknown})
    plain = {name: _tidy(name, fields[name]) for name in fields if name in PRODUCT_FIELDS}
    return plain, {name: value for name, value in fields.items() if name in VARIANT_FIELDS}


def _tidy(name: str, value: Any) -> Any:
    """A value as columns keep it: text without spaces around it, empty instead of None."""
    if name == "tags":
        return _tidy_tags(value)
    check_text(name, value)
    return value.strip() if isinstance(value, str) else ("" if value is None else value)


def _tidy_tags(value: Any) -> list[str]:
    """Tags without spaces around them, each once."""
    tags = list(value) if isinstance(value, tuple) else value or []
    try:
        check_tags(tags)
    except ValidationError as error:
        raise ValidationError({"tags": error.messages}) from error
    return list(dict.fromkeys(tag.strip() for tag in tags))


class _TwinFound(Exception):  # noqa: N818 -- an answer, not a fault
    """Somebody made a product of the same photo a moment ago; what was begun is rolled back."""

    def __init__(self, product: Product) -> None:
        super().__init__()
        self.product = product


def _refuse_twin(catalog: Catalog, photos: Sequence[Photo]) -> None:
    """Look again, now that the photos' rows make others that have the same bytes wait."""
    twin = _product_showing(catalog, [photo.sha256 for photo in photos])
    if twin is not None:
        raise _TwinFound(twin)


def _product_save(product: Product, plain: Mapping[str, Any]) -> Product:
    """Save a new product. A handle that nobody asked for gives way to one that is taken."""
    for name, value in plain.items():
        setattr(product, name, value)
    if product.handle:
        product.full_clean(validate_constraints=False)
        product.save()
        return product
    product.handle = _free_handle(product.catalog, product.title)
    product.full_clean(validate_constraints=False)
    try:
        with transaction.atomic():
            product.save()
    except IntegrityError:
        product.handle = _numbered_handle(product.title)
        product.save()
    return product


def _product_showing(catalog: Catalog, sums: Sequence[str]) -> Product | None:
    """The product with all these bytes, shown by the first: best the one whose main photo it is."""
    standing = Placement.objects.alive().filter(photo__catalog=catalog)
    on_one = standing.filter(photo__sha256__in=sums).order_by().values("product")
    complete = on_one.annotate(n=Count("photo", distinct=True)).filter(n=len(set(sums)))
    showing = (
        standing.filter(photo__sha256=sums[0], role__in=SIMILARITY_ROLES)
        .filter(product__in=complete.values("product"), product__deleted_at=None)
        .select_related("product__catalog")
        .order_by("product_id")
    )
    found = showing.filter(role=PhotoRole.MAIN).first() or showing.first()
    return found.product if found is not None else None


def _free_handle(catalog: Catalog, title: str) -> str:
    stem = slugify(title)[:120]
    taken = Product.objects.alive().filter(catalog=catalog, handle=stem).exists()
    return _numbered_handle(title) if taken or not stem else stem


def _numbered_handle(title: str) -> str:
    return f"{slugify(title)[:120] or 'product'}-{secrets.token_hex(4)}"


def product_update(
    *,
    product: Product,
    actor: Any,
    fields: Mapping[str, Any] | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Product:
    """Change plain fields (a simple product's variant fields too) and attributes as a person.

    The status "approved" among them approves what the product then is, also where it is so already.
    Raises ValidationError with messages by field, and changes nothing then; also for a status when
    somebody else has changed it since the product was read.
    """
    plain, sold = fields_split(fields or {})
    with unique_handled(), transaction.atomic():
        lock_row(product)
        if (
            "status" in plain
            and not Product.objects.filter(pk=product.pk, status=product.status).exists()
        ):
            raise conflict("status", MOVED)
        changes = product_set(product, plain)
        if changes:
            product.save(update_fields=[*plain, "updated_at"])
        if sold:
            changes |= _update_only_variant(product, sold)
        now = timezone.now()
        for name, value in (attributes or {}).items():
            attribute_set(product=product, field=name, value=value, actor=actor, at=now)
        if changes:
            reviews_mark([product.pk], COLUMN_FIELDS & changes.keys())
            audit(
                actor=actor,
                action="product.update",
                target=product,
                catalog=product.catalog,
                summary=", ".join(sorted(changes)),
                data=changes,
            )
        if plain.get("status") == ProductStatus.APPROVED:
            moved = [product.pk] if "status" in changes else []
            versions_record(products=[product], actor=actor, moved=moved)
    return product


def product_set(product: Product, plain: Mapping[str, Any]) -> dict[str, list[str]]:
    """Set and check plain fields without saving them, in no query; returns what really changes, before
    and after. Raises ValidationError with messages by field.
    """
    changes = changed_fields(product, plain)
    if changes:
        for name, value in plain.items():
            setattr(product, name, value)
        # What it refers to is not among them.
        product.full_clean(exclude=["catalog", "created_by", "category"])
    return changes


def _update_only_variant(product: Product, fields: Mapping[str, Any]) -> dict[str, list[str]]:
    variants = list(product.variants.filter(deleted_at=None).order_by("position", "pk")[:2])
    if not variants:
        raise conflict("", "This product was deleted. Bring it back first.")
    if len(variants) != 1:
        raise conflict(
            next(iter(fields)), "This product has several variants: change the variant itself."
        )
    changes = changed_fields(variants[0], fields)
    variant_save(variants[0], fields)
    return changes


def product_add_photos(
    *, product: Product, photos: Sequence[StagedPhoto], actor: Any, role: str = ""
) -> list[Placement]:
    """Store photos and put them on a product. Raises ValidationError, StorageUnavailable."""
    catalog = product.catalog
    with photo_files(catalog=catalog, photos=photos) as stored, transaction.atomic():
        lock_row(product)
        rows = photos_record(catalog=catalog, stored=stored, actor=actor)
        return photos_place(product=product, photos=rows, actor=actor, role=role)


@transaction.atomic
def products_delete(*, products: Iterable[Product], actor: Any) -> list[int]:
    """Hide products everywhere, at once; they can be brought back for 30 days. Returns their ids."""
    now = timezone.now()
    rows = [row for row in hold_products(products) if row.deleted_at is None]
    ids = [row.pk for row in rows]
    Variant.objects.filter(product__in=ids, deleted_at=None).update(deleted_at=now)
    Product.objects.filter(pk__in=ids).update(deleted_at=now, updated_at=now)
    audit_many(actor=actor, action="product.delete", targets=[(row, str(row)) for row in rows])
    _now_have(rows, deleted_at=now)
    return ids


def products_restore(*, products: Iterable[Product], actor: Any) -> list[int]:
    """Bring deleted products back, with the variants that were deleted with them.

    Raises ValidationError when a SKU or handle was given to another product meanwhile.
    """
    with unique_handled(), transaction.atomic():
        rows = [row for row in hold_products(products, vector=True) if row.deleted_at is not None]
        ids = [row.pk for row in rows]
        with_product = Variant.objects.filter(
            product__in=ids, deleted_at=F("product__deleted_at")
        ).values_list("pk", flat=True)
        Variant.objects.filter(pk__in=list(with_product)).update(deleted_at=None)
        Product.objects.filter(pk__in=ids).update(deleted_at=None, updated_at=timezone.now())
        audit_many(actor=actor, action="product.restore", targets=[(row, str(row)) for row in rows])
    _now_have(rows, deleted_at=None)
    return ids


def products_set_category(*, products: Iterable[Product], path: str | None, actor: Any) -> int:
    """Give products a category as a person; returns how many."""
    with transaction.atomic():
        rows = hold_products(products)
        for product in rows:
            attribute_set(product=product, field=CATEGORY, value=path, actor=actor)
    return len(rows)


def _now_have(products: Iterable[Product], **values: Any) -> None:
    for product in products:
        for name, value in values.items():
            setattr(product, name, value)
