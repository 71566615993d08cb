"""Confidence: bounded, monotone, near its prior after few decisions, better calibrated after many."""

from __future__ import annotations

import numpy as np
import pytest

from catalog.describe.confidence import (
    Signs,
    as_json,
    fitted,
    kinship,
    log_loss,
    of_json,
    overlap,
    prior,
    probability,
)
from catalog.models import Source

PRIOR = prior(Source.VISION_LLM)


def decisions(count: int, weights: tuple, seed: int = 1) -> tuple[list[Signs], list[bool]]:
    """What people would decide if these were the weights of the world."""
    random = np.random.default_rng(seed)
    signs = [
        Signs(random.uniform(0.3, 0.98), random.uniform(-1, 1), random.uniform(-1, 1))
        for _ in range(count)
    ]
    shares = [1 / (1 + np.exp(-np.array(weights) @ one.row())) for one in signs]
    return signs, [bool(random.random() < share) for share in shares]


@pytest.mark.parametrize("said", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("leaning", [-1.0, 0.0, 1.0])
def test_confidence_stays_within_bounds(said, leaning):
    assert 0.02 <= probability(PRIOR * 50, Signs(said, leaning, leaning)) <= 0.98


def test_agreement_and_neighbours_move_it_in_their_direction():
    alone = probability(PRIOR, Signs(0.8))
    assert probability(PRIOR, Signs(0.8, agreement=0.9)) > alone
    assert probability(PRIOR, Signs(0.8, neighbours=-0.9)) < alone
    assert probability(PRIOR, Signs(0.9)) > alone


def test_zero_shot_without_decisions_keeps_its_own_word():
    assert probability(prior(Source.ZERO_SHOT), Signs(0.62)) == pytest.approx(0.62)


def test_a_fit_to_many_decisions_is_better_calibrated_on_others():
    world = (-1.0, 0.3, 0.2, 2.0)
    weights = fitted(*decisions(600, world), PRIOR)
    others = decisions(600, world, seed=2)
    assert log_loss(weights, *others) < log_loss(PRIOR, *others) - 0.05
    assert np.abs(weights - np.array(world)).max() < 0.6


def test_few_decisions_stay_near_the_prior():
    signs, right = decisions(3, (-3.0, 0.0, 0.0, 0.0))
    weights = fitted(signs, right, PRIOR)
    assert np.abs(weights - PRIOR).max() < 0.7
    assert fitted([], [], PRIOR) is PRIOR


def test_no_weight_becomes_negative_but_the_bias():
    signs, right = decisions(500, (0.5, -2.0, -1.0, -1.0))
    weights = fitted(signs, right, PRIOR)
    assert (weights[1:] >= 0).all()
    assert np.isfinite(weights).all()


def test_decisions_of_one_kind_alone_keep_it_finite():
    weights = fitted([Signs(0.98, 1, 1)] * 5000, [True] * 5000, PRIOR)
    assert np.isfinite(weights).all()
    assert probability(weights, Signs(0.98, 1, 1)) == 0.98


def test_weights_that_are_kept_come_back_and_damaged_ones_are_the_priors():
    weights = np.array([0.1, 0.2, 0.3, 0.4])
    assert of_json(as_json(weights), Source.VISION_LLM) == pytest.approx(weights)
    damaged = of_json({"said": "much", "bias": 1}, Source.VISION_LLM)
    assert damaged == pytest.approx([1.0, *PRIOR[1:]])


@pytest.mark.parametrize(
    ("one", "other", "agreement"),
    [(["a"], ["a"], 1.0), (["a"], ["b"], -1.0), (["a", "b"], ["a"], 0.0), ([], [], 0.0)],
)
def test_lists_agree_as_far_as_they_overlap(one, other, agreement):
    assert overlap(one, other) == agreement


@pytest.mark.parametrize(
    ("one", "other", "agreement"),
    [
        ("home/mugs", "home/mugs", 1.0),
        ("home", "home/mugs", 0.6),
        ("home/cups", "home/mugs", 0.0),
        ("bags", "home/mugs", -1.0),
    ],
)
def test_categories_agree_by_kinship(one, other, agreement):
    assert kinship(one, other) == agreement
