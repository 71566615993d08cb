"""Where photos of an export can be had by those who read it."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.exporting.addresses import PUBLIC, Standing, addresses
from catalog.models import Import, ImportPhoto, Placement

pytestmark = pytest.mark.django_db
ELSEWHERE = "https://cdn.shop.example/mug.jpg"
INSIDE = "http://photos.internal:8099/mug.jpg"


@pytest.fixture
def given(catalog: Any, mug: Any) -> Any:
    """The address that an export gives for a photo that an import fetched."""
    placement = Placement.objects.select_related("photo").get(product=mug)
    origin = Import.objects.create(catalog=catalog, name="shop.csv")

    def of(source: str) -> str | None:
        ImportPhoto.objects.create(origin=origin, source=source, placement=placement)
        standing = Standing(placement.pk, placement.photo, mug.handle, 1)
        return addresses(PUBLIC, "").of([standing]).get(placement.pk)

    return of


def test_photo_keeps_the_open_address_it_was_fetched_from(given: Any) -> None:
    assert given(ELSEWHERE) == ELSEWHERE


@pytest.mark.parametrize("named", ["photos.internal", "photos.internal:8099"])
def test_address_that_this_site_alone_may_ask_is_told_nobody(
    given: Any, settings: Any, named: str
) -> None:
    settings.FETCH_ALLOWED_HOSTS = [named]
    assert given(INSIDE) is None
