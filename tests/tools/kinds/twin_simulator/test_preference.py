"""Orders, intervals and noise: seeded, and honest about what they are."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tools.kinds.twin_simulator.orders import order_for
from tools.kinds.twin_simulator.preference import differences, means, noise_floor

TWINS = ["A", "B", "C", "A2"]


def test_order_is_the_same_for_the_same_seed_and_another_for_another():
    orders = [[order_for(TWINS, seed=seed, shopper=n) for n in range(8)] for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


def test_every_shopper_sees_every_twin_once():
    assert all(sorted(order_for(TWINS, seed=3, shopper=n)) == sorted(TWINS) for n in range(20))


def test_each_twin_comes_first_equally_often_in_a_full_panel():
    firsts = Counter(order_for(TWINS, seed=5, shopper=n)[0] for n in range(16))
    assert set(firsts.values()) == {4}


def grid(*columns: float, shoppers: int = 12, noise: float = 0.2, rounds: int = 1) -> np.ndarray:
    draw = np.random.default_rng(7)
    return np.array(columns) + draw.normal(0, noise, (shoppers, rounds, len(columns)))


def test_intervals_are_the_same_for_the_same_seed():
    values = grid(3.0, 3.5)
    assert means(values, seed=4) == means(values, seed=4)
    assert means(values, seed=4) != means(values, seed=5)


def test_interval_holds_the_mean_and_narrows_with_more_shoppers():
    few, many = (means(grid(3.0, shoppers=n), seed=1)[0] for n in (4, 400))
    assert few.low < few.value < few.high
    assert many.high - many.low < (few.high - few.low) / 3


def test_rounds_are_drawn_too():
    values = np.array([[[1.0], [5.0]]] * 4)
    (found,) = means(values, seed=1)
    assert (found.value, found.low < 3 < found.high) == (3.0, True)


def test_interval_narrows_with_more_rounds_where_shoppers_are_of_two_minds():
    one, many = (means(grid(3.0, noise=1.0, rounds=n), seed=1)[0] for n in (1, 40))
    assert many.high - many.low < (one.high - one.low) / 3


def test_so_few_shoppers_make_nothing_clear_however_far_apart_the_twins_are():
    few, enough = (grid(1.0, 5.0, noise=0.01, shoppers=n) for n in (4, 5))
    clear = [differences(each, ["B"], seed=1, floor=0.1)[0].clear for each in (few, enough)]
    assert clear == [False, True]


def test_shopper_who_did_not_answer_counts_nowhere():
    values = grid(3.0, 3.5)
    values[0] = np.nan
    assert means(values, seed=1)[0].value == pytest.approx(np.nanmean(values[..., 0]))


def test_twin_that_nobody_answered_to_has_no_mean():
    values = grid(3.0, 3.5)
    values[..., 1] = np.nan
    assert np.isnan(means(values, seed=1)[1].value)


def test_large_difference_is_clear_and_small_one_is_not():
    values = grid(3.0, 4.0, 3.02, 3.0)
    floor = noise_floor(values[..., 0], values[..., 3], seed=1)
    found = differences(values, TWINS[1:], seed=1, floor=floor)
    assert [each.clear for each in found] == [True, False, False]


def test_difference_of_identical_twins_is_never_beyond_its_own_noise():
    for offset in (0.0, 0.3, 1.0):
        values = grid(3.0, 3.0 + offset)
        floor = noise_floor(values[..., 0], values[..., 1], seed=1)
        assert not differences(values, ["A2"], seed=1, floor=floor)[0].clear


def test_identical_answers_to_identical_twins_leave_no_noise():
    same = np.full((6, 1), 3.0)
    assert noise_floor(same, same, seed=1) == 0.0


def test_without_a_control_nothing_is_clear():
    assert not differences(grid(2.0, 5.0), ["B"], seed=1, floor=None)[0].clear


def test_noise_is_unknown_where_nobody_answered_to_both():
    assert noise_floor(np.array([3.0, np.nan]), np.array([np.nan, 3.0]), seed=1) is None
