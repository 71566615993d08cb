"""Checks that both implementations of the index make before they store or search anything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from catalog.index.protocol import MAX_RESULTS, IndexProblem, Point, Vector


def matrix(points: Sequence[Point]) -> Vector:
    """The vectors of `points`, float32 (n, dimension).

    Raises:
        IndexProblem: when one is zero, not finite or of another length, or an id is negative.

    """
    if any(point.id < 0 for point in points):
        raise IndexProblem("The ids of points are whole numbers from 0.")
    try:
        stacked = np.stack([np.asarray(point.vector, np.float32) for point in points])
    except ValueError as error:
        raise IndexProblem("All vectors of a collection have the same length.") from error
    if stacked.ndim != 2:  # noqa: PLR2004  a matrix
        raise IndexProblem(f"A vector has one axis; these have {stacked.ndim - 1}.")
    if not np.isfinite(stacked).all() or not stacked.any(axis=1).all():
        raise IndexProblem("A vector cannot be zero, nor hold values that are not numbers.")
    return stacked


def query(vector: Vector, limit: int, offset: int) -> Vector:
    """The vector to search by.

    Raises:
        IndexProblem: when it is zero or not finite, or more is asked for than a search returns.

    """
    if limit < 0 or offset < 0 or limit + offset > MAX_RESULTS:
        raise IndexProblem(f"A search returns at most {MAX_RESULTS} points, offset included.")
    return matrix([Point(0, vector)])[0]
