"""The label bank: what each of the image classifier's classes means, as text vectors.

Imported only while a starter is assembled: it imports torch, open_clip and timm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from open_clip.zero_shot_metadata import IMAGENET_CLASSNAMES
from timm.data import ImageNetInfo
from torch import Tensor
from torch.nn import functional

from prodintel.engine.starter.garments import GARMENTS, GATE

_SPREAD_POWER = 0.1
_SPREAD_FLOOR = 0.02


@dataclass(frozen=True)
class LabelBank:
    """Text vectors of the classes (n, meaning), and how texts become comparable with them.

    ``gate`` is 1 for ImageNet's classes that let the garment probes speak.
    """

    vectors: Tensor
    garments: Tensor
    gate: Tensor
    centre: Tensor
    spread: Tensor


def build(embed: Callable[[list[str]], Tensor]) -> LabelBank:
    """The bank; ``embed`` gives unit vectors of texts before centring.

    A class is its name and its WordNet definition in equal parts: names alone say too little
    ("gown", "bonnet"), definitions alone blur what shoppers call a thing.

    Sentence embeddings share a large common component and a few loud directions, which makes some
    labels neighbours of everything. Subtracting the mean and damping the loud directions (Mu and
    Viswanath, "All-but-the-Top", ICLR 2018, done softly) lets words be told apart.
    """
    info = ImageNetInfo()
    names = list(IMAGENET_CLASSNAMES)
    definitions = [
        f"{name}: {info.index_to_description(index, detailed=True).partition(': ')[2]}"
        for index, name in enumerate(names)
    ]
    raw = functional.normalize(embed(names) + embed(definitions), dim=-1)
    centre = raw.mean(0)
    _, strength, directions = torch.linalg.svd(raw - centre, full_matrices=False)
    damping = (strength / strength[0] + _SPREAD_FLOOR) ** -_SPREAD_POWER
    spread = directions.T @ torch.diag(damping) @ directions

    def placed(vectors: Tensor) -> Tensor:
        return functional.normalize((vectors - centre) @ spread, dim=-1)

    garments = torch.stack([placed(embed(list(texts))).mean(0) for texts in GARMENTS.values()])
    gate = torch.zeros(len(names))
    gate[[names.index(name) for name in GATE]] = 1.0
    return LabelBank(placed(raw), functional.normalize(garments, dim=-1), gate, centre, spread)
