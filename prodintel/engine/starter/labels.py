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

_SPREAD_POWER = 0.25
_SPREAD_FLOOR = 0.02


@dataclass(frozen=True)
class LabelBank:
    """Text vectors of the classes (n, meaning), and how texts become comparable with them."""

    vectors: Tensor
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
    vectors = functional.normalize((raw - centre) @ spread, dim=-1)
    return LabelBank(vectors, centre, spread)
