from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from catalog.vision.metadata import (
    SOURCE_TYPES,
    digital_source_type,
    orientation,
    source_type_in,
    source_type_packet,
    strip_metadata,
)
from catalog.vision.opening import inspect, load
from tests.catalog.vision.bad_photos import (
    encode,
    frames,
    jpeg,
    motion_photo,
    odd_photo,
    picture,
    png,
    png_chunk,
    private_exif,
    srgb_profile,
    xmp,
)

PRIVATE = (b"SecretCamera", b"Jane Private")


def png_with_xmp():
    data = png(exif=private_exif())
    chunk = png_chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + xmp())
    return data[:33] + chunk + data[33:]


def gif_with_xmp():
    data = encode(picture("P"), "GIF", comment=b"SecretCamera")
    at = data.index(b"\x21\xfe")
    block = b"\x21\xff\x0bXMP DataXMP" + xmp() + b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
    return data[:at] + block + data[at:]


MARKED = {
    "jpeg": lambda: jpeg(exif=private_exif(), xmp=xmp(), icc_profile=srgb_profile()),
    "png": png_with_xmp,
    "webp": lambda: encode(picture(), "WEBP", exif=private_exif(), xmp=xmp()),
    "gif": gif_with_xmp,
}


@pytest.mark.parametrize("name", MARKED)
def test_digital_source_type_is_found(name):
    assert digital_source_type(MARKED[name]()) == "trainedAlgorithmicMedia"


@pytest.mark.parametrize("name", MARKED)
def test_stripping_removes_what_is_private_and_keeps_the_mark(name):
    data = MARKED[name]()
    assert any(secret in data for secret in PRIVATE)

    stripped = strip_metadata(data)

    assert not any(secret in stripped for secret in PRIVATE)
    assert digital_source_type(stripped) == "trainedAlgorithmicMedia"
    assert not Image.open(io.BytesIO(stripped)).getexif().get_ifd(0x8825)


@pytest.mark.parametrize("name", MARKED)
def test_stripping_leaves_the_picture_as_it_is(name):
    data = MARKED[name]()

    stripped = strip_metadata(data)

    assert np.array_equal(np.asarray(load(stripped)), np.asarray(load(data)))
    assert inspect(stripped).format == inspect(data).format


def test_stripping_keeps_the_orientation_and_the_profile():
    stripped = strip_metadata(MARKED["jpeg"]())

    image = Image.open(io.BytesIO(stripped))
    assert image.getexif() == {0x0112: 6}
    assert image.info["icc_profile"] == srgb_profile()


def test_stripping_removes_the_film_of_a_motion_photo():
    assert b"ftyp" not in strip_metadata(motion_photo())


def test_stripping_keeps_an_animation():
    data = encode(frames()[0], "GIF", save_all=True, append_images=frames()[1:], loop=0)

    stripped = Image.open(io.BytesIO(strip_metadata(data)))

    assert stripped.n_frames == 2
    assert stripped.info["loop"] == 0


def test_formats_that_need_a_working_copy_are_not_stripped():
    with pytest.raises(ValueError, match="working copy"):
        strip_metadata(odd_photo("tiff"))


@pytest.mark.parametrize("name", ["AVIF", "TIFF"])
def test_digital_source_type_of_fragile_formats_is_found_when_they_are_inspected(name):
    options = {"xmp": xmp()} if name == "AVIF" else {"tiffinfo": {700: xmp()}}

    photo = inspect(encode(picture(), name, **options))

    assert photo.digital_source_type == "trainedAlgorithmicMedia"
    assert b"Jane Private" not in photo.working_copy


def test_a_photo_without_a_mark_has_none():
    assert digital_source_type(jpeg()) is None
    assert inspect(jpeg()).digital_source_type is None


def test_an_unknown_source_type_is_not_repeated():
    assert source_type_in(xmp("somethingElse")) is None


def test_a_packet_is_written_for_known_terms_only():
    assert all(source_type_in(source_type_packet(term)) == term for term in SOURCE_TYPES)
    with pytest.raises(ValueError, match="not an IPTC"):
        source_type_packet('"/><evil')


@pytest.mark.parametrize(
    "block", [b"", b"II", b"MM\x00*\x00\x00\x00\x08\xff\xff", b"MM\x00*\xff\xff\xff\xff"]
)
def test_a_broken_exif_block_means_upright(block):
    assert orientation(block) == 1


def test_an_orientation_out_of_range_means_upright():
    block = b"II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x63\x00\x00\x00"

    assert orientation(block) == 1
