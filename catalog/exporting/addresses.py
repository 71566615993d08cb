"""Where the photos of an export can be had."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from django.urls import reverse

from catalog.models import Photo
from catalog.publishing.addresses import site_address
from catalog.publishing.services import published_addresses
from catalog.renditions import WIDTHS

PUBLISHED, ALL, NONE = "published", "all", "none"


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
    """Published addresses, and our own for the rest, where a member's session or token is asked for.

    `base` is this site's address without a slash at its end, if it is not the one it is known by.
    """

    base: str = ""
    published_only: bool = False

    def of(self, photos: Collection[Standing]) -> Mapping[int, str]:
        published = published_addresses([each.placement_id for each in photos])
        if self.published_only:
            return published
        base = self.base or site_address()
        return {
            each.placement_id: base + reverse("catalog:photo", args=[each.photo.pk, WIDTHS[-1]])
            for each in photos
        } | published


def addresses(choice: str, base: str) -> Addresses:
    """What a choice of photo addresses means: PUBLISHED, ALL or NONE."""
    return NoAddresses() if choice == NONE else OwnAddresses(base, choice == PUBLISHED)
