"""How good a product photo is, measured from its pixels, with what would make it better.

Six aspects, each with a measure, a verdict and advice in plain words: size, sharpness, exposure,
contrast, background, framing. They say how a photo is made and nothing of whether it is beautiful.
Size charts and packaging are judged for their size alone, and only a main photo for its background
and framing: a detail fills its frame, and a lifestyle photo has surroundings, because they should.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from catalog.vision.measures import Measures


class Verdict(StrEnum):
    GOOD = "good"
    FAIR = "could be better"
    POOR = "poor"
    NONE = "not judged"


class Scale(NamedTuple):
    """Where a measure turns poor, fair and good; `full` is where more of it is no better.

    Rising or falling: `poor` may be the larger.
    """

    poor: float
    good: float
    full: float

    def score(self, value: float) -> float:
        """From 0 to 1: 0 far on the poor side, a third at `poor`, two thirds at `good`, 1 at `full`."""
        points = [self.poor - (self.good - self.poor), self.poor, self.good, self.full]
        scores = [0.0, 1 / 3, 2 / 3, 1.0]
        if self.poor > self.good:
            points, scores = points[::-1], scores[::-1]
        return float(np.interp(value, points, scores))

    def verdict(self, value: float) -> Verdict:
        """The worse verdict begins beyond a bound and not at it."""
        rising = self.good > self.poor
        if (value >= self.good) if rising else (value <= self.good):
            return Verdict.GOOD
        return (
            Verdict.FAIR if (value >= self.poor if rising else value <= self.poor) else Verdict.POOR
        )


# Google Merchant Center refuses main photos with a side under 500 pixels from 2027 and recommends
# 1,500; Amazon's zoom needs 1,000 on the longest side (both looked up in November 2026).
SHORT_SIDE = Scale(poor=500, good=750, full=1500)
LONG_SIDE = Scale(poor=500, good=1000, full=1500)
# Longer against shorter side: lists crop to squares, and what is longer than this loses most of it.
ASPECT = Scale(poor=2.0, good=1.5, full=1.0)
# Of 700 phone photos of clothes one lies below `poor`, and three more below `good`: two of the four are
# plainly blurred, two are soft. 99 in 100 lie above 0.4. A Gaussian blur of 1.5 pixels of 533 takes
# their median from 2.2 to 0.17. Smooth renders of 384 pixels start at 0.12.
SHARPNESS = Scale(poor=0.1, good=0.25, full=1.0)
# The strongest channel's 98th percentile, of 255. Half of the phone photos lie above 230, one in 25
# below 190, none below 160.
BRIGHTEST = Scale(poor=130, good=190, full=235)
# Shares of the subject with nothing left in the lights, and in the shadows.
BURNT = Scale(poor=0.25, good=0.06, full=0.0)
SUNK = Scale(poor=0.6, good=0.3, full=0.0)
# Between the 5th and 95th percentile of brightness, of 255. White things on white, well lit, begin at 25.
CONTRAST = Scale(poor=20, good=45, full=180)
# The border's share of one colour. Sheets and floors reach 0.9, a carpet or a room does not reach 0.6.
UNIFORM = Scale(poor=0.6, good=0.9, full=1.0)
MOSTLY_WHITE = 0.9
# The longer extent of the subject: Google asks for 75 to 90 % of the picture, Amazon for 85 %.
FILL = Scale(poor=0.45, good=0.7, full=0.85)
OFF_CENTRE = Scale(poor=0.2, good=0.08, full=0.0)

SHARPNESS_WORDS = {
    Verdict.GOOD: ("sharp", ""),
    Verdict.FAIR: ("a little soft", "Take it again with a steady camera, focused on the product."),
    Verdict.POOR: (
        "blurred",
        "Take it again with a tripod or more light, focused on the product.",
    ),
}


@dataclass(frozen=True)
class Aspect:
    """One aspect's verdict: `score` from 0 to 1, `measure` and `advice` in words."""

    key: str
    label: str
    verdict: Verdict
    score: float
    measure: str
    advice: str = ""


@dataclass(frozen=True)
class Quality:
    """A photo's aspects, those that its role does not ask for left out."""

    measures: Measures
    aspects: tuple[Aspect, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of its aspects."""
        given = {each.verdict for each in self.aspects}
        return next((v for v in (Verdict.POOR, Verdict.FAIR) if v in given), Verdict.GOOD)

    @property
    def score(self) -> float:
        """From 0 to 1, for ranking photos that are judged for the same aspects: their mean."""
        judged = [each.score for each in self.aspects if each.verdict != Verdict.NONE]
        return sum(judged) / len(judged)

    @property
    def advice(self) -> tuple[str, ...]:
        return tuple(each.advice for each in self.aspects if each.advice)


def judge(found: Measures, *, size_alone: bool = False, face: bool = True) -> Quality:
    """Verdicts and advice. `size_alone` is for charts and packaging; `face` for main photos, which
    are judged for background and framing, too.
    """
    aspects = [_size(found)]
    if not size_alone:
        aspects += [_sharp(found), _exposure(found), _contrast(found)]
        aspects += [_background(found), _framing(found)] if face else []
    return Quality(found, tuple(aspects))


def _worst(*verdicts: Verdict) -> Verdict:
    return max(verdicts, key=(Verdict.GOOD, Verdict.FAIR, Verdict.POOR).index)


def _size(found: Measures) -> Aspect:
    short, long = sorted((found.width, found.height))
    aspect = long / max(short, 1)
    sized = _worst(SHORT_SIDE.verdict(short), LONG_SIDE.verdict(long))
    shaped = ASPECT.verdict(aspect)
    score = min(SHORT_SIDE.score(short), LONG_SIDE.score(long)) * 0.8 + ASPECT.score(aspect) * 0.2
    advice = ""
    if sized != Verdict.GOOD:
        advice = (
            f"Upload it larger, at least {LONG_SIDE.good:.0f} pixels on its longer side, better "
            f"{LONG_SIDE.full:.0f}: shoppers cannot zoom in, and marketplaces may refuse it. "
            "Enlarging this file does not help."
        )
    elif shaped != Verdict.GOOD:
        advice = "Crop it closer to a square: lists cut long photos off."
    text = f"{found.width} × {found.height} pixels"
    return Aspect("size", "Size", _worst(sized, shaped), score, text, advice)


def _sharp(found: Measures) -> Aspect:
    if found.sharpness is None:
        return Aspect("sharpness", "Sharpness", Verdict.NONE, 0.0, "no detail to judge it by")
    verdict = SHARPNESS.verdict(found.sharpness)
    text, advice = SHARPNESS_WORDS[verdict]
    return Aspect(
        "sharpness",
        "Sharpness",
        verdict,
        SHARPNESS.score(found.sharpness),
        f"{text} ({found.sharpness:.2f})",
        advice,
    )


def _exposure(found: Measures) -> Aspect:
    dim, burnt, sunk = (
        (scale.verdict(value), scale.score(value))
        for scale, value in (
            (BRIGHTEST, found.brightest),
            (BURNT, found.burnt),
            (SUNK, found.sunk),
        )
    )
    verdict = _worst(dim[0], burnt[0], sunk[0])
    text, advice = "well exposed", ""
    if verdict != Verdict.GOOD and burnt[0] == verdict:
        text = f"overexposed: {found.burnt:.0%} of the subject is white"
        advice = (
            "Take it again with less light or a shorter exposure: the light parts show nothing."
        )
    elif verdict != Verdict.GOOD and dim[0] == verdict:
        text = f"too dark: its lightest parts reach {found.brightest / 255:.0%} of white"
        advice = "Use more light, or brighten it until the lightest parts are nearly white."
    elif verdict != Verdict.GOOD:
        text = f"deep shadows: {found.sunk:.0%} of the subject is black"
        advice = "Light it from a second side, so that dark parts show their shape."
    score = min(dim[1], burnt[1], sunk[1])
    return Aspect("exposure", "Exposure", verdict, score, text, advice)


def _contrast(found: Measures) -> Aspect:
    verdict = CONTRAST.verdict(found.contrast)
    text = f"spans {found.contrast / 255:.0%} of the range from black to white"
    advice = "It looks flat: light it from the side, or raise its contrast."
    return Aspect(
        "contrast",
        "Contrast",
        verdict,
        CONTRAST.score(found.contrast),
        text,
        "" if verdict == Verdict.GOOD else advice,
    )


def _background(found: Measures) -> Aspect:
    white = found.border_white >= MOSTLY_WHITE
    verdict = UNIFORM.verdict(found.border_uniform)
    text, advice = "white", ""
    if verdict == Verdict.GOOD and not white:
        verdict = Verdict.FAIR
        text = "plain, not white"
        advice = "Marketplaces ask for a white background on the main photo."
    elif verdict == Verdict.FAIR:
        text = "not quite even"
        advice = "Light the background evenly, or cut the product out onto white."
    elif verdict == Verdict.POOR:
        text = "of many colours"
        advice = "Photograph the product before plain white, or keep this one as a lifestyle photo."
    score = UNIFORM.score(found.border_uniform) * 0.7 + found.border_white * 0.3
    return Aspect("background", "Background", verdict, score, text, advice)


def _framing(found: Measures) -> Aspect:
    subject = found.subject
    if subject is None:
        return Aspect(
            "framing", "Framing", Verdict.NONE, 0.0, "cannot be told before this background"
        )
    filled, centred = FILL.verdict(subject.fill), OFF_CENTRE.verdict(subject.off_centre)
    # Never more than fair: what touches the frame may be a shadow, or the edge of a cloth.
    cut = Verdict.FAIR if subject.cut_sides else Verdict.GOOD
    verdict = _worst(filled, centred, cut)
    text = f"the product fills {subject.fill:.0%} of the frame"
    advice = ""
    if subject.cut_sides and cut == verdict:
        text = "the frame may cut it off"
        advice = "Show all of the product, with a little room around it."
    elif verdict != Verdict.GOOD and filled == verdict:
        advice = "Crop closer: the product should fill 75 to 90 % of the picture."
    elif verdict != Verdict.GOOD:
        text = f"the product is {subject.off_centre:.0%} off the middle"
        advice = "Crop it so that the product stands in the middle."
    score = (FILL.score(subject.fill) + OFF_CENTRE.score(subject.off_centre)) / 2
    return Aspect("framing", "Framing", verdict, score * (1 - subject.cut_sides / 4), text, advice)
