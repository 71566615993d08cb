"""Whether the sentence model can tell good reactions from bad ones: measured before it is believed."""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from prodintel.engine.interface import SENTENCE_MODEL
from prodintel.engine.vectors import Vector
from tools.kinds.twin_simulator.similarity import Array, distributions, rank_correlation, ratings

LEAST_CORRELATION = 0.8

Embed = Callable[[Sequence[str]], Vector]


@dataclass(frozen=True)
class Scale:
    """The answers, the sets of anchor statements (lowest first), and the statements by answer."""

    answers: tuple[str, ...]
    anchors: tuple[tuple[str, ...], ...]
    statements: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Gate:
    """How the 30 statements were ranked.

    `correlation` is Spearman's rho between the mean answer and where a statement belongs;
    `highest_bad` and `lowest_good` are mean answers of statements of the lowest and of the highest
    answer of the scale.
    """

    model: str
    correlation: float
    highest_bad: float
    lowest_good: float

    @property
    def passed(self) -> bool:
        """Ranked well as a whole, and every clearly bad reaction below every clearly good one."""
        return self.correlation >= LEAST_CORRELATION and self.highest_bad < self.lowest_good

    @property
    def reason(self) -> str:
        """In a sentence, what the statements showed."""
        figures = (
            f"rank correlation {self.correlation:.2f}, at least {LEAST_CORRELATION} wanted; the "
            f"best-rated bad statement {self.highest_bad:.2f}, the worst-rated good one "
            f"{self.lowest_good:.2f} of 5"
        )
        verb = "ranked" if self.passed else "did not rank"
        return f"The sentence model {self.model} {verb} 30 test statements right ({figures})."


class Rater:
    """The scale's anchors as vectors, and how far they can be trusted."""

    def __init__(self, embed: Embed, model: str = SENTENCE_MODEL) -> None:
        """Embeds anchors and statements. Raises EngineError."""
        chosen = scale()
        flat = [text for group in chosen.anchors for text in group]
        statements = [text for group in chosen.statements for text in group]
        vectors = embed([*flat, *statements])
        self._anchors = vectors[: len(flat)].reshape(len(chosen.anchors), len(chosen.answers), -1)
        levels = np.repeat(
            np.arange(1, len(chosen.answers) + 1), [len(group) for group in chosen.statements]
        )
        means = ratings(distributions(vectors[len(flat) :], self._anchors))
        self.gate = Gate(
            model=model,
            correlation=rank_correlation(means, levels.astype(float)),
            highest_bad=float(means[levels == levels.min()].max()),
            lowest_good=float(means[levels == levels.max()].min()),
        )

    def rate(self, embed: Embed, texts: Sequence[str]) -> Array:
        """How each text is spread over the scale: (n, 5). Raises EngineError."""
        return distributions(embed(texts), self._anchors)


_lock = threading.Lock()
_known: dict[str, Rater] = {}


def rater(embed: Embed, model: str = SENTENCE_MODEL) -> Rater:
    """The rater of this process, measured at the first call with a model. Raises EngineError."""
    with _lock:
        if model not in _known:
            _known[model] = Rater(embed, model)
        return _known[model]


@cache
def scale() -> Scale:
    """The shipped scale."""
    data = tomllib.loads(Path(__file__).with_name("scale.toml").read_text(encoding="utf-8"))
    return Scale(
        answers=tuple(data["scale"]),
        anchors=tuple(tuple(group) for group in data["anchors"]),
        statements=tuple(tuple(group) for group in data["statements"]),
    )
