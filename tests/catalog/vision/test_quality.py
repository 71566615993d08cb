"""Quality of photos, measured from pixels: what is worse ranks lower, and advice says why."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from catalog.vision.measures import measure
from catalog.vision.quality import Quality, Scale, Verdict, judge

COLOURS = {"mid": (150, 70, 60), "dark": (40, 44, 60), "light": (205, 190, 150)}


def shot(
    colour=COLOURS["mid"], *, size=(1000, 1000), background=(250, 250, 250), fill=0.8, shift=0.0
):
    """A product as a good photo shows it: a striped body in the middle of an even background."""
    image = Image.new("RGB", size, background)
    draw = ImageDraw.Draw(image)
    width, height = (round(side * fill) for side in size)
    left = (size[0] - width) // 2 + round(shift * size[0])
    top = (size[1] - height) // 2
    draw.ellipse((left, top, left + width, top + height), fill=colour)
    lighter = tuple(min(each + 35, 255) for each in colour)
    for n in range(8):
        y = top + height // 4 + n * height // 16
        draw.line(
            (left + width // 4, y, left + width * 3 // 4, y), fill=lighter, width=size[0] // 120
        )
    return image


def room(size=(1000, 1000)):
    """A place with many colours."""
    patches = np.random.default_rng(3).integers(30, 220, (12, 12, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize(size, Image.Resampling.NEAREST)


def quality(image: Image.Image, **role: bool) -> Quality:
    return judge(measure(image), **role)


def aspect(found: Quality, key: str):
    return next(each for each in found.aspects if each.key == key)


DEGRADED = {
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(image.width / 200)),
    "dark": lambda image: ImageEnhance.Brightness(image).enhance(0.35),
    "overexposed": lambda image: ImageEnhance.Brightness(image).enhance(3.5),
    "tiny": lambda image: image.resize((image.width // 10, image.height // 10)),
    "cropped": lambda image: image.crop((200, 200, 850, 850)),
    "stretched": lambda image: image.resize((image.width, image.height // 3)),
}


@pytest.mark.parametrize("colour", COLOURS.values(), ids=COLOURS)
def test_a_worse_copy_ranks_below_its_original(colour):
    original = quality(shot(colour))
    scores = {name: quality(worse(shot(colour))).score for name, worse in DEGRADED.items()}
    assert {name for name, score in scores.items() if score >= original.score} == set()


def test_a_good_photo_is_called_good_and_needs_no_advice():
    found = quality(shot())
    assert {each.key: each.verdict for each in found.aspects} == dict.fromkeys(
        ("size", "sharpness", "exposure", "contrast", "background", "framing"), Verdict.GOOD
    )
    assert (found.verdict, found.advice) == (Verdict.GOOD, ())


@pytest.mark.parametrize(
    ("damage", "key", "words"),
    [
        ("blurred", "sharpness", "tripod"),
        ("dark", "exposure", "more light"),
        ("overexposed", "exposure", "less light"),
        ("tiny", "size", "Upload it larger"),
        ("cropped", "framing", "all of the product"),
    ],
)
def test_advice_names_what_is_wrong(damage, key, words):
    image = shot(COLOURS["light"]) if damage == "overexposed" else shot()
    # Not cut so far that nothing tells any more what the background is.
    image = shot(shift=0.15) if damage == "cropped" else DEGRADED[damage](image)
    found = aspect(quality(image), key)
    assert found.verdict in {Verdict.POOR, Verdict.FAIR}
    assert words in found.advice


def test_a_large_photo_is_not_sharper_for_being_large():
    small, large = (measure(shot(size=(side, side))).sharpness for side in (800, 2400))
    assert small == pytest.approx(large, rel=0.35)


def test_dim_light_is_not_taken_for_blur():
    dim = measure(DEGRADED["dark"](shot())).sharpness
    assert Scale(0.1, 0.25, 1.0).verdict(dim) == Verdict.GOOD


def test_a_photo_without_any_detail_is_not_judged_for_sharpness():
    found = quality(Image.new("RGB", (1000, 1000), "white"))
    assert aspect(found, "sharpness").verdict == Verdict.NONE
    assert aspect(found, "framing").verdict == Verdict.NONE
    assert 0 <= found.score <= 1


def test_a_saturated_colour_is_neither_dark_nor_burnt():
    found = quality(shot((255, 30, 20), background=(225, 20, 10)))
    assert aspect(found, "exposure").verdict == Verdict.GOOD


@pytest.mark.parametrize(
    ("background", "verdict"),
    [((252, 252, 252), Verdict.GOOD), ((190, 170, 140), Verdict.FAIR)],
)
def test_only_white_is_a_good_background_of_a_main_photo(background, verdict):
    assert aspect(quality(shot(background=background)), "background").verdict == verdict


def test_a_background_on_which_the_light_falls_off_is_even():
    light = np.linspace(255, 150, 900, dtype=np.float32)[:, None, None]
    wall = np.broadcast_to(light, (900, 900, 3)).astype(np.uint8)
    assert aspect(quality(Image.fromarray(wall)), "background").measure == "plain, not white"


def test_a_room_is_a_poor_background_and_nothing_is_said_of_framing():
    found = quality(room())
    assert aspect(found, "background").verdict == Verdict.POOR
    assert aspect(found, "framing").verdict == Verdict.NONE


def test_surroundings_are_judged_on_main_photos_alone():
    keys = {each.key for each in quality(room(), face=False).aspects}
    assert keys == {"size", "sharpness", "exposure", "contrast"}


def test_charts_and_packaging_are_judged_for_their_size_alone():
    assert [each.key for each in quality(room(), size_alone=True).aspects] == ["size"]


def test_a_subject_is_found_where_it_stands():
    subject = measure(shot(fill=0.5, shift=0.1)).subject
    assert subject.fill == pytest.approx(0.5, abs=0.04)
    assert subject.off_centre == pytest.approx(0.1, abs=0.02)
    assert subject.cut_sides == 0


def test_specks_at_the_edge_are_not_the_subject():
    image = shot(fill=0.5)
    ImageDraw.Draw(image).ellipse((10, 10, 40, 40), fill="black")
    assert measure(image).subject.fill == pytest.approx(0.5, abs=0.05)


def test_a_reduced_copy_is_judged_by_the_size_of_its_photo():
    found = measure(shot(size=(400, 400)), size=(1600, 1600))
    assert aspect(judge(found), "size").verdict == Verdict.GOOD


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 2), (17, 17)])
def test_no_shape_is_too_odd_to_be_measured(size):
    found = quality(Image.new("RGB", size, "navy"))
    assert found.verdict == Verdict.POOR


def test_scores_rise_with_the_measure_and_agree_with_verdicts():
    for scale in (Scale(1, 2, 5), Scale(5, 2, 1)):
        values = np.linspace(scale.poor, scale.full, 30)
        scores = [scale.score(value) for value in values]
        assert scores == sorted(scores)
        for value, score in zip(values, scores, strict=True):
            assert (scale.verdict(value) == Verdict.GOOD) == (score >= 2 / 3 - 1e-9)
