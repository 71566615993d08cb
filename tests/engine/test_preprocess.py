from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from prodintel.engine.preprocess import PreprocessSpec, prepare

MEAN, STD = (0.48, 0.45, 0.40), (0.26, 0.26, 0.27)
SHAPES = [(640, 480), (333, 501), (224, 224), (100, 80), (1000, 90), (51, 700)]


def photo(width: int, height: int, mode: str = "RGB") -> Image.Image:
    rng = np.random.default_rng(width * height)
    small = rng.integers(0, 256, (height // 8 + 2, width // 8 + 2, 3), dtype=np.uint8)
    image = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    ImageDraw.Draw(image).line((0, 0, width, height), fill=(255, 0, 0), width=3)
    return image.convert(mode)


@pytest.mark.encoder
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [224, (64, 96)])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("resize_mode", ["shortest", "longest", "squash"])
def test_it_equals_openclips_own_transform(shape, size, interpolation, resize_mode):
    from open_clip import image_transform

    image = photo(*shape)
    theirs = image_transform(
        size,
        is_train=False,
        mean=MEAN,
        std=STD,
        resize_mode=resize_mode,
        interpolation=interpolation,
        fill_color=127,
    )(image).numpy()
    height, width = (size, size) if isinstance(size, int) else size
    spec = PreprocessSpec((height, width), MEAN, STD, interpolation, resize_mode, 127)

    ours = prepare(image, spec)

    assert ours.dtype == np.uint8
    assert ours.shape == (height, width, 3)
    scaled = (ours.transpose(2, 0, 1) / 255 - np.reshape(MEAN, (3, 1, 1))) / np.reshape(
        STD, (3, 1, 1)
    )
    np.testing.assert_allclose(scaled, theirs, atol=1e-5)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "LA", "1", "I;16"])
def test_other_colour_modes_become_rgb(mode):
    spec = PreprocessSpec((32, 32), MEAN, STD)
    source = photo(60, 40, "L").convert("I").convert("I;16") if mode == "I;16" else None
    image = source or photo(60, 40).convert(mode)
    assert prepare(image, spec).shape == (32, 32, 3)


@pytest.mark.parametrize("resize_mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 20_000), (20_000, 1), (3, 5)])
def test_a_strip_or_a_single_pixel_is_prepared_without_growing(shape, resize_mode):
    spec = PreprocessSpec((224, 224), MEAN, STD, resize_mode=resize_mode)
    prepared = prepare(Image.new("RGB", shape, (10, 200, 30)), spec)
    assert prepared.shape == (224, 224, 3)
    # Of an odd padding the smaller half goes first, as in OpenCLIP: a single row is row 111.
    assert (prepared[111:113] == (10, 200, 30)).all(axis=-1).any()
