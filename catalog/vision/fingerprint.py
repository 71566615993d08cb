"""A 64-bit perceptual hash: near-duplicates of a photo differ in few bits.

pHash after Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010):
the lowest 8 x 8 frequencies of a 32 x 32 grey copy, without the constant ones, against their median.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE = 32
_LOW = 8


def perceptual_hash(image: Image.Image) -> int:
    """The hash of an RGB image as a signed 64-bit integer, as a BigIntegerField keeps it."""
    small = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    grey = np.asarray(small, dtype=np.float64)
    basis = _cosines()
    low = (basis @ grey @ basis.T).ravel()
    bits = low > np.median(low)
    return int.from_bytes(np.packbits(bits).tobytes(), "big", signed=True)


@lru_cache(maxsize=1)
def _cosines() -> NDArray[np.float64]:
    """The first rows of the DCT-II matrix after the constant one, (8, 32)."""
    frequency = np.arange(1, _LOW + 1)[:, None]
    position = np.arange(_SIDE)[None, :]
    return np.cos(np.pi * frequency * (2 * position + 1) / (2 * _SIDE))
