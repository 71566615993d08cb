"""Turn a photo into what a model's image tower takes, without torch.

The same steps as OpenCLIP's own inference transform (`open_clip.transform.image_transform`), in
Pillow and numpy, so that many threads can prepare photos while the model runs elsewhere. Scaling
to [0, 1] and normalising with the model's mean and deviation happen in the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

MAX_ASPECT = 20
"""Photos that are longer than this many times their width are cut to it before resizing."""


@dataclass(frozen=True, slots=True)
class PreprocessSpec:
    """How a model wants its photos.

    Attributes:
        size: (height, width) in pixels.
        mean: per channel, of values in [0, 1].
        std: per channel, of values in [0, 1].
        interpolation: how pixels are resampled.
        resize_mode: "shortest" fits the shorter side and crops, "longest" fits the longer side and
            pads, "squash" ignores the aspect ratio.
        fill: grey level of the padding, 0 to 255.
    """

    size: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"
    resize_mode: Literal["shortest", "longest", "squash"] = "shortest"
    fill: int = 0


def prepare(image: Image.Image, spec: PreprocessSpec) -> NDArray[np.uint8]:
    """Resize and crop one photo for the image tower.

    Args:
        image: an upright photo; anything but RGB is converted, so put transparent ones on their
            background first.
        spec: from `EncoderInfo.preprocess`.

    Returns:
        uint8 of shape (height, width, 3), channels red, green, blue.
    """
    if image.mode != "RGB":
        image = image.convert("RGB")
    height, width = spec.size
    resample = _resample(spec)
    if spec.resize_mode == "shortest":
        image = _middle_of_strip(image)
    if spec.resize_mode == "squash":
        image = _resized(image, (width, height), resample)
    elif spec.resize_mode == "longest":
        ratio = max(image.width / width, image.height / height)
        fitted = (round(image.width / ratio), round(image.height / ratio))
        image = _crop_or_pad(_resized(image, _at_least_1(fitted), resample), spec.size, spec.fill)
    else:
        image = _crop_or_pad(_resized(image, _shortest(image, spec), resample), spec.size, 0)
    return np.asarray(image, dtype=np.uint8)


def _middle_of_strip(image: Image.Image) -> Image.Image:
    # Only the middle is looked at in the end, and a strip of 1 by 10,000 pixels would first be
    # blown up to gigabytes.
    longest = MAX_ASPECT * min(image.size)
    if max(image.size) <= longest:
        return image
    width, height = min(image.width, longest), min(image.height, longest)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def _resample(spec: PreprocessSpec) -> Image.Resampling:
    # OpenCLIP resizes to sizes that are not square by bicubic whatever the model's
    # configuration says; its weights were used that way, so it is followed here.
    not_square = spec.size[0] != spec.size[1]
    if spec.interpolation == "bicubic" or (spec.resize_mode == "shortest" and not_square):
        return Image.Resampling.BICUBIC
    return Image.Resampling.BILINEAR


def _shortest(image: Image.Image, spec: PreprocessSpec) -> tuple[int, int]:
    height, width = spec.size
    if height == width:
        if image.width <= image.height:
            return height, int(height * image.height / image.width)
        return int(height * image.width / image.height), height
    ratio = min(image.width / width, image.height / height)
    return round(image.width / ratio), round(image.height / ratio)


def _at_least_1(size: tuple[int, int]) -> tuple[int, int]:
    return max(1, size[0]), max(1, size[1])


def _resized(image: Image.Image, size: tuple[int, int], resample: Image.Resampling) -> Image.Image:
    return image if image.size == size else image.resize(size, resample)


def _crop_or_pad(image: Image.Image, size: tuple[int, int], fill: int) -> Image.Image:
    height, width = size
    more_x, more_y = max(0, width - image.width), max(0, height - image.height)
    if more_x or more_y:
        border = (more_x // 2, more_y // 2, (more_x + 1) // 2, (more_y + 1) // 2)
        image = ImageOps.expand(image, border, (fill, fill, fill))
    if image.size == (width, height):
        return image
    # Half pixels go the way of Python's round() (to the even one), as in torchvision.
    top = round((image.height - height) / 2.0)
    left = round((image.width - width) / 2.0)
    return image.crop((left, top, left + width, top + height))
