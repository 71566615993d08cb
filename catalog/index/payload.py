"""What the index keeps beside a vector, so that it can filter: computed for many points at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from catalog.models import AttributeDefinition, CurrentTerm, Placement, Variant
from catalog.services.attribute_values import CATEGORY
from prodintel.engine.vectors import Field, FieldSchema

CATALOG = "catalog"
PRODUCT = "product"
STATUS = "status"
PRICE = "price"
BRAND = "brand"
ROLE = "role"
ATTRIBUTES = "attr"


def payload_fields() -> tuple[Field, ...]:
    """Every field that can be filtered by, the vocabulary's attributes included."""
    fixed = (
        Field(CATALOG, FieldSchema.INTEGER),
        Field(PRODUCT, FieldSchema.INTEGER),
        Field(STATUS, FieldSchema.KEYWORD),
        Field(ROLE, FieldSchema.KEYWORD),
        Field(CATEGORY, FieldSchema.KEYWORD),
        Field(BRAND, FieldSchema.KEYWORD),
        Field(PRICE, FieldSchema.FLOAT),
    )
    keys = AttributeDefinition.objects.filter(filterable=True).values_list("key", flat=True)
    return fixed + tuple(Field(f"{ATTRIBUTES}.{key}", FieldSchema.KEYWORD) for key in sorted(keys))


def payloads(placements: Collection[Placement]) -> dict[int, dict[str, Any]]:
    """The payload of each placement by its id, in three queries however many there are.

    The placements must have their product, its category and its catalogue loaded.
    """
    product_ids = {placement.product_id for placement in placements}
    terms: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in CurrentTerm.objects.filter(product_id__in=product_ids).exclude(field=CATEGORY):
        terms[row.product_id][row.field].append(row.value)
    prices: dict[int, list[tuple[str, float]]] = defaultdict(list)
    for variant in Variant.objects.alive().filter(product_id__in=product_ids, price__isnull=False):
        prices[variant.product_id].append((variant.currency, float(variant.price)))
    return {
        placement.pk: {
            CATALOG: placement.product.catalog_id,
            PRODUCT: placement.product_id,
            ROLE: placement.role,
            STATUS: placement.product.status,
            BRAND: placement.product.brand,
            CATEGORY: category_path(placement.product),
            PRICE: [
                price
                for currency, price in prices[placement.product_id]
                if currency == placement.product.catalog.currency
            ],
            ATTRIBUTES: {
                field: sorted(set(values)) for field, values in terms[placement.product_id].items()
            },
        }
        for placement in placements
    }


def category_path(product: Any) -> list[str]:
    """The product's category and all above it, so that a filter on one finds what is below."""
    if product.category is None:
        return []
    parts = product.category.path.split("/")
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]
