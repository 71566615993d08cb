"""Photos handed out in full say nothing of who took them and where."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from catalog.vision.containers import walk
from catalog.vision.metadata import source_type_in, source_type_packet
from catalog.vision.stripping import stripped

SECRET = "Ada's garden"
AI = "trainedAlgorithmicMedia"


def exif(orientation: int = 1) -> Image.Exif:
    made = Image.Exif()
    made[0x010E] = SECRET
    made[0x0112] = orientation
    made.get_ifd(0x8825)[1] = "N"
    made.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return made


def photo(form: str, **options) -> bytes:
    picture = Image.linear_gradient("L").resize((64, 32)).convert("RGB")
    picture.paste((200, 10, 10), (0, 0, 20, 10))
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def with_notes(form: str, orientation: int = 1) -> bytes:
    options = {"exif": exif(orientation), "xmp": source_type_packet(AI)}
    if form == "PNG":
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Author", SECRET)
        notes.add_itxt("XML:com.adobe.xmp", source_type_packet(AI).decode())
        options = {"exif": exif(orientation), "pnginfo": notes}
    if form == "JPEG":
        options["comment"] = SECRET
    return photo(form, **options)


def upright(data: bytes) -> Image.Image:
    return ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")


@pytest.mark.parametrize(("form", "extension"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")])
def test_only_the_picture_and_the_mark_of_ai_stay(form, extension):
    data = with_notes(form)
    bare, named = stripped(data, AI)
    found = walk(bare, form)
    assert named == extension
    assert SECRET.encode() not in bare
    assert (found.exif, source_type_in(found.xmp)) == (b"", AI)
    assert upright(bare).tobytes() == upright(data).tobytes()


def test_no_mark_is_made_up():
    assert walk(stripped(with_notes("JPEG"))[0], "JPEG").xmp == b""


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_which_side_is_up_stays_known(form):
    bare, named = stripped(with_notes(form, orientation=6), AI)
    assert SECRET.encode() not in bare
    assert upright(bare).size == (32, 64)
    assert named == "jpg"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_photo_that_says_nothing_is_the_same_file(form):
    data = photo(form)
    assert stripped(data)[0] == data


def test_stripping_twice_changes_nothing():
    once, _ = stripped(with_notes("JPEG", orientation=3), AI)
    assert stripped(once, AI)[0] == once


def test_colour_profile_stays():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    bare, _ = stripped(photo("JPEG", icc_profile=profile, comment=SECRET))
    assert walk(bare, "JPEG").icc == profile


def test_simple_webp_that_must_say_more_is_made_anew():
    bare, named = stripped(photo("WEBP", lossless=True), AI)
    assert (named, source_type_in(walk(bare, "JPEG").xmp)) == ("jpg", AI)


def test_comments_of_a_gif_go():
    data = photo("GIF", comment=SECRET.encode())
    assert SECRET.encode() in data
    assert SECRET.encode() not in stripped(data)[0]


def test_other_formats_become_jpegs():
    bare, named = stripped(photo("BMP"))
    assert (named, Image.open(io.BytesIO(bare)).format) == ("jpg", "JPEG")
