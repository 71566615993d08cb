"""How likely a machine's value is right, from what is known of it: a small logistic model.

Three things are weighed: the machine's own word, how far another machine agrees, and how far products
that look alike and were confirmed by people agree. The weights start from a prior and are fitted to
what people accepted and rejected on this site: the maximum of the posterior with a Gaussian prior
around the starting weights (Gelman et al., "A weakly informative default prior distribution for
logistic and other regression models", 2008, with a normal prior), so that few decisions change
little. No weight becomes negative: more agreement never makes a value less likely.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.models.sources import Source

Array = NDArray[np.float64]

# A model that is always sure is not always right, and one word more must not count for ever more.
LEAST, MOST = 0.02, 0.98
NAMES = ("bias", "said", "agreement", "neighbours")
# Vision models overstate how sure they are; zero-shot's shares are probabilities already.
PRIORS: Mapping[str, tuple[float, ...]] = {
    Source.VISION_LLM: (0.0, 0.6, 0.7, 1.2),
    Source.ZERO_SHOT: (0.0, 1.0, 0.7, 1.2),
}
# How many decisions' worth the prior is, by weight; the bias gives way sooner than the slopes.
STRENGTH = np.array([2.0, 6.0, 6.0, 6.0])
STEPS = 30


@dataclass(frozen=True)
class Signs:
    """What speaks for a value: `said` in [0, 1], the agreements in [-1, 1], 0 where nobody says."""

    said: float
    agreement: float = 0.0
    neighbours: float = 0.0

    def row(self) -> Array:
        return np.array([1.0, _logit(self.said), self.agreement, self.neighbours])


def prior(source: str) -> Array:
    return np.array(PRIORS[source])


def probability(weights: Array, signs: Signs) -> float:
    """How likely a value with these signs is right, within [0.02, 0.98]."""
    share = 1.0 / (1.0 + np.exp(-float(weights @ signs.row())))
    return float(np.clip(share, LEAST, MOST))


def fitted(signs: Sequence[Signs], right: Sequence[bool], centre: Array) -> Array:
    """The weights for decisions of people, near `centre` where these are few."""
    if not signs:
        return centre
    rows = np.stack([one.row() for one in signs])
    outcomes = np.asarray(right, dtype=np.float64)
    free = np.ones(len(centre), dtype=bool)
    weights = centre
    while True:
        weights = _newton(rows, outcomes, centre, free)
        negative = free & (weights < 0)
        negative[0] = False  # a bias may be anything
        if not negative.any():
            return weights
        free &= ~negative


def _newton(rows: Array, outcomes: Array, centre: Array, free: NDArray[np.bool_]) -> Array:
    """The posterior's maximum, with weights that are not free held at nothing."""
    weights = np.where(free, centre, 0.0)
    for _ in range(STEPS):
        shares = 1.0 / (1.0 + np.exp(-np.clip(rows @ weights, -30, 30)))
        gradient = rows.T @ (shares - outcomes) + STRENGTH * (weights - centre)
        curvature = (rows * (shares * (1 - shares))[:, None]).T @ rows + np.diag(STRENGTH)
        step = np.zeros_like(weights)
        step[free] = np.linalg.solve(curvature[np.ix_(free, free)], gradient[free])
        # Far from the maximum a whole step may overshoot.
        weights = weights - step / max(1.0, float(np.abs(step).max()) / 2.0)
        if np.abs(step).max() < 1e-8:  # noqa: PLR2004 -- it stands still
            break
    return weights


def log_loss(weights: Array, signs: Sequence[Signs], right: Sequence[bool]) -> float:
    """The mean surprise at these decisions; smaller is better calibrated."""
    shares = np.array([probability(weights, one) for one in signs])
    outcomes = np.asarray(right, dtype=np.float64)
    return float(-np.mean(outcomes * np.log(shares) + (1 - outcomes) * np.log(1 - shares)))


def as_json(weights: Array) -> dict[str, float]:
    return {name: round(float(w), 6) for name, w in zip(NAMES, weights, strict=True)}


def of_json(data: Mapping[str, Any], source: str) -> Array:
    """Weights as they were kept; what is missing or damaged is the prior's."""
    start = dict(zip(NAMES, PRIORS[source], strict=True))
    known = {n: float(v) for n, v in data.items() if n in start and isinstance(v, (int, float))}
    return np.array([known.get(name, start[name]) for name in NAMES])


def overlap(one: Sequence[Any], other: Sequence[Any]) -> float:
    """How far two lists of values agree, from -1 (nothing in common) to 1 (the same)."""
    first, second = set(map(str, one)), set(map(str, other))
    union = first | second
    return 2 * len(first & second) / len(union) - 1 if union else 0.0


def kinship(one: str, other: str) -> float:
    """How far two categories agree: the same, one below the other, near each other, or apart."""
    if one == other:
        return 1.0
    if one.startswith(f"{other}/") or other.startswith(f"{one}/"):
        return 0.6
    return 0.0 if one.partition("/")[0] == other.partition("/")[0] else -1.0


def _logit(share: float) -> float:
    inside = min(max(share, LEAST), MOST)
    return float(np.log(inside / (1 - inside)))
