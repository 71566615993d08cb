"""The colours of the main object of a photo, measured from its pixels.

Which pixels are the object is decided in one of two ways. Where the border is of one flat colour,
everything of that colour that hangs together with the border is background. Elsewhere (floors, beds,
doors) two colour histograms, of the border and of the middle, say for every pixel which of the two it
belongs to, and how much. The colours themselves are compared in OKLab (Ottosson, "A perceptual color
space for image processing", 2020), each pixel with the nearest of a table of named examples.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from catalog.vision.colour_names import CLASSES, FAMILIES, NAMES, PROTOTYPES, SHADES

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

MULTICOLOUR = "multicolour"
# Every name a measurement can give.
VOCABULARY: tuple[str, ...] = (*NAMES, MULTICOLOUR)

_SIDE = 96
_FINE_SIDE = 160
_LEVELS = 32
_OPAQUE = 128
_BRIGHT_PERCENTILE = 98
_BRIGHT_TARGET = 242
_MOST_GAIN = 1.35
_RING = 0.06
_FLAT_DISTANCE = 0.045
_FLAT_SHARE = 0.85
_SMALLEST_OBJECT = 0.002
_SOLID_OBJECT = 0.03
_FAINT = 0.12
_MOSTLY_FAINT = 0.3
_LARGE_HOLES = 0.4
_MIDDLE_RADIUS = 0.6
_SPARSE = 0.2
_BINS = (18, 22, 22)
_CHROMA_RANGE = 0.32
_ROUNDS = 3
_HALF = np.float32(0.5)
# A colour is named when it covers this much of the object, and never more than four.
_NAMED_SHARE = 0.12
_MOST_NAMES = 4
_MULTICOLOUR_COUNT = 4
_FAMILY_SHARE = 0.1
_LARGEST_OF_MANY = 0.45
_SHADE_SUPPORT = 0.5
_OBJECT_WEIGHT = 0.3
_BACKGROUND_SHARE = 0.6


@dataclass(frozen=True)
class ColourMeasure:
    """What was measured.

    `names` are (name, share of the object) from the largest, shares of at least 0.12 and in sum at
    most 1; `dominant` the mean colour behind each name as `#rrggbb`; `background` the name of the
    border's colour where there is one; `foreground_share` the object's share of the photo.
    """

    names: tuple[tuple[str, float], ...]
    dominant: tuple[str, ...]
    background: str | None
    foreground_share: float


def measure(image: Image.Image) -> ColourMeasure:
    """Measure an sRGB picture: RGB, or RGBA, where transparent pixels are the background."""
    fine = _scaled(image if image.mode in ("RGB", "RGBA") else image.convert("RGB"), _FINE_SIDE)
    rgb = np.asarray(fine.convert("RGB"))
    gain = _exposure_gain(rgb)
    # Names are read from more pixels than the object is found with: thin stripes must not blur.
    named = nearest_classes(rgb, gain)
    alpha = np.asarray(fine.getchannel("A")) if fine.mode == "RGBA" else None
    background = None
    if alpha is not None and alpha.min() < _OPAQUE <= alpha.max():
        weight: Floats = (alpha >= _OPAQUE).astype(np.float32)
    else:
        coarse = np.asarray(_scaled(fine.convert("RGB"), _SIDE))
        lab = oklab(np.minimum(coarse.astype(np.float32) * np.float32(gain / 255), 1))
        found, background = _object_weight(lab, nearest_classes(coarse, gain))
        mask = Image.fromarray(np.rint(found * 255).astype(np.uint8))
        grown = mask.resize(fine.size, Image.Resampling.BILINEAR)
        weight = np.asarray(grown, dtype=np.float32) / np.float32(255)
    return _summary(rgb, named, weight, background)


def _scaled(image: Image.Image, side: int) -> Image.Image:
    scale = side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)


def oklab(rgb: Floats) -> Floats:
    """Convert sRGB in 0..1, shape (..., 3), to OKLab: lightness 0..1 and two opponent axes."""
    linear = np.where(
        rgb <= 0.04045,  # noqa: PLR2004 - the standard's own numbers
        rgb / 12.92,
        ((rgb + 0.055) / 1.055) ** 2.4,
    )
    cones = np.cbrt(linear @ _TO_CONES)
    return np.asarray(cones @ _TO_LAB, dtype=np.float32)


_TO_CONES = np.array(
    [
        [0.4122214708, 0.2119034982, 0.0883024619],
        [0.5363325363, 0.6806995451, 0.2817188376],
        [0.0514459929, 0.1073969566, 0.6299787005],
    ],
    dtype=np.float32,
)
_TO_LAB = np.array(
    [
        [0.2104542553, 1.9779984951, 0.0259040371],
        [0.7936177850, -2.4285922050, 0.7827717662],
        [-0.0040720468, 0.4505937099, -0.8086757660],
    ],
    dtype=np.float32,
)


def nearest_classes(rgb: Bytes, gain: float = 1.0) -> NDArray[np.uint8]:
    """The index in CLASSES of the named example nearest to each 8-bit sRGB pixel, (..., 3).

    `gain` multiplies the values first.
    """
    step = 256 // _LEVELS
    levels = (np.minimum(np.arange(256) * gain, 255) // step).astype(np.uint16)
    red, green, blue = (levels[rgb[..., channel]] for channel in range(3))
    return _table()[(red * _LEVELS + green) * _LEVELS + blue]


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint8]:
    """The class of each of the 32 x 32 x 32 cells of sRGB, judged at its middle."""
    colours = [
        (index, [int(value[at : at + 2], 16) / 255 for at in (0, 2, 4)])
        for index, name in enumerate(CLASSES)
        for value in PROTOTYPES[name].split()
    ]
    owner = np.array([index for index, _ in colours], dtype=np.uint8)
    points = oklab(np.array([colour for _, colour in colours], dtype=np.float32))
    middle = ((np.arange(_LEVELS) + 0.5) / _LEVELS).astype(np.float32)
    cells = oklab(np.stack(np.meshgrid(middle, middle, middle, indexing="ij"), -1).reshape(-1, 3))
    # |x - p|^2 without |x|^2, which is the same for every p.
    return owner[((points**2).sum(axis=1) - 2 * cells @ points.T).argmin(axis=1)]


def _exposure_gain(rgb: Bytes) -> float:
    """What lifts a dim photo so that its brightest parts are near white: a dim white shirt is white."""
    brightest = np.maximum(np.maximum(rgb[..., 0], rgb[..., 1]), rgb[..., 2])
    bright = float(np.percentile(brightest, _BRIGHT_PERCENTILE))
    return min(max(_BRIGHT_TARGET / max(bright, 1.0), 1.0), _MOST_GAIN)


def _object_weight(lab: Floats, named: NDArray[np.uint8]) -> tuple[Floats, str | None]:
    ring = _ring(lab.shape[:2])
    border = lab[ring]
    centre = np.median(border, axis=0)
    close = ((border - centre) ** 2).sum(axis=1) < _FLAT_DISTANCE**2
    shares = _shares(named[ring], np.ones(int(ring.sum()), dtype=np.float32))
    common = max(shares, key=lambda each: shares[each])
    name = common if shares[common] >= _BACKGROUND_SHARE else None
    if close.mean() >= _FLAT_SHARE:
        contrast = np.sqrt(((lab - border[close].mean(axis=0)) ** 2).sum(axis=2))
        found = _standing_out(contrast, ring)
        if found is not None:
            return found.astype(np.float32), name
    return _histogram_weight(lab, ring), name


def _ring(shape: tuple[int, ...]) -> Mask:
    height, width = shape
    thick = max(1, round(_RING * min(height, width)))
    ring = np.ones((height, width), dtype=bool)
    ring[thick : height - thick, thick : width - thick] = False
    return ring


def _reached(passable: Mask, start: Mask) -> Mask:
    """The part of `passable` that hangs together with `start`."""
    reached = passable & start
    count = -1
    while count != (count := int(reached.sum())):
        grown = reached.copy()
        grown[1:] |= reached[:-1]
        grown[:-1] |= reached[1:]
        grown[:, 1:] |= reached[:, :-1]
        grown[:, :-1] |= reached[:, 1:]
        reached = grown & passable
    return reached


def _standing_out(contrast: Floats, ring: Mask) -> Mask | None:
    """The object on a flat background, from each pixel's distance to it; None where it is unsure.

    Unsure is what may be no more than the folds and the print of something white on white.
    """
    different = contrast >= _FLAT_DISTANCE
    inside = ~_reached(~different, ring)
    if inside.mean() < _SMALLEST_OBJECT or not different.any():
        return None
    if float((contrast[different] < _FAINT).mean()) < _MOSTLY_FAINT:
        # Small enclosed parts of the background's colour are dots and prints; large ones are what
        # one sees through a ring or a frame.
        holes = 1 - float(different[inside].mean())
        return inside if holes < _LARGE_HOLES else inside & different
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    box = inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    solid = float(inside.mean()) > _SOLID_OBJECT and float(box.mean()) > _SPARSE
    return inside if solid else None


def _histogram_weight(lab: Floats, ring: Mask) -> Floats:
    """How much each pixel belongs to the object (0..1), from colour and nearness to the middle."""
    height, width = ring.shape
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    prior = np.exp(-((across / 0.6) ** 2 + (down / 0.7) ** 2)).astype(np.float32)
    cell = _cells(lab)
    around = _density(cell[ring], np.ones(int(ring.sum()), dtype=np.float32))
    weight = prior * (np.hypot(across, down) < _MIDDLE_RADIUS)
    belongs = prior
    for _ in range(_ROUNDS):
        middle = _density(cell.ravel(), weight.ravel())
        ratio = middle / (middle + around + 1e-9)
        belongs = _smooth(ratio[cell])
        weight = prior * np.clip((belongs - 0.35) / 0.4, 0.02, 1)
    return np.asarray(weight, dtype=np.float32)


def _cells(lab: Floats) -> NDArray[np.intp]:
    """The histogram cell of each pixel; the outermost cells of each axis stay empty."""
    axes = [lab[..., 0]] + [lab[..., at] / _CHROMA_RANGE / 2 + 0.5 for at in (1, 2)]
    cell = np.zeros(lab.shape[:-1], dtype=np.intp)
    for values, bins in zip(axes, _BINS, strict=True):
        cell = cell * bins + np.clip(1 + values * (bins - 2), 1, bins - 2).astype(np.intp)
    return cell


def _density(cell: NDArray[np.intp], weight: Floats) -> Floats:
    """A colour histogram that sums to 1, blurred by one cell in each direction."""
    counts = np.bincount(cell, weights=weight, minlength=int(np.prod(_BINS)))
    cube: Floats = counts.astype(np.float32).reshape(_BINS)
    for axis in range(3):
        # What rolls around the edge comes from the empty outermost cells.
        cube = _HALF * cube + _HALF * _HALF * (np.roll(cube, 1, axis) + np.roll(cube, -1, axis))
    return np.asarray(cube.ravel() / max(float(cube.sum()), 1e-9), dtype=np.float32)


def _smooth(values: Floats) -> Floats:
    padded = np.pad(values, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return np.asarray((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9, dtype=np.float32)


def _shares(named: NDArray[np.uint8], weight: Floats) -> dict[str, float]:
    """The share of each name; the steps of grey counted as what they most likely are."""
    total = max(float(weight.sum()), 1e-6)
    sums = np.bincount(named.ravel(), weights=weight.ravel(), minlength=len(CLASSES)) / total
    shares = dict(zip(CLASSES, sums.tolist(), strict=True))
    for shade, meant in SHADES.items():
        share = shares.pop(shade)
        shares[meant if shares[meant] > share * _SHADE_SUPPORT else "grey"] += share
    return shares


def _summary(
    rgb: Bytes, named: NDArray[np.uint8], weight: Floats, background: str | None
) -> ColourMeasure:
    shares = _shares(named, weight)
    order = sorted(shares, key=lambda name: -shares[name])
    kept = [name for name in order if shares[name] >= _NAMED_SHARE][:_MOST_NAMES] or order[:1]
    dominant = [_mean_colour(rgb, weight * _is_named(named, name)) for name in kept]
    names = [(name, round(shares[name], 3)) for name in kept]
    if _is_multicoloured(shares):
        names.insert(0, (MULTICOLOUR, 1.0))
        dominant.insert(0, _mean_colour(rgb, weight))
    return ColourMeasure(
        names=tuple(names),
        dominant=tuple(dominant),
        background=background,
        foreground_share=round(float((weight > _OBJECT_WEIGHT).mean()), 3),
    )


def _is_named(named: NDArray[np.uint8], name: str) -> Mask:
    shades = [shade for shade, meant in SHADES.items() if name in (meant, "grey")]
    counted = [each == name or each in shades for each in CLASSES]
    return np.array(counted)[named]


def _mean_colour(rgb: Bytes, weight: Floats) -> str:
    sums = weight.ravel() @ rgb.reshape(-1, 3).astype(np.float32)
    mean = sums / max(float(weight.sum()), 1e-6)
    return "#" + "".join(f"{round(float(value)):02x}" for value in mean)


def _is_multicoloured(shares: dict[str, float]) -> bool:
    families = [sum(shares[name] for name in family) for family in FAMILIES]
    many = sum(share >= _FAMILY_SHARE for share in families) >= _MULTICOLOUR_COUNT
    return many and max(families) < _LARGEST_OF_MANY
