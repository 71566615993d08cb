from __future__ import annotations

import dataclasses
import hashlib
import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from catalog.vision import containers
from catalog.vision.limits import Limits, PhotoRejected
from catalog.vision.opening import (
    inspect,
    inspect_with_preview,
    load,
    load_for_model,
    load_reduced,
)
from tests.catalog.vision.bad_photos import (
    BAD,
    ODD,
    bad_photo,
    encode,
    exif_orientation,
    jpeg,
    odd_photo,
    picture,
    png,
    see_through,
)

RED, BLUE = (210, 31, 31), (31, 31, 210)


def is_near(pixel, colour, tolerance=45):
    return all(abs(one - other) <= tolerance for one, other in zip(pixel, colour, strict=True))


def working(data):
    photo = inspect(data)
    return load(photo.working_copy or data)


@pytest.mark.parametrize("name", BAD)
def test_bad_photo_is_refused_with_its_code_and_a_message_that_says_what_to_do(name):
    with pytest.raises(PhotoRejected) as refused:
        inspect(bad_photo(name))

    assert refused.value.code == BAD[name]
    assert any(word in refused.value.message for word in ("pload", "hoose", "smaller"))
    assert str(refused.value) == refused.value.message


@pytest.mark.parametrize("name", ODD)
def test_odd_photo_is_taken_and_loads_as_rgb(name):
    data = odd_photo(name)
    photo = inspect(data)

    image = load(photo.working_copy or data)

    assert image.mode == "RGB"
    assert image.size == (photo.width, photo.height)
    assert image.info == {}


@pytest.mark.parametrize(
    ("file_format", "mime", "extension"),
    [
        ("JPEG", "image/jpeg", "jpg"),
        ("PNG", "image/png", "png"),
        ("WEBP", "image/webp", "webp"),
        ("GIF", "image/gif", "gif"),
        ("BMP", "image/bmp", "bmp"),
        ("TIFF", "image/tiff", "tiff"),
        ("AVIF", "image/avif", "avif"),
    ],
)
def test_the_content_decides_the_type(file_format, mime, extension):
    photo = inspect(encode(picture(), file_format))

    assert (photo.format, photo.mime, photo.extension) == (file_format, mime, extension)


def test_heic_is_known_by_its_content():
    photo = inspect(odd_photo("heic"))

    assert (photo.format, photo.mime, photo.extension) == ("HEIF", "image/heic", "heic")


def test_digest_and_size_are_those_of_the_bytes_given():
    data = jpeg()

    photo = inspect(data)

    assert photo.sha256 == hashlib.sha256(data).hexdigest()
    assert photo.size_bytes == len(data)


def test_a_stream_is_taken_like_bytes():
    assert inspect(io.BytesIO(jpeg())) == inspect(jpeg())


def test_too_many_bytes_are_refused_without_reading_them_all():
    stream = io.BytesIO(jpeg() + bytes(100_000))

    with pytest.raises(PhotoRejected, match="limit") as refused:
        inspect(stream, Limits(max_bytes=5000))

    assert refused.value.code == "too_many_bytes"
    assert stream.tell() == 5001


def test_the_message_about_too_many_pixels_names_the_limit():
    with pytest.raises(PhotoRejected, match=r"100 megapixels.*limit is 50 megapixels"):
        inspect(bad_photo("100-megapixel-png"))


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "avif", "tiff", "heic"])
def test_every_early_end_of_a_file_is_refused(name):
    data = {
        "png": png(),
        "jpeg": jpeg(),
        "webp": encode(picture(), "WEBP"),
        "avif": encode(picture(), "AVIF"),
        "tiff": encode(picture(), "TIFF"),
        "heic": odd_photo("heic"),
    }[name]
    # The formats of the subprocess cost a tenth of a second each; a TIFF keeps what is not pixels
    # at its end.
    shares = (0.3, 0.9) if name in ("avif", "tiff", "heic") else np.linspace(0.05, 0.99, 25)

    for share in shares:
        with pytest.raises(PhotoRejected):
            inspect(data[: int(len(data) * share)])


@pytest.mark.parametrize("name", ["rotated-jpeg", "rotated-tiff", "rotated-avif", "rotated-heic"])
def test_orientation_is_applied(name):
    image = working(odd_photo(name))

    # Orientation 6: the stored left side, red, is the top.
    assert image.size == (64, 96)
    assert is_near(image.getpixel((32, 5)), RED)
    assert is_near(image.getpixel((32, 90)), BLUE)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_orientation_is_applied_as_pillow_does(orientation):
    data = jpeg(exif=exif_orientation(orientation), quality=95)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")

    assert np.array_equal(np.asarray(load(data)), np.asarray(expected))


def test_orientation_in_a_png_is_applied():
    assert load(png(exif=exif_orientation(6))).size == (64, 96)


def test_colour_profile_is_converted_to_srgb():
    # A profile with red and blue exchanged: what is stored as red is meant as blue.
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    profile = bytes(profile).replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))

    image = load(encode(Image.new("RGB", (32, 32), (220, 30, 30)), "PNG", icc_profile=profile))

    assert is_near(image.getpixel((16, 16)), (30, 30, 220), 12)


def test_transparency_becomes_white():
    data = encode(see_through(), "PNG")

    assert inspect(data).has_transparency
    assert load(data).getpixel((5, 5)) == (255, 255, 255)


def test_alpha_that_hides_nothing_is_no_transparency():
    assert not inspect(odd_photo("lossless-webp")).has_transparency


def test_transparency_of_avif_survives_in_the_working_copy():
    photo = inspect(odd_photo("transparent-avif"))

    assert photo.has_transparency
    assert photo.working_mime == "image/png"


@pytest.mark.parametrize(
    "name", ["animated-gif", "animated-webp", "animated-png", "many-page-tiff"]
)
def test_the_first_frame_counts(name):
    assert is_near(working(odd_photo(name)).getpixel((5, 32)), RED)


@pytest.mark.parametrize("name", ["animated-gif", "animated-webp", "animated-png"])
def test_animations_are_known_as_such(name):
    assert inspect(odd_photo(name)).animated


def test_deep_grey_is_scaled_and_not_clipped():
    image = working(odd_photo("16-bit-grey-png"))

    assert image.getpixel((48, 32))[0] == pytest.approx(128, abs=4)
    assert working(odd_photo("16-bit-tiff")).getpixel((9, 9))[0] == pytest.approx(156, abs=3)


def test_cmyk_keeps_its_colours():
    assert is_near(load(odd_photo("cmyk-jpeg")).getpixel((5, 32)), RED)


@pytest.mark.parametrize("name", ["heic", "avif", "tiff"])
def test_formats_with_fragile_decoders_come_with_a_working_copy(name):
    photo = inspect(odd_photo(name))

    assert photo.working_mime == "image/jpeg"
    assert load(photo.working_copy).size == (photo.width, photo.height)


@pytest.mark.parametrize("name", ["heic", "avif", "tiff"])
def test_fragile_formats_are_never_decoded_in_this_process(name):
    with pytest.raises(ValueError, match="working copy"):
        load(odd_photo(name))


def test_the_working_copy_is_bounded_and_the_size_is_that_of_the_original():
    data = encode(picture(size=(400, 200)), "TIFF")

    photo = inspect(data, Limits(working_side=100))

    assert (photo.width, photo.height) == (400, 200)
    assert load(photo.working_copy).size == (100, 50)


def test_a_photo_that_needs_too_much_memory_in_the_subprocess_is_refused():
    data = encode(Image.new("RGB", (6000, 6000)), "TIFF", compression="tiff_lzw")
    limits = Limits(decoder_memory=160 * 1024 * 1024)

    with pytest.raises(PhotoRejected) as refused:
        inspect(data, limits)

    assert refused.value.code == "too_costly"


def test_a_photo_that_takes_too_long_in_the_subprocess_is_refused():
    with pytest.raises(PhotoRejected) as refused:
        inspect(odd_photo("tiff"), dataclasses.replace(Limits(), decoder_wall_seconds=0.001))

    assert refused.value.code == "too_costly"


def test_load_keeps_to_the_side_asked_for():
    data = encode(picture(size=(1200, 800)), "JPEG")

    assert load(data, 300).size == (300, 200)


def test_load_never_enlarges():
    assert load(jpeg(), 5000).size == (96, 64)


def test_a_drafted_photo_for_the_model_is_large_enough_and_looks_the_same():
    data = encode(picture(size=(1600, 1200)), "JPEG", quality=92)

    drafted = load_for_model(data, 128)

    assert drafted.size == (400, 300)
    full = load(data).resize((128, 96), Image.Resampling.BICUBIC)
    small = drafted.resize((128, 96), Image.Resampling.BICUBIC)
    difference = np.abs(np.asarray(full, dtype=int) - np.asarray(small, dtype=int))
    assert difference.mean() < 1.5


@pytest.mark.parametrize("size", [(1600, 1200), (1000, 1000), (603, 402), (900, 100)])
def test_a_reduced_photo_has_the_side_that_is_asked_for(size):
    reduced = load_reduced(encode(picture(size=size), "JPEG"), 302)

    assert max(reduced.size) >= 302


def test_a_photo_is_decoded_at_a_fraction_of_its_size_where_that_is_enough():
    assert load_reduced(encode(picture(size=(1600, 1200)), "JPEG"), 302).size == (400, 300)


def test_the_preview_is_upright_and_keeps_transparency():
    assert inspect_with_preview(odd_photo("rotated-jpeg"))[1].size == (64, 96)
    assert inspect_with_preview(encode(see_through(), "PNG"))[1].mode == "RGBA"
    assert inspect_with_preview(jpeg())[1].mode == "RGB"


def test_the_preview_of_a_large_photo_is_small():
    _, preview = inspect_with_preview(encode(picture(size=(3200, 2400)), "JPEG"))

    assert preview.size == (400, 300)


@pytest.mark.parametrize("name", ["text-bomb-png", "profile-bomb-png"])
def test_compressed_metadata_is_not_inflated_beyond_its_bound(name):
    data = odd_photo(name)
    inspect(data)

    tracemalloc.start()
    inspect(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # Each of them holds 50 MB.
    assert peak < 20_000_000


@pytest.mark.parametrize("name", ["many-profiles-png", "many-packets-png"])
def test_one_chunk_of_each_kind_is_inflated_at_most(name, monkeypatch):
    inflated = []
    inflate = containers._inflate
    monkeypatch.setattr(containers, "_inflate", lambda data: inflated.append(data) or inflate(data))

    inspect(odd_photo(name))

    assert len(inflated) == 1


def test_run_length_bitmap_is_refused_with_what_to_save_it_as():
    with pytest.raises(PhotoRejected, match=r"RLE.*PNG"):
        inspect(bad_photo("rle-bmp"))
