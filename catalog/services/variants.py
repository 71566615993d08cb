"""Variants: what of a product is sold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.channels.gtin import gtin_problem
from catalog.models import Product, Variant
from catalog.services.attribute_values import check_text
from catalog.services.audit import audit
from catalog.services.errors import conflict, unique_handled
from catalog.services.locks import hold_part, lock_row
from catalog.services.reviewing import MONEY_COLUMNS, reviews_mark

VARIANT_FIELDS = frozenset(
    {
        "sku",
        "gtin",
        "mpn",
        "price",
        "compare_at_price",
        "cost",
        "currency",
        "weight_grams",
        "availability",
        "condition",
        *(f"option{n}_{part}" for n in (1, 2, 3) for part in ("name", "value")),
    }
)
HELD = (*VARIANT_FIELDS, "deleted_at")


def variant_save(
    variant: Variant, fields: Mapping[str, Any], *, as_it_was: bool = False
) -> Variant:
    """Check and save a variant's fields, and no others of one that is there already.

    Raises ValidationError with messages by field. `as_it_was` as for `variant_set`.
    """
    variant_set(variant, fields, as_it_was=as_it_was)
    variant.save(update_fields=[*fields, "currency"] if variant.pk else None)
    return variant


def variant_set(variant: Variant, fields: Mapping[str, Any], *, as_it_was: bool = False) -> None:
    """Set and check a variant's fields without saving them, in no query.

    Raises ValidationError with messages by field. What stood there before comes back `as_it_was`,
    also a GTIN that is none.
    """
    if "gtin" in fields and not as_it_was:
        gtin_check(variant.gtin, fields["gtin"])
    for name, value in fields.items():
        if name not in VARIANT_FIELDS:
            raise conflict(name, "This is not a field of a variant.")
        check_text(name, value)
        if isinstance(value, str):
            value = value.strip()  # noqa: PLW2901 -- the same value, tidied
        setattr(variant, name, "" if value is None and _is_text(name) else value)
    variant.currency = (variant.currency or variant.catalog.currency).upper()
    variant.full_clean(exclude=["product", "catalog"])


def gtin_check(before: str, after: Any) -> None:
    """Raises ValidationError on the field for a new GTIN that is none, with what is wrong with it.

    What stands there already may stand: a shop that has wrong ones can change all else.
    """
    if isinstance(after, str) and after.strip() != before:
        check_text("gtin", after)
        if wrong := gtin_problem(after):
            raise ValidationError({"gtin": [wrong]})


def _is_text(name: str) -> bool:
    return not Variant._meta.get_field(name).null  # noqa: SLF001 -- Django's public model meta


def changed_fields(row: Product | Variant, fields: Mapping[str, Any]) -> dict[str, list[str]]:
    """Before and after of what really changes."""
    return {
        name: [str(getattr(row, name)), str(value)]
        for name, value in fields.items()
        if getattr(row, name) != value
    }


def variant_create(*, product: Product, actor: Any, **fields: Any) -> Variant:
    """Add a variant after those there are. Raises ValidationError with messages by field."""
    with unique_handled(), transaction.atomic():
        lock_row(product)
        last = product.variants.order_by("-position").first()
        variant = variant_save(
            Variant(
                product=product,
                catalog=product.catalog,
                currency=product.catalog.currency,
                position=last.position + 1 if last else 0,
            ),
            fields,
        )
        reviews_mark([product.pk], MONEY_COLUMNS)
        audit(
            actor=actor,
            action="variant.create",
            target=product,
            catalog=product.catalog,
            summary=str(variant),
        )
    return variant


def variant_update(
    *, variant: Variant, actor: Any, as_it_was: bool = False, **fields: Any
) -> Variant:
    """Change a variant. Raises ValidationError with messages by field, or when it is deleted.

    `as_it_was` as for `variant_set`.
    """
    with unique_handled(), transaction.atomic():
        hold_part(variant, HELD)
        if variant.deleted_at is not None:
            raise conflict("", "This variant was deleted. Bring it back first.")
        changes = changed_fields(variant, fields)
        variant_save(variant, fields, as_it_was=as_it_was)
        reviews_mark([variant.product_id], MONEY_COLUMNS & changes.keys())
        audit(
            actor=actor,
            action="variant.update",
            target=variant.product,
            catalog=variant.catalog,
            summary=f"{variant}: {', '.join(sorted(changes))}",
            data=changes,
        )
    return variant


@transaction.atomic
def variant_delete(*, variant: Variant, actor: Any) -> None:
    """Delete a variant; it can be brought back. Raises ValidationError for a product's last one."""
    hold_part(variant, HELD)
    if variant.deleted_at is not None:
        return
    others = variant.product.variants.filter(deleted_at=None).exclude(pk=variant.pk)
    if not others.exists():
        raise conflict("", "A product has at least one variant. Delete the product instead.")
    variant.deleted_at = timezone.now()
    variant.save(update_fields=["deleted_at"])
    reviews_mark([variant.product_id], MONEY_COLUMNS)
    audit(
        actor=actor,
        action="variant.delete",
        target=variant.product,
        catalog=variant.catalog,
        summary=str(variant),
    )


def variant_restore(*, variant: Variant, actor: Any) -> None:
    """Bring a variant back.

    Raises ValidationError when its SKU was given to another, it was removed for good, or its
    product is deleted.
    """
    with unique_handled(), transaction.atomic():
        hold_part(variant, HELD)
        if variant.deleted_at is None:
            return
        if Product.objects.deleted().filter(pk=variant.product_id).exists():
            raise conflict("", "Its product is deleted. Bring the product back first.")
        variant.deleted_at = None
        variant.save(update_fields=["deleted_at"])
        reviews_mark([variant.product_id], MONEY_COLUMNS)
        audit(
            actor=actor,
            action="variant.restore",
            target=variant.product,
            catalog=variant.catalog,
            summary=str(variant),
        )
