"""Photos as a vision model is sent them: which ones, how large, in which form."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PIL.Image import Resampling

from catalog import storage
from catalog.models import Photo, PhotoRole, Placement
from catalog.models.photo import SIMILARITY_ROLES
from catalog.vision.limits import PhotoRejected
from catalog.vision.opening import load_reduced
from prodintel.llm.types import Image

LONGEST_SIDE = 1024
# Of all the photos of a call together: providers take 4 MB of base64, which is a third longer.
MAX_BYTES = 2_800_000
# Tried in turn until a photo is small enough: quality, longest side.
SIZES = ((85, LONGEST_SIDE), (65, LONGEST_SIDE), (65, 768), (50, 512))
# A tile of so many pixels is a token to the vision models that are known.
PIXELS_A_TOKEN = 28 * 28


@dataclass(frozen=True)
class Sent:
    """A photo ready to be sent, and how many tokens it is worth."""

    placement: Placement
    image: Image
    tokens: int


class NothingToSeeError(Exception):
    """None of the photos can be opened; the message says why."""


def in_order(placements: Iterable[Placement]) -> list[Placement]:
    """The main photo first, then what shows the product, then packaging and charts."""
    return sorted(placements, key=lambda each: turn(each.role, each.position, each.pk))


def turn(role: str, position: int, pk: int) -> tuple[bool, bool, int, int]:
    """What photos are sorted by, smaller first, from what is known of where each stands."""
    return role != PhotoRole.MAIN, role not in SIMILARITY_ROLES, position, pk


def prepared(placements: Sequence[Placement], limit: int) -> list[Sent]:
    """The first `limit` photos that can be opened, small enough to be sent together.

    Raises NothingToSeeError when none can be, StorageUnavailable.
    """
    found: list[Sent] = []
    problem = ""
    for placement in placements:
        if len(found) == limit:
            break
        try:
            data, (width, height) = _encoded(placement.photo, MAX_BYTES // limit)
        except (PhotoRejected, storage.FileMissing, ValueError) as error:
            # ValueError: no copy was made of it that may be opened here.
            problem = problem or str(error)
            continue
        found.append(Sent(placement, Image(data), width * height // PIXELS_A_TOKEN + 1))
    if not found:
        raise NothingToSeeError(f"None of the product's photos can be opened. {problem}".strip())
    return found


def _encoded(photo: Photo, most: int) -> tuple[bytes, tuple[int, int]]:
    image = load_reduced(storage.read(photo.readable_name), LONGEST_SIDE)
    for quality, side in SIZES:
        image.thumbnail((side, side), Resampling.BICUBIC, reducing_gap=2.0)
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=quality)
        if stream.tell() <= most:
            break
    return stream.getvalue(), image.size
