"""Photos as a vision model is sent them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from catalog.describe import photos
from catalog.services.photos import photo_stage
from catalog.services.products import product_create
from tests.catalog.vision.bad_photos import encode, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(catalog, data_dir):
    """What a product's photos become."""

    def prepare(*images: Image.Image, quality: int = 90) -> list[photos.Sent]:
        files = [encode(image, "JPEG", quality=quality) for image in images]
        staged = [photo_stage(data=data, name="photo.jpg") for data in files]
        product = product_create(catalog=catalog, actor=None, photos=staged).product
        placements = list(product.placements.all())
        return photos.prepared(placements, len(placements))

    return prepare


def size(one: photos.Sent) -> tuple[int, int]:
    with Image.open(io.BytesIO(one.image.data)) as image:
        return image.size


@pytest.mark.parametrize(
    ("taken", "shown"),
    [
        ((1600, 1600), (1024, 1024)),
        ((1600, 1200), (1024, 768)),
        ((3000, 1500), (1024, 512)),
        ((300, 200), (300, 200)),
    ],
)
def test_a_photo_is_sent_as_large_as_is_of_use_and_never_enlarged(sent, taken, shown):
    (one,) = sent(picture(size=taken))
    assert size(one) == shown
    assert one.tokens == shown[0] * shown[1] // photos.PIXELS_A_TOKEN + 1


def test_photos_that_do_not_fit_into_a_call_together_are_made_smaller(sent, monkeypatch):
    monkeypatch.setattr(photos, "MAX_BYTES", 300_000)
    noise = np.random.default_rng(1).integers(0, 255, (2, 800, 800, 3), dtype=np.uint8)
    found = sent(*(Image.fromarray(each) for each in noise))
    assert [size(one) for one in found] == [(512, 512)] * 2
    assert sum(len(one.image.data) for one in found) <= photos.MAX_BYTES
