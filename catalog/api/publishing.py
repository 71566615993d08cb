"""Published photos over the API: which there are, published, revoked."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from catalog import selectors
from catalog.api.errors import Refusal
from catalog.api.jobs import JobOut, accepted
from catalog.api.schemas import Id, Strict
from catalog.models import PhotoPublishing, PublishedPhoto
from catalog.publishing import services
from catalog.publishing.many import products_publish
from catalog.publishing.reading import addresses_of, approved_products, photo_counts
from catalog.publishing.services import photo_address

router = Router(tags=["published photos"])
PAGE = 200
MOST_IDS = 10_000


class AddressOut(Schema):
    """A photo's address that anybody may open while its product is approved."""

    id: int
    product: int
    photo: int
    address: str
    created_at: datetime

    @classmethod
    def of(cls, row: PublishedPhoto) -> AddressOut:
        return cls(
            id=row.pk,
            product=row.placement.product_id,
            photo=row.placement.photo_id,
            address=photo_address(row.token),
            created_at=row.created_at,
        )


class PublishedOut(Schema):
    """A page of addresses, the newest first."""

    approved: int = Field(description="Photos of approved products that there are")
    published: int = Field(description="How many of them have an address")
    keeps: bool = Field(
        description="Whether photos of what is approved are published by themselves"
    )
    photos: list[AddressOut]
    next_after: int | None = Field(description="Send as `after` for the next page")


class PublishIn(Strict):
    """Of which products: those of `ids`, or everything approved; with `keep`, also of what will be."""

    ids: list[Id] = Field([], max_length=MOST_IDS)
    everything: bool = False
    keep: bool | None = Field(None, description="false ends it; what is published stays so")


class PublishingOut(Schema):
    """What was done at once."""

    photos: int = Field(description="Photos that got an address")
    changed: int = Field(description="Products that they are of")
    left: int = Field(description="Products that are not approved, or were published already")


class RevokedOut(Schema):
    revoked: int


@router.get("/catalogs/{slug:slug}/published", response=PublishedOut)
def published_list(request: HttpRequest, slug: str, after: int | None = None) -> Any:
    """Photos that are published, and their addresses."""
    catalog = selectors.catalog_for(request.user, slug)
    rows = addresses_of(catalog).order_by("-pk")
    if after is not None:
        rows = rows.filter(pk__lt=after)
    page = list(rows[: PAGE + 1])
    return PublishedOut(
        **photo_counts(catalog),
        keeps=PhotoPublishing.objects.filter(catalog=catalog).exists(),
        photos=[AddressOut.of(row) for row in page[:PAGE]],
        next_after=page[PAGE - 1].pk if len(page) > PAGE else None,
    )


@router.post("/catalogs/{slug:slug}/published", response={200: PublishingOut, 202: JobOut})
def publish(request: HttpRequest, slug: str, body: PublishIn) -> Any:
    """Publish photos of approved products; of more than 500 products by a job: 202."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    if body.everything and body.ids:
        message = "Name products by `ids`, or say `everything`."
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", message, {"ids": [message]})
    if body.keep:
        services.publishing_keep(catalog=catalog, actor=request.user)
    elif body.keep is False:
        services.publishing_end(catalog=catalog, actor=request.user)
    ids = list(approved_products(catalog).values_list("pk", flat=True))
    if not (body.everything or body.keep):
        ids = sorted(set(body.ids))
    started = products_publish(catalog=catalog, ids=ids, actor=request.user)
    if started.job is not None:
        return accepted(started.job)
    return Status(200, PublishingOut(**started.result))


@router.delete("/catalogs/{slug:slug}/published", response=RevokedOut)
def published_revoke(request: HttpRequest, slug: str) -> Any:
    """Revoke every address, for ever, and publish nothing more by itself."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    return {"revoked": services.catalog_photos_revoke(catalog=catalog, actor=request.user)}


@router.get("/products/{int:pk}/published", response=list[AddressOut])
def product_published(request: HttpRequest, pk: int) -> Any:
    """The addresses of a product's photos."""
    product = selectors.product_for(request.user, pk)
    rows = addresses_of(product.catalog).filter(placement__product=product.pk)
    return [AddressOut.of(row) for row in rows.order_by("placement__position", "placement")]


@router.delete("/products/{int:pk}/published", response=RevokedOut)
def product_revoke(request: HttpRequest, pk: int) -> Any:
    """Revoke the addresses of a product's photos, for ever."""
    product = selectors.product_for(request.user, pk, selectors.EDIT)
    placements = list(product.placements.all())
    return {"revoked": services.photos_revoke(placements=placements, actor=request.user)}
