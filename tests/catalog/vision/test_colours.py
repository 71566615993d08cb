from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from catalog.vision.colour_names import CLASSES, NAMES
from catalog.vision.colours import MULTICOLOUR, VOCABULARY, measure, nearest_classes

WOOD = (150, 105, 60)


def shirt(colour, background, *, textured=False):
    """A shirt with a fold, a shaded side and sensor noise, on a flat or a striped background."""
    image = Image.new("RGB", (300, 300), background)
    draw = ImageDraw.Draw(image)
    if textured:
        for y in range(0, 300, 12):
            draw.rectangle((0, y, 300, y + 4), fill=tuple(int(c * 0.75) for c in background))
    outline = [
        (90, 50), (210, 50), (270, 110), (235, 145), (210, 120), (210, 260), (90, 260), (90, 120),
        (65, 145), (30, 110),
    ]  # fmt: skip
    draw.polygon(outline, fill=colour)
    shade = tuple(max(0, part - 20) for part in colour)
    draw.line([(150, 60), (150, 255)], fill=shade, width=3)
    draw.line([(92, 120), (92, 260)], fill=shade, width=5)
    pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(2)), dtype=float)
    noise = np.random.default_rng(0).normal(0, 3, pixels.shape[:2])[..., None]
    return Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8))


def first(image):
    return measure(image).names[0][0]


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((22, 22, 24), "black"),
        ((128, 128, 130), "grey"),
        ((245, 236, 212), "cream"),
        ((200, 25, 40), "red"),
        ((98, 18, 40), "burgundy"),
        ((255, 130, 20), "orange"),
        ((250, 215, 40), "yellow"),
        ((40, 130, 60), "green"),
        ((100, 100, 45), "olive"),
        ((15, 110, 115), "teal"),
        ((70, 205, 200), "turquoise"),
        ((50, 110, 210), "blue"),
        ((85, 120, 165), "blue"),
        ((22, 32, 78), "navy"),
        ((115, 45, 150), "purple"),
        ((245, 150, 190), "pink"),
        ((100, 62, 35), "brown"),
        ((210, 190, 155), "beige"),
    ],
)
def test_colour_is_named_as_a_shop_names_it(colour, name):
    assert first(shirt(colour, (255, 255, 255))) == name


@pytest.mark.parametrize("white", [(246, 246, 247), (232, 232, 234), (215, 215, 218)])
def test_a_white_shirt_on_white_is_white(white):
    assert first(shirt(white, (255, 255, 255))) == "white"


@pytest.mark.parametrize(
    ("colour", "name"),
    [((245, 245, 245), "white"), ((26, 36, 84), "navy"), ((25, 25, 26), "black")],
)
def test_a_wooden_floor_is_not_the_object(colour, name):
    measured = measure(shirt(colour, WOOD, textured=True))

    assert measured.names[0][0] == name
    floor = sum(share for each, share in measured.names if each in ("brown", "orange", "beige"))
    assert floor < 0.3


def test_a_dim_photo_of_a_white_shirt_is_white():
    dim = shirt((240, 240, 240), WOOD).point(lambda value: value * 0.75)

    assert first(dim) == "white"


def test_the_background_is_named():
    assert measure(shirt((200, 25, 40), (20, 20, 20))).background == "black"


def test_a_background_of_many_colours_has_no_name():
    rows = np.random.default_rng(2).integers(0, 255, (10, 10, 3), dtype=np.uint8)
    image = Image.fromarray(rows).resize((300, 300), Image.Resampling.NEAREST)

    assert measure(image).background is None


def test_two_colours_are_both_named_by_their_share():
    image = Image.new("RGB", (200, 200), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((50, 30, 150, 120), fill=(200, 25, 40))
    draw.rectangle((50, 121, 150, 170), fill=(30, 60, 190))

    names = measure(image).names

    assert [name for name, _ in names] == ["red", "blue"]
    assert names[0][1] == pytest.approx(0.65, abs=0.06)


def test_a_thing_of_many_colours_is_multicoloured():
    image = Image.new("RGB", (240, 240), "white")
    draw = ImageDraw.Draw(image)
    stripes = [(200, 25, 40), (250, 215, 40), (40, 130, 60), (40, 90, 200), (20, 20, 20)]
    for index, colour in enumerate(stripes):
        draw.rectangle((40, 20 + 40 * index, 200, 59 + 40 * index), fill=colour)

    assert first(image) == MULTICOLOUR


def test_thin_stripes_do_not_blur_into_grey():
    image = Image.new("RGB", (320, 320), (200, 30, 30))
    draw = ImageDraw.Draw(image)
    for y in range(60, 260, 8):
        draw.rectangle((60, y, 260, y + 3), fill=(10, 10, 10))
        draw.rectangle((60, y + 4, 260, y + 7), fill=(245, 245, 245))

    assert {name for name, _ in measure(image).names[:2]} == {"black", "white"}


def test_what_is_seen_through_a_ring_is_background():
    image = Image.new("RGB", (300, 300), "white")
    ImageDraw.Draw(image).ellipse((100, 100, 200, 200), outline=(20, 20, 20), width=8)

    assert first(image) == "black"


def test_a_small_object_is_measured_and_not_the_wide_background():
    image = Image.new("RGB", (300, 300), "white")
    ImageDraw.Draw(image).ellipse((130, 130, 170, 170), fill=(200, 20, 20))

    measured = measure(image)

    assert measured.names[0][0] == "red"
    assert measured.foreground_share < 0.05


def test_transparent_pixels_are_no_part_of_the_object():
    image = Image.new("RGBA", (200, 200), (255, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((40, 40, 160, 160), fill=(250, 250, 250, 255))

    assert measure(image).names == (("white", pytest.approx(1.0, abs=0.05)),)


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (1, 1)),
        Image.new("RGB", (16, 3000), "white"),
        Image.new("RGBA", (50, 50), (0, 0, 0, 0)),
        Image.new("L", (50, 50), 128),
    ],
)
def test_any_picture_gets_a_name(image):
    measured = measure(image)

    assert measured.names
    assert set(dict(measured.names)) <= set(VOCABULARY)
    assert len(measured.dominant) == len(measured.names)


def test_dominant_colours_are_those_behind_the_names():
    measured = measure(shirt((200, 25, 40), (255, 255, 255)))

    red, green, blue = (int(measured.dominant[0][at : at + 2], 16) for at in (1, 3, 5))
    assert (red, green, blue) == pytest.approx((200, 25, 40), abs=8)


def test_every_name_has_an_example_that_is_called_so():
    corners = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 0, 255]]], dtype=np.uint8)

    named = [CLASSES[index] for index in nearest_classes(corners)[0]]

    assert named == ["black", "white", "red", "blue"]
    assert set(NAMES) <= set(CLASSES)
