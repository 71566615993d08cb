"""Texts that photos are compared with, as vectors, each computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Encode = Callable[[list[str]], Vectors]

# Several wordings of one label are averaged (Radford et al., "Learning Transferable Visual Models
# From Natural Language Supervision", 2021, section 3.1.4).
TEMPLATES = ("a photo of {}", "a product photo of {}")
CHUNK = 16  # a search that someone types waits no longer than one of these


class PromptBank:
    """The vectors of one encoder's texts. Not for use by several threads at once.

    `encode` takes texts and gives float32 (n, dimension), rows of length 1.
    """

    def __init__(self, encode: Encode) -> None:
        self._encode = encode
        self._known: dict[str, Vectors] = {}

    def texts(self, texts: Sequence[str]) -> Vectors:
        """(n, dimension) in the order of `texts`; raises what `encode` raises."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        for start in range(0, len(missing), CHUNK):
            chunk = missing[start : start + CHUNK]
            self._known.update(zip(chunk, self._encode(chunk), strict=True))
        return np.stack([self._known[text] for text in texts])

    def labels(self, wordings: Sequence[Sequence[str]]) -> Vectors:
        """One vector a label, the mean direction of its wordings: (labels, dimension)."""
        prompts = [label_prompts(words) for words in wordings]
        vectors = self.texts([prompt for group in prompts for prompt in group])
        ends = np.cumsum([len(group) for group in prompts])
        means = [group.mean(axis=0) for group in np.split(vectors, ends[:-1])]
        return unit(np.stack(means))


def label_prompts(words: Iterable[str]) -> list[str]:
    """The first word in every template, its synonyms in the first one."""
    first, *others = words
    return [
        *(template.format(first) for template in TEMPLATES),
        *(TEMPLATES[0].format(other) for other in others),
    ]


def unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; a row of zeros stays one."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12), dtype=np.float32)
