"""What can be measured of a photo's quality from its pixels; `quality` says what it means.

Sharpness is the variance of the Laplacian (Pech-Pacheco et al., "Diatom autofocusing in brightfield
microscopy: a comparative study", ICPR 2000; LAPV in Pertuz, Puig and Garcia, "Analysis of focus
measure operators for shape-from-focus", Pattern Recognition 2013), with two changes that a catalogue
needs: it is taken at one scale, so that a large photo is not sharper for being large, and relative
to the variance of the brightness itself, tile by tile, so that neither a plain background nor dim
light passes for blur.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from catalog.vision.colours import oklab

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

# The longer side of the picture that is measured, in pixels: what a phone shows of it in a list.
SIDE = 384
TILES = 8
# Of a tile's brightness, 0 to 255: below it there is nothing to be sharp or blurred.
DETAIL_VARIANCE = 64.0
# The percentile of tiles that counts: of a smooth vase a few tiles with an edge are all there is.
SHARP_TILES = 95
LIGHT, DARK = 251, 6  # of 255: no drawing is left beyond
WHITE = 230  # each channel, of 255: white as lamps and JPEG leave it
BORDER = 0.04  # of the shorter side
SAME_COLOUR = 0.06  # distance in OKLab: what folds and shadows of one cloth differ by
ROUNDS = 2
ENOUGH = 0.2  # of the border: less of it says nothing of the rest
# Below this share of one colour nobody can tell from the border what the subject is.
TELLING = 0.85
# The frame is looked at in so many cells each way; half of a cell makes it the subject's, which a
# crease of the cloth or a speck of dust does not.
CELLS = 64
SOLID = 0.5
STRAY = 0.005  # of the subject's cells, at either end
CUT = 0.08  # of a side: more of it in another colour than the background's is a subject that is cut


@dataclass(frozen=True)
class Subject:
    """Where the subject stands in the frame, in shares of it: its box, and how many sides cut it."""

    left: float
    top: float
    right: float
    bottom: float
    cut_sides: int

    @property
    def fill(self) -> float:
        return max(self.right - self.left, self.bottom - self.top)

    @property
    def off_centre(self) -> float:
        across, down = (self.left + self.right) / 2 - 0.5, (self.top + self.bottom) / 2 - 0.5
        return float(np.hypot(across, down))


@dataclass(frozen=True)
class Measures:
    """`width` and `height` are the photo's in pixels. `sharpness` is None where there is no detail to
    judge by, `subject` where the background is of too many colours. Shares are from 0 to 1,
    `brightest` (a percentile) and `contrast` of 255.
    """

    width: int
    height: int
    sharpness: float | None
    brightest: float
    burnt: float
    sunk: float
    contrast: float
    border_white: float
    border_uniform: float
    subject: Subject | None


def measure(image: Image.Image, size: tuple[int, int] | None = None) -> Measures:
    """Measure an upright sRGB picture. `size` is the photo's own where this is a reduced copy, whose
    longer side then has `SIDE` pixels or more.
    """
    width, height = size or image.size
    small = _at_one_scale(image.convert("RGB"))
    rgb = np.asarray(small)
    grey = np.asarray(small.convert("L"), dtype=np.float32)
    same, ring = _like_the_border(rgb)
    white: Mask = np.all(rgb >= WHITE, axis=2)
    uniform = float(same[ring].mean())
    told = uniform >= TELLING
    # A white background is meant to have no drawing, and a black one too.
    judged = ~same if told and not same.all() else np.ones_like(same)
    low, high = np.percentile(grey, [5, 95])
    return Measures(
        width=width,
        height=height,
        sharpness=_sharpness(grey),
        # The strongest channel: a red cloth in full light is not dark.
        brightest=float(np.percentile(rgb.max(axis=2), 98)),
        # Of a saturated colour one channel may be full; with two, its folds are gone.
        burnt=float(((rgb >= LIGHT).sum(axis=2) >= 2)[judged].mean()),  # noqa: PLR2004
        sunk=float((grey[judged] <= DARK).mean()),
        contrast=float(high - low),
        border_white=float(white[ring].mean()),
        border_uniform=uniform,
        subject=_subject(~same) if told else None,
    )


def _at_one_scale(image: Image.Image) -> Image.Image:
    """The picture with a longer side of `SIDE`: a tiny one is as blurred as it looks enlarged."""
    scale = SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)


def _like_the_border(rgb: NDArray[np.uint8]) -> tuple[Mask, Mask]:
    """The pixels of the colour that most of the border has, and which pixels the border is.

    The colour may change gradually along the border, as light falls off: a quadratic of the place is
    fitted to it, and fitted again to what lies near. It starts from the median or from all of the
    border, whichever more of the border lies near to.
    """
    height, width = rgb.shape[:2]
    thick = max(1, round(BORDER * min(height, width)))
    ring = np.ones((height, width), dtype=bool)
    ring[thick:-thick, thick:-thick] = False
    lab = oklab(rgb.astype(np.float32) / np.float32(255))
    down, across = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    places = np.stack([np.ones_like(down), down, across, down**2, across**2], axis=2)

    def near(colour: NDArray[Any]) -> Mask:
        return np.asarray(((lab - colour) ** 2).sum(axis=2) < SAME_COLOUR**2)

    def fitted(where: Mask) -> Mask:
        return near(places @ np.linalg.lstsq(places[where], lab[where], rcond=None)[0])

    same = max(near(np.median(lab[ring], axis=0)), fitted(ring), key=lambda each: each[ring].sum())
    for _ in range(ROUNDS):
        if same[ring].mean() < ENOUGH:
            break
        same = fitted(ring & same)
    return same, ring


def _sharpness(grey: Floats) -> float | None:
    """The Laplacian's variance over the brightness's, in the sharper of the tiles with detail."""
    if min(grey.shape) <= 2 * TILES:
        return None
    middle = grey[1:-1, 1:-1]
    edges = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * middle
    detail, drawn = _tile_variances(middle), _tile_variances(edges)
    telling = detail >= DETAIL_VARIANCE
    if not telling.any():
        return None
    return float(np.percentile(drawn[telling] / detail[telling], SHARP_TILES))


def _tile_variances(values: Floats) -> Floats:
    height, width = (side // TILES for side in values.shape)
    tiles = values[: height * TILES, : width * TILES].reshape(TILES, height, TILES, width)
    return np.asarray(tiles.var(axis=(1, 3)).ravel())


def _subject(different: Mask) -> Subject | None:
    cells = Image.fromarray(different).convert("L").resize((CELLS, CELLS), Image.Resampling.BOX)
    solid = np.asarray(cells) > SOLID * 255
    if not solid.any():
        return None
    top, bottom = _extent(solid.sum(axis=1))
    left, right = _extent(solid.sum(axis=0))
    edges = (solid[0], solid[-1], solid[:, 0], solid[:, -1])
    return Subject(
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        cut_sides=sum(float(edge.mean()) > CUT for edge in edges),
    )


def _extent(cells: NDArray[Any]) -> tuple[float, float]:
    """Where the subject begins and ends along an axis, but for strays at its ends, in shares."""
    passed = np.cumsum(cells) / cells.sum()
    begins, ends = np.searchsorted(passed, [STRAY, 1 - STRAY])
    return float(begins / CELLS), float((ends + 1) / CELLS)
