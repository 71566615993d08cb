"""The filter of the product list for what is ready for a channel, and for what lacks something."""

from __future__ import annotations

import re

from django.db.models import Exists, OuterRef, Q, QuerySet

from catalog.models import (
    ChannelTarget,
    Product,
    ProductStatus,
    ReadinessCheck,
    ReadinessGap,
)

Channel = tuple[str, str]
READY, NOT_READY = "yes", "no"
_CHANNEL = re.compile(r"([a-z0-9_-]{1,20}):([A-Z]{2})")
_REQUIREMENT = re.compile(r"[a-z0-9_-]{1,60}")
KEEPS_OUT = "required"


def channel_of(text: str) -> Channel | None:
    """A channel and country as an address writes it, such as google:DE."""
    match = _CHANNEL.fullmatch(text)
    return (match[1], match[2]) if match else None


def requirement_of(text: str) -> str:
    return text if _REQUIREMENT.fullmatch(text) else ""


def sellable(products: QuerySet[Product]) -> QuerySet[Product]:
    """Those that are meant to be sold: what is archived need not be ready for anything."""
    return products.exclude(status=ProductStatus.ARCHIVED)


def lacking(products: QuerySet[Product], channel: Channel, requirement: str) -> QuerySet[Product]:
    """Those that lack this for the channel."""
    gaps = _gaps(channel).filter(requirement=requirement)
    return sellable(products).filter(Exists(gaps))


def ready(products: QuerySet[Product], channel: Channel, answer: str) -> QuerySet[Product]:
    """Those that are ready for the channel, or those that something keeps out of it.

    Of what is not checked yet nobody knows: it is neither.
    """
    checked = ReadinessCheck.objects.filter(product=OuterRef("pk"), stale=False)
    # Checked against other targets, a product may still be to be checked against a new one.
    through = Q(marked_through=None) | Q(marked_through__gte=OuterRef("pk"))
    reached = _targets(channel).filter(through, catalog=OuterRef("catalog"))
    known = sellable(products).filter(Exists(checked), Exists(reached))
    kept_out = Exists(_gaps(channel).filter(severity=KEEPS_OUT))
    return known.filter(kept_out) if answer == NOT_READY else known.exclude(kept_out)


def _targets(channel: Channel) -> QuerySet[ChannelTarget]:
    name, country = channel
    return ChannelTarget.objects.filter(channel=name, country=country, removed_at=None)


def _gaps(channel: Channel) -> QuerySet[ReadinessGap]:
    return ReadinessGap.objects.filter(product=OuterRef("pk"), target__in=_targets(channel))
