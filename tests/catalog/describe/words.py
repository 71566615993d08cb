"""An encoder of words: every word has an axis, a text is the sum of its words' axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from catalog.describe.prompts import Vectors, unit

DIMENSION = 64
WORDS = [
    "dress",
    "shirt",
    "hat",
    "mug",
    "plate",
    "lamp",
    "wool",
    "leather",
    "denim",
    "ceramic",
    "glass",
    "striped",
    "checked",
    "floral",
    "plain",
    "sofa",
    "sofas",
    "clothing",
    "tableware",
]
_IGNORED = {"a", "photo", "of", "product"}


class WordEncoder:
    """`encode` for prompt banks; remembers what it was asked, and of which model. `fails` is raised
    in place of answers.
    """

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.models: set[str] = set()
        self.fails: Exception | None = None

    def __call__(self, texts: Sequence[str], *, model: str = "") -> Vectors:
        self.asked.append(list(texts))
        self.models.add(model)
        if self.fails is not None:
            raise self.fails
        return np.stack([photo_of(text) for text in texts])


def photo_of(text: str, **weights: float) -> np.ndarray:
    """The vector of a photo that shows these words, some of them weighted."""
    vector = np.full(DIMENSION, 0.01, dtype=np.float32)
    for word in text.lower().split():
        if word in WORDS:
            vector[WORDS.index(word)] += weights.get(word, 1.0)
        elif word not in _IGNORED:
            vector[len(WORDS) + sum(map(ord, word)) % (DIMENSION - len(WORDS))] += 1.0
    return np.asarray(unit(vector), dtype=np.float32)
