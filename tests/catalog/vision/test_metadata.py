from __future__ import annotations

import struct

import pytest

from catalog.vision.metadata import (
    SOURCE_TYPES,
    orientation,
    source_type_in,
    source_type_packet,
)
from catalog.vision.opening import inspect
from tests.catalog.vision.bad_photos import (
    encode,
    jpeg,
    picture,
    png,
    png_chunk,
    private_exif,
    srgb_profile,
    xmp,
)

XMP = b"http://ns.adobe.com/xap/1.0/\x00"


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
    assert inspect(MARKED[name]()).digital_source_type == "trainedAlgorithmicMedia"


@pytest.mark.parametrize("name", ["AVIF", "TIFF"])
def test_digital_source_type_of_fragile_formats_is_found_when_they_are_inspected(name):
    options = {"xmp": xmp()} if name == "AVIF" else {"tiffinfo": {700: xmp()}}

    photo = inspect(encode(picture(), name, **options))

    assert photo.digital_source_type == "trainedAlgorithmicMedia"
    assert b"Jane Private" not in photo.working_copy


def test_a_photo_without_a_mark_has_none():
    assert inspect(jpeg()).digital_source_type is None


def segment(body):
    return struct.pack(">BBH", 0xFF, 0xE1, len(body) + 2) + body


def test_the_mark_is_found_in_any_packet_of_a_jpeg():
    plain = jpeg()

    marked = plain[:2] + segment(XMP + b"<x:xmpmeta/>") + segment(XMP + xmp()) + plain[2:]

    assert inspect(marked).digital_source_type == "trainedAlgorithmicMedia"


def test_the_mark_is_found_where_a_packet_goes_on_in_other_segments():
    header = b"http://ns.adobe.com/xmp/extension/\x00" + b"0" * 32 + bytes(8)
    first, second = xmp()[:330], xmp()[330:]
    plain = jpeg()

    marked = plain[:2] + segment(header + first) + segment(header + second) + plain[2:]

    assert inspect(marked).digital_source_type == "trainedAlgorithmicMedia"


def test_the_mark_is_found_beside_a_term_that_is_not_known():
    assert source_type_in(xmp("somethingElse") + xmp()) == "trainedAlgorithmicMedia"


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
