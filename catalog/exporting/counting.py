"""What an export is of, and what its products lack for where they go."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from catalog.exporting.addresses import ALL, NONE, fetched_openly
from catalog.exporting.exports import Export
from catalog.models import Placement, Product, PublishedPhoto, Variant


@dataclass(frozen=True)
class Counted:
    """How many products go out, and of those how many are without something."""

    products: int
    without_photo: int = 0
    without_address: int = 0
    without_link: int = 0
    without_price: int = 0
    other_currency: int = 0


def counted(export: Export, chosen: QuerySet[Product]) -> Counted:
    """In one query where nothing is missed, in a few where the format is for a channel."""
    going = export.products(chosen).order_by()
    count = going.count()
    if not export.form.for_channel or not count:
        return Counted(count)
    standing = Placement.objects.alive().filter(product=OuterRef("pk"))
    sold = Variant.objects.alive().filter(product=OuterRef("pk"))
    pictured = going.filter(Exists(standing))
    return Counted(
        products=count,
        without_photo=count - pictured.count(),
        without_address=_without_address(export, pictured),
        without_link=going.filter(product_url="").count(),
        without_price=going.filter(~Exists(sold.filter(price__isnull=False))).count(),
        other_currency=going.filter(Exists(sold.exclude(currency=export.catalog.currency))).count(),
    )


def _without_address(export: Export, pictured: QuerySet[Product]) -> int:
    """Products with photos, none of which anybody can open."""
    if export.photos in (ALL, NONE):
        return 0
    published = PublishedPhoto.objects.filter(
        placement__product=OuterRef("pk"), placement__deleted_at=None, revoked_at=None
    )
    fetched = fetched_openly().filter(placement__product=OuterRef("pk"), placement__deleted_at=None)
    return pictured.exclude(Exists(published) | Exists(fetched)).count()
