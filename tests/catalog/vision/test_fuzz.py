from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from catalog.vision.limits import PhotoRejected
from catalog.vision.opening import inspect, load
from tests.catalog.vision.bad_photos import (
    encode,
    heic,
    jpeg,
    odd_photo,
    picture,
    png,
    private_exif,
    xmp,
)

SEEDS = {
    "jpeg": lambda: jpeg(exif=private_exif(), xmp=xmp()),
    "progressive-jpeg": lambda: jpeg(progressive=True),
    "png": lambda: png(exif=private_exif()),
    "palette-png": lambda: odd_photo("transparent-palette-png"),
    "animated-gif": lambda: odd_photo("animated-gif"),
    "webp": lambda: encode(picture(), "WEBP", exif=private_exif(), xmp=xmp()),
    "animated-webp": lambda: odd_photo("animated-webp"),
    "bmp": lambda: odd_photo("bmp"),
}
CHANGES = st.lists(
    st.tuples(st.integers(0, 1 << 20), st.binary(min_size=0, max_size=6), st.integers(0, 6)),
    min_size=1,
    max_size=12,
)
SETTINGS = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def damaged(data, changes):
    """Replace `removed` bytes at each place; half of the places lie in the first 512 bytes."""
    for place, inserted, removed in changes:
        at = place % min(len(data), 512 if place % 2 else len(data))
        data = data[:at] + inserted + data[at + removed :] or b"x"
    return data


@pytest.mark.parametrize("name", SEEDS)
@SETTINGS
@given(changes=CHANGES)
def test_a_damaged_photo_is_taken_or_refused_and_nothing_else(name, changes):
    data = damaged(SEEDS[name](), changes)
    try:
        photo = inspect(data)
    except PhotoRejected:
        return
    if photo.working_copy is None:
        assert load(data, 64).mode == "RGB"


@pytest.mark.parametrize("seed", [heic, lambda: odd_photo("avif"), lambda: odd_photo("tiff")])
@settings(max_examples=12, deadline=None)
@given(changes=CHANGES)
def test_a_damaged_photo_of_a_fragile_format_is_taken_or_refused(seed, changes):
    with suppress(PhotoRejected):
        assert inspect(damaged(seed(), changes)).sha256


@SETTINGS
@given(st.binary(max_size=400))
@example(b"\xff\xd8\xff")
@example(b"\x89PNG\r\n\x1a\n")
@example(b"GIF89a")
@example(b"RIFF\x00\x00\x00\x00WEBP")
@example(b"BM\x00\x00\x00\x00\x00\x00\x00\x00")
@example(b"\xff\xd8" + b"\xff" * 200_000 + b"\x00")
def test_arbitrary_bytes_are_refused(data):
    with pytest.raises(PhotoRejected):
        inspect(data)
