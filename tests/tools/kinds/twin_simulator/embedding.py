"""A stand-in for the sentence model: words of praise and blame point to the ends of one axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tools.kinds.twin_simulator.gate import scale

GOOD = ("love", "great", "good", "like")
BAD = ("hate", "awful", "bad", "dislike")


class KnownSentences:
    """Knows where the statements of the scale belong, and of other texts their praise and blame.

    `backwards` has it rank everything the wrong way round.
    """

    def __init__(self, *, backwards: bool = False) -> None:
        self._backwards = backwards
        self._levels = {
            text: level
            for groups in (scale().statements, *((((each,) for each in group)) for group in scale().anchors))
            for level, group in enumerate(groups)
            for text in group
        }  # fmt: skip
        self._anchors = {text for group in scale().anchors for text in group}
        self.asked: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        self.asked.append(list(texts))
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> np.ndarray:
        level = self._levels.get(text)
        if level is None:
            words = text.lower()
            level = 2 + 2 * sum(map(words.count, GOOD)) - 2 * sum(map(words.count, BAD))
            level = min(max(level, 0), 4)
        if self._backwards and text not in self._anchors:
            level = 4 - level
        angle = level / 4 * np.pi / 2
        return np.array([np.cos(angle), np.sin(angle)], np.float32)
