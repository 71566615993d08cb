from __future__ import annotations

import io

import pytest
from PIL import Image

from catalog.vision.metadata import source_type_in
from catalog.vision.opening import load
from catalog.vision.renditions import MIME, render
from tests.catalog.vision.bad_photos import jpeg, picture, private_exif, see_through, srgb_profile


def opened(data):
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("rendition_format", MIME)
def test_rendition_has_the_width_and_the_format_asked_for(rendition_format):
    image = opened(render(picture(size=(800, 600)), 200, rendition_format))

    assert image.size == (200, 150)
    assert image.format == rendition_format.upper()


@pytest.mark.parametrize("rendition_format", MIME)
def test_rendition_carries_no_metadata(rendition_format):
    original = opened(jpeg(exif=private_exif(), icc_profile=srgb_profile(), comment=b"private"))
    original.load()

    data = render(original, 64, rendition_format)

    found = opened(data)
    assert not found.getexif()
    assert not {"icc_profile", "comment", "xmp", "exif"} & found.info.keys()
    assert b"SecretCamera" not in data


@pytest.mark.parametrize("rendition_format", MIME)
def test_rendition_keeps_the_digital_source_type(rendition_format):
    data = render(picture(), 64, rendition_format, digital_source_type="trainedAlgorithmicMedia")

    assert source_type_in(opened(data).info["xmp"]) == "trainedAlgorithmicMedia"


def test_rendition_is_never_enlarged():
    assert opened(render(picture(), 5000)).size == (96, 64)


def test_a_very_long_strip_fits_what_webp_can_store():
    data = render(Image.new("RGB", (20, 30_000)), 400)

    assert opened(data).height <= 16_383


def test_transparency_is_put_on_white():
    data = render(see_through(), 96, "jpeg")

    assert load(data).getpixel((4, 32)) == pytest.approx((255, 255, 255), abs=6)


def test_lower_quality_takes_fewer_bytes():
    image = picture(size=(400, 300))

    assert len(render(image, 400, "webp", 20)) < len(render(image, 400, "webp", 95))


def test_a_width_of_nothing_is_an_error():
    with pytest.raises(ValueError, match="one pixel"):
        render(picture(), 0)
