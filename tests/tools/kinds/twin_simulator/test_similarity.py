"""The mathematics of semantic similarity rating."""

from __future__ import annotations

import numpy as np
import pytest

from tools.kinds.twin_simulator.similarity import distributions, rank_correlation, ratings

AXES = np.eye(6)
ANCHORS = AXES[None, :5]


def test_similarities_above_the_smallest_are_shared_out():
    reaction = np.array([[0.1, 0.2, 0.3, 0.4, 0.5, 0.0]])
    np.testing.assert_allclose(distributions(reaction, ANCHORS), [[0, 0.1, 0.2, 0.3, 0.4]])


def test_rating_is_the_mean_answer():
    np.testing.assert_allclose(
        ratings(np.array([[0, 0.1, 0.2, 0.3, 0.4], [1, 0, 0, 0, 0]])), [4, 1]
    )


def test_sets_of_anchors_are_averaged():
    anchors = np.stack([AXES[:5], AXES[4::-1]])
    reaction = np.array([[0.0, 0.0, 0.0, 0.0, 1.0, 0.0]])
    np.testing.assert_allclose(distributions(reaction, anchors), [[0.5, 0, 0, 0, 0.5]])


def test_epsilon_leaves_the_least_similar_answer_a_share():
    reaction = np.array([[0.0, 0.5, 0.5, 0.5, 0.5, 0.0]])
    spread = distributions(reaction, ANCHORS, epsilon=0.5)
    np.testing.assert_allclose(spread, [[0.2] * 5])


@pytest.mark.parametrize(("temperature", "most"), [(0.5, 16 / 30), (1.0, 0.4), (2.0, 0.325)])
def test_temperature_flattens_or_sharpens(temperature, most):
    reaction = np.array([[0.1, 0.2, 0.3, 0.4, 0.5, 0.0]])
    spread = distributions(reaction, ANCHORS, temperature=temperature)
    assert spread.sum() == pytest.approx(1)
    assert spread.max() == pytest.approx(most, abs=0.01)


def test_reaction_that_is_like_no_anchor_is_spread_evenly():
    np.testing.assert_allclose(distributions(AXES[5:], ANCHORS), [[0.2] * 5])


def test_no_reactions_give_no_rows():
    assert distributions(np.empty((0, 6)), ANCHORS).shape == (0, 5)


def test_rank_correlation_is_spearmans():
    ranks = np.array([1.0, 2, 3, 4, 5])
    assert rank_correlation(ranks, ranks**3) == pytest.approx(1)
    assert rank_correlation(ranks, -ranks) == pytest.approx(-1)
    # As computed by hand: 1 - 6 * (1 + 1) / (5 * 24).
    assert rank_correlation(ranks, np.array([2.0, 1, 3, 4, 5])) == pytest.approx(0.9)


def test_ties_share_their_rank():
    one, other = np.array([1.0, 1, 2, 2]), np.array([5.0, 5, 9, 9])
    assert rank_correlation(one, other) == pytest.approx(1)


def test_what_does_not_vary_correlates_with_nothing():
    assert rank_correlation(np.ones(4), np.arange(4.0)) == 0.0
