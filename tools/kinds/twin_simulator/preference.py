"""What the simulation repeats and what is its noise. Seeded: the same reactions, the same figures.

Intervals come from drawing shoppers again with replacement (bootstrap). They say how much the
figures would move with other shoppers out of the same simulation, which is its repeatability, and
nothing about how right it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tools.kinds.twin_simulator.similarity import Array

DRAWS = 2000
# Drawing fewer again and again gives intervals that look narrow because there is nothing to draw.
FEWEST = 5
COVERED = 0.95
_TAIL = (1 - COVERED) / 2


@dataclass(frozen=True)
class Interval:
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """How much a twin is rated above the listing. `clear`: beyond the noise, its sign is sure, and
    there were shoppers enough to tell.
    """

    twin: str
    value: Interval
    clear: bool


def means(values: Array, *, seed: int) -> list[Interval]:
    """The mean of each twin with its interval.

    Args:
        values: (shoppers, rounds, twins); what was not answered is NaN.
        seed: the same one draws the same shoppers and rounds.
    """
    drawn = _drawn(values, seed)
    return [_interval(values[..., twin], drawn) for twin in range(values.shape[-1])]


def differences(
    values: Array, twins: Sequence[str], *, seed: int, floor: float | None
) -> list[Difference]:
    """Each further twin against the first one, within each shopper and round.

    Without a `floor`, nothing is known of the noise and no difference is clear; nor with fewer than
    `FEWEST` shoppers who answered to both.
    """
    drawn = _drawn(values, seed)
    found = []
    for number, twin in enumerate(twins, start=1):
        apart = values[..., number] - values[..., 0]
        between = _interval(apart, drawn)
        enough = (~np.isnan(apart)).any(axis=1).sum() >= FEWEST
        sure = bool(enough) and (between.low > 0 or between.high < 0)
        beyond = floor is not None and abs(between.value) > floor
        found.append(Difference(twin, between, clear=sure and beyond))
    return found


def noise_floor(first: Array, second: Array, *, seed: int) -> float | None:
    """How far apart the means of two identical twins can lie by chance.

    Which of two identical twins came first means nothing, so each shopper's difference is as likely
    with the other sign: the 95 % quantile of the absolute mean under random signs, or the
    difference that was seen where that is larger.

    Args:
        first: of the listing, in any shape; NaN where unanswered.
        second: of its identical twin, in the same shape.
        seed: the same one draws the same signs.

    Returns:
        A difference in answers of the scale, None without a shopper who answered to both.
    """
    apart = first - second
    apart = apart[~np.isnan(apart)]
    if not len(apart):
        return None
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), (DRAWS, len(apart)))
    by_chance = np.abs((signs * apart).mean(axis=1))
    return float(max(np.quantile(by_chance, COVERED), abs(apart.mean())))


def _drawn(values: Array, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Shoppers drawn with replacement, and for each as many of its rounds as there were: places in
    (shoppers, rounds), both (draws, shoppers, rounds).
    """
    shoppers, rounds = values.shape[:2]
    draw = np.random.default_rng(seed)
    who = draw.integers(0, max(shoppers, 1), (DRAWS, shoppers, 1))
    return np.broadcast_arrays(who, draw.integers(0, max(rounds, 1), (DRAWS, shoppers, rounds)))  # type: ignore[return-value]


def _interval(column: Array, drawn: tuple[np.ndarray, np.ndarray]) -> Interval:
    """Of (shoppers, rounds)."""
    there = ~np.isnan(column)
    if not there.any():
        return Interval(float("nan"), float("nan"), float("nan"))
    answered = there[drawn].sum(axis=(1, 2))
    usable = answered > 0
    draws = np.nansum(column[drawn][usable], axis=(1, 2)) / answered[usable]
    low, high = np.quantile(draws, (_TAIL, 1 - _TAIL))
    return Interval(float(column[there].mean()), float(low), float(high))
