"""What is published, for who looks at an address and for the pages that list them."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet

from catalog.models import Catalog, Photo, Placement, Product, ProductStatus, PublishedPhoto
from catalog.publishing.services import as_approved, publishable


def published_photo(token: str) -> Photo | None:
    """The photo that anybody may see at the address with this token just now."""
    row = (
        PublishedPhoto.objects.filter(
            token=token,
            revoked_at=None,
            placement__in=publishable(Placement.objects.all()),
        )
        .select_related("placement__photo")
        .first()
    )
    if row is None or not as_approved([row.placement]):
        return None
    return row.placement.photo


def addresses_of(catalog: Catalog) -> QuerySet[PublishedPhoto]:
    """The catalogue's addresses that are not revoked, newest first."""
    rows = PublishedPhoto.objects.filter(placement__product__catalog=catalog, revoked_at=None)
    return rows.select_related("placement__photo", "placement__product", "created_by")


def published_counts(products: list[Product]) -> dict[int, int]:
    """How many photos of each of these products have an address, by its id."""
    rows = PublishedPhoto.objects.filter(
        placement__product__in=products, placement__deleted_at=None, revoked_at=None
    )
    return dict(rows.order_by().values_list("placement__product").annotate(Count("pk")))


def publishing_state(product: Product) -> dict[str, Any]:
    """For catalog/published_product.html; `product` with its details."""
    return {
        "photos": len(product.placements.all()),
        "published": published_counts([product]).get(product.pk, 0),
        "is_approved": product.status == ProductStatus.APPROVED,
    }


def photo_counts(catalog: Catalog) -> dict[str, int]:
    """How many photos of approved products there are, and how many of them are `published`."""
    approved = publishable(Placement.objects.filter(product__catalog=catalog))
    return approved.aggregate(
        approved=Count("pk", distinct=True),
        published=Count("pk", filter=Q(published__revoked_at=None, published__isnull=False)),
    )


def approved_products(catalog: Catalog) -> QuerySet[Product]:
    return Product.objects.alive().filter(catalog=catalog, status=ProductStatus.APPROVED)
