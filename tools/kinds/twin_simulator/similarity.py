"""Semantic similarity rating: from what somebody says to where that lies on a scale.

After Maier et al., "LLMs Reproduce Human Purchase Intent via Semantic Similarity Elicitation of
Likert Ratings", arXiv:2510.08338, section on the response likelihood. For a reaction t and the
anchor statements s_1 ... s_5 of one set, with cosine similarities g_r = cos(s_r, t) and the smallest
of them g_l:

    p(r) is proportional to  g_r - g_l + epsilon * [r = l],      then to  p(r) ** (1 / temperature).

Several sets are averaged. Here epsilon is 0 and the temperature 1, as in the paper. What comes out
says what the words are like and not what anybody will do.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
ANSWERS = 5


def distributions(
    reactions: NDArray[np.floating],
    anchors: NDArray[np.floating],
    *,
    epsilon: float = 0.0,
    temperature: float = 1.0,
) -> Array:
    """How each reaction is spread over the scale.

    Args:
        reactions: unit vectors (n, d).
        anchors: unit vectors (sets, 5, d), the lowest answer first.
        epsilon: share of its own that the least similar answer keeps.
        temperature: above 1 flattens, below 1 sharpens.

    Returns:
        (n, 5), rows that sum to 1. A reaction that is equally like all anchors of a set says
        nothing there, and is spread evenly.
    """
    similar = np.einsum("nd,sad->nsa", reactions.astype(float), anchors.astype(float))
    least = similar.min(axis=-1, keepdims=True)
    shares = similar - least
    shares[np.arange(len(similar))[:, None], np.arange(len(anchors)), similar.argmin(-1)] += epsilon
    return np.asarray(_unit(_unit(shares) ** (1 / temperature)).mean(axis=1))


def ratings(spread: Array) -> Array:
    """The mean answer, from 1 to 5, of each row (n, 5)."""
    return np.asarray(spread @ np.arange(1, ANSWERS + 1))


def rank_correlation(one: Array, other: Array) -> float:
    """Spearman's rho; ties share their mean rank. 0.0 where one of both does not vary."""
    first, second = _ranks(one), _ranks(other)
    if not np.ptp(first) or not np.ptp(second):
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _unit(shares: Array) -> Array:
    total = shares.sum(axis=-1, keepdims=True)
    even = np.full_like(shares, 1 / shares.shape[-1])
    return np.divide(shares, total, out=even, where=total > 0)


def _ranks(values: Array) -> Array:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = count.cumsum()
    return np.asarray((last - (count - 1) / 2)[place])
