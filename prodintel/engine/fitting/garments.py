"""Fit the starter's garment probes: python -m prodintel.engine.fitting.garments FOLDER

FOLDER has one folder of photos for each class of ``starter.garments.GARMENTS``. The result, a few
tens of kilobytes, is committed next to the code; fit again when the backbone, the preprocessing or
the classes change.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image, ImageOps
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from prodintel.engine.starter import layout, sources, weights
from prodintel.engine.starter.garments import GARMENTS
from prodintel.engine.starter.image_tower import StarterImageTower

_FRAMINGS = ("longest", "shortest", "squash")  # the site's own first; the others are variety
_BATCH = 32
_DECAY = 1e-2
_STEPS = 60
_LEAST_SPREAD = 0.05
_EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp")


def photos(folder: Path) -> list[tuple[Path, int]]:
    """Each photo with the number of its class, in a fixed order."""
    found = [
        (path, index)
        for index, name in enumerate(GARMENTS)
        for path in sorted((folder / name).glob("*"))
        if path.suffix.lower() in _EXTENSIONS
    ]
    if {index for _, index in found} != set(range(len(GARMENTS))):
        raise SystemExit(f"{folder} needs photos in each of: {', '.join(GARMENTS)}")
    return found


def features(paths: list[Path], framing: str) -> Iterator[Tensor]:
    """The backbone's features of the photos, batch by batch."""
    size = (layout.IMAGE_SIZE, layout.IMAGE_SIZE)
    half = (0.5, 0.5, 0.5)
    config = PreprocessCfg(
        size=size,
        mean=half,
        std=half,
        interpolation="bicubic",
        resize_mode=framing,
        fill_color=255,
    )
    preprocess = image_transform_v2(config, is_train=False)
    tower = StarterImageTower()
    weights.copy_backbone(tower, sources.BACKBONE.locate())
    tower = tower.to(memory_format=torch.channels_last)
    for start in range(0, len(paths), _BATCH):
        pictures = []
        for path in paths[start : start + _BATCH]:
            with Image.open(path) as picture:
                pictures.append(preprocess(ImageOps.exif_transpose(picture).convert("RGB")))
        with torch.no_grad():
            yield tower.features(torch.stack(pictures).to(memory_format=torch.channels_last))


def fit(inputs: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """One-against-the-rest logistic regression with weight decay, on evened-out features.

    One against the rest, not softmax: a garment of a kind unknown to the probes then gets low
    answers from all of them and is left to ImageNet's classes.

    Returns weights (classes, features) and biases (classes) for the features as they are.
    """
    mean, spread = inputs.mean(0), inputs.std(0) + _LEAST_SPREAD
    scaled = (inputs - mean) / spread
    wanted = functional.one_hot(classes, len(GARMENTS)).float()
    weight = torch.zeros(len(GARMENTS), inputs.shape[1], requires_grad=True)
    bias = torch.zeros(len(GARMENTS), requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        answers = functional.linear(scaled, weight, bias)
        misfit = functional.binary_cross_entropy_with_logits(answers, wanted) * len(GARMENTS)
        value = misfit + _DECAY * (weight**2).sum()
        value.backward()
        return value

    optimizer.step(loss)
    plain = weight.detach() / spread
    return plain, bias.detach() - plain @ mean


def main() -> None:
    """Fit on the folder named on the command line, and write the probes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=weights.PROBES)
    options = parser.parse_args()
    found = photos(options.folder)
    paths, classes = [path for path, _ in found], torch.tensor([index for _, index in found])
    batches = []
    for framing in _FRAMINGS:
        started = time.monotonic()
        batches += list(features(paths, framing))
        print(f"{framing}: {len(paths)} photos in {time.monotonic() - started:.0f} s")  # noqa: T201 - a program for the terminal
    weight, bias = fit(torch.cat(batches).float(), classes.repeat(len(_FRAMINGS)))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    save_file({"weight": weight.half().contiguous(), "bias": bias.float()}, options.out)
    print(f"{options.out}: {options.out.stat().st_size} bytes")  # noqa: T201 - likewise


if __name__ == "__main__":
    main()
