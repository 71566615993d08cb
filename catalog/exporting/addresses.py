"""Where the photos of an export can be had."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from catalog.models import ImportPhoto, Photo
from catalog.publishing.addresses import site_address
from catalog.publishing.services import published_addresses
from catalog.renditions import WIDTHS

PUBLIC, ALL, NONE = "public", "all", "none"


@dataclass(frozen=True)
class Standing:
    """A photo where it stands: on which placement, as the how many-th of its product."""

    placement_id: int
    photo: Photo
    handle: str
    place: int


class Addresses(Protocol):
    """Says where photos can be had; it is asked once for those of many products."""

    def of(self, photos: Collection[Standing]) -> Mapping[int, str]:
        """By placement; those without an address are left out."""


@dataclass(frozen=True)
class NoAddresses:
    """Photos are left out."""

    def of(self, photos: Collection[Standing]) -> Mapping[int, str]:
        del photos
        return {}


@dataclass(frozen=True)
class OwnAddresses:
    """Published addresses, for the rest those they were fetched from, and else our own.

    Our own asks for a member's session or token, and is left out with `public_only`. `base` is this
    site's address without a slash at its end, if it is not the one it is known by.
    """

    base: str = ""
    public_only: bool = False

    def of(self, photos: Collection[Standing]) -> Mapping[int, str]:
        placements = [each.placement_id for each in photos]
        known = _fetched_from(placements) | published_addresses(placements)
        if self.public_only:
            return known
        base = self.base or site_address()
        return {
            each.placement_id: base + reverse("catalog:photo", args=[each.photo.pk, WIDTHS[-1]])
            for each in photos
        } | known


def fetched_openly() -> QuerySet[ImportPhoto]:
    """Photos that imports fetched from the open internet: not from a host that this site alone was
    allowed to ask, whose addresses are nobody else's business.
    """
    rows = ImportPhoto.objects.filter(source__startswith="http")
    for host in settings.FETCH_ALLOWED_HOSTS:
        for scheme in ("http", "https"):
            for end in ("/", ":"):
                rows = rows.exclude(source__istartswith=f"{scheme}://{host}{end}")
    return rows


def _fetched_from(placements: Collection[int]) -> dict[int, str]:
    """Where photos came from that an import fetched. Whoever has them there need not fetch them."""
    rows = fetched_openly().filter(placement__in=placements)
    return dict(rows.order_by("-pk").values_list("placement", "source"))


def addresses(choice: str, base: str) -> Addresses:
    """What a choice of photo addresses means: PUBLIC, ALL or NONE."""
    return NoAddresses() if choice == NONE else OwnAddresses(base, choice == PUBLIC)
