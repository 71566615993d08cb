"""For which channels products are ready, and what keeps the others out."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from catalog import selectors
from catalog.channels.counting import Readiness, readiness_forget, readiness_of
from catalog.channels.targets import (
    requirement_title,
    target_add,
    target_label,
    target_remove,
    targets_of,
)
from catalog.models import ChannelTarget, ReadinessCheck, ReadinessGap

router = Router(tags=["channels"])


class LackOut(Schema):
    requirement: str
    title: str
    severity: str = Field(description='"required" keeps a product out, "recommended" does not')
    products: int


class TargetOut(Schema):
    id: int
    channel: str
    country: str = Field(description="Two letters, ISO 3166")
    label: str

    @classmethod
    def of(cls, target: ChannelTarget) -> TargetOut:
        return cls(
            id=target.pk,
            channel=target.channel,
            country=target.country,
            label=target_label(target),
        )


class ReadinessOut(TargetOut):
    """Counts of products that are neither deleted nor archived, some seconds old."""

    products: int
    ready: int
    ready_and_approved: int = Field(description="Ready, and as they were approved")
    not_ready: int
    waiting: int = Field(description="Still to be checked: neither ready nor not")
    lacks: list[LackOut]

    @classmethod
    def of_readiness(cls, found: Readiness) -> ReadinessOut:
        channel = found.target.channel
        return cls(
            **TargetOut.of(found.target).model_dump(),
            products=found.products,
            ready=found.ready,
            ready_and_approved=found.approved,
            not_ready=found.not_ready,
            waiting=found.waiting,
            lacks=[
                LackOut(
                    requirement=each.requirement,
                    title=requirement_title(channel, each.requirement),
                    severity=each.severity,
                    products=each.products,
                )
                for each in found.lacks
            ],
        )


class GapOut(Schema):
    requirement: str
    severity: str
    message: str


class ProductReadinessOut(TargetOut):
    ready: bool | None = Field(description="null while the product is still to be checked")
    gaps: list[GapOut]


class ProductChannelsOut(Schema):
    checked_at: datetime | None
    channels: list[ProductReadinessOut]


class TargetIn(Schema):
    channel: str = Field(description="google, meta or shopify")
    country: str = Field(description="Two letters, ISO 3166, such as DE")


@router.get("/catalogs/{slug:slug}/channels", response=list[ReadinessOut])
def channels_list(request: HttpRequest, slug: str) -> Any:
    """How a catalogue stands with each channel and country that it is sold in."""
    catalog = selectors.catalog_for(request.user, slug)
    return [ReadinessOut.of_readiness(each) for each in readiness_of(catalog)]


@router.post("/catalogs/{slug:slug}/channels", response={201: TargetOut})
def channel_create(request: HttpRequest, slug: str, data: TargetIn) -> Any:
    """Have products checked for another channel and country. One that is there stays as it is."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    target = target_add(
        catalog=catalog, channel=data.channel, country=data.country, actor=request.user
    )
    readiness_forget(catalog)
    return Status(int(HTTPStatus.CREATED), TargetOut.of(target))


@router.delete("/catalogs/{slug:slug}/channels/{int:pk}", response={204: None})
def channel_delete(request: HttpRequest, slug: str, pk: int) -> Any:
    """Check products for a channel and country no longer; adding it again brings it back."""
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    target_remove(target=selectors.channel_target_in(catalog, pk), actor=request.user)
    readiness_forget(catalog)
    return Status(int(HTTPStatus.NO_CONTENT), None)


@router.get("/products/{int:pk}/channels", response=ProductChannelsOut)
def product_channels(request: HttpRequest, pk: int) -> Any:
    """What a product lacks for each channel of its catalogue."""
    product = selectors.product_for(request.user, pk)
    check = ReadinessCheck.objects.filter(product=product).first()
    gaps: dict[int, list[ReadinessGap]] = defaultdict(list)
    for gap in ReadinessGap.objects.filter(product=product).order_by("pk"):
        gaps[gap.target_id].append(gap)
    is_fresh = check is not None and not check.stale
    return ProductChannelsOut(
        checked_at=check.checked_at if check and is_fresh else None,
        channels=[
            _product_readiness(target, gaps[target.pk], is_fresh=is_fresh and _reached(target, pk))
            for target in targets_of(product.catalog)
        ],
    )


def _reached(target: ChannelTarget, pk: int) -> bool:
    """Whether the product was checked against a target that is perhaps new."""
    return target.marked_through is None or pk <= target.marked_through


def _product_readiness(
    target: ChannelTarget, gaps: list[ReadinessGap], *, is_fresh: bool
) -> ProductReadinessOut:
    ready = not any(gap.severity == "required" for gap in gaps)
    return ProductReadinessOut(
        **TargetOut.of(target).model_dump(),
        ready=ready if is_fresh else None,
        gaps=[
            GapOut(requirement=gap.requirement, severity=gap.severity, message=gap.message)
            for gap in gaps
        ],
    )
