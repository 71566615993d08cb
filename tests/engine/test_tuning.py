from __future__ import annotations

import json

import pytest

from prodintel.engine.tuning import PassSize, Tuning, measure, remembered


def machine(per_photo: dict[str, float], overhead: float = 0.0):
    """A trial of a machine that needs so many seconds for a photo."""
    return lambda dtype, count: overhead + per_photo[dtype] * count


def test_the_faster_number_type_is_taken():
    tuning = measure(machine({"float32": 0.04, "bfloat16": 0.01}), ["float32", "bfloat16"], 64)
    assert tuning.dtype == "bfloat16"


def test_a_slower_number_type_is_not_taken():
    tuning = measure(machine({"float32": 0.01, "bfloat16": 0.03}), ["float32", "bfloat16"], 64)
    assert tuning.dtype == "float32"


def test_a_small_gain_is_not_worth_the_precision():
    tuning = measure(machine({"float32": 0.010, "bfloat16": 0.0095}), ["float32", "bfloat16"], 64)
    assert tuning.dtype == "float32"


@pytest.mark.parametrize("per_photo", [0.001, 0.004, 0.0094, 0.031, 0.052, 0.14, 0.29])
def test_a_batch_takes_at_most_300_ms(per_photo):
    tuning = measure(machine({"float32": per_photo}), ["float32"], 64)
    assert tuning.batch * per_photo <= 0.3 + 1e-9
    assert tuning.batch == min(64, int(0.3 / per_photo + 1e-9))


def test_a_model_slower_than_the_limit_goes_photo_by_photo():
    assert measure(machine({"float32": 2.0}), ["float32"], 64).batch == 1


def test_the_speed_is_that_of_a_batch():
    tuning = measure(machine({"float32": 0.001}, overhead=0.064), ["float32"], 64)
    assert tuning.photos_per_second == pytest.approx(1 / 0.002, rel=0.01)


def test_a_tuning_is_measured_once_and_kept(tmp_path):
    file = tmp_path / "data" / "tuning.json"
    first = remembered(file, ("model", "cpu"), lambda: Tuning("float32", 8, 26.0))
    again = remembered(file, ("model", "cpu"), lambda: pytest.fail("measured again"))
    assert again == first


def test_another_machine_is_measured_anew_and_both_are_kept(tmp_path):
    file = tmp_path / "tuning.json"
    remembered(file, ("model", "cpu 1"), lambda: Tuning("float32", 8, 26.0))
    remembered(file, ("model", "cpu 2"), lambda: Tuning("bfloat16", 32, 110.0))
    assert remembered(file, ("model", "cpu 1"), lambda: pytest.fail("measured")).batch == 8


def test_a_measurement_on_a_busy_machine_is_used_but_not_kept(tmp_path):
    times = iter([0.1, 0.1, 0.4, 0.1, *[0.1] * 20])
    file = tmp_path / "tuning.json"
    tuning = remembered(file, ("model",), lambda: measure(lambda *_: next(times), ["float32"], 8))
    assert not tuning.steady
    assert not file.exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"[\\"model\\"]": {"dtype": 1}}', ""])
def test_a_damaged_file_is_measured_over(tmp_path, content):
    file = tmp_path / "tuning.json"
    file.write_text(content)
    tuning = Tuning("float32", 8, 26.0)
    assert remembered(file, ("model",), lambda: tuning) == tuning
    assert json.loads(file.read_text())


def test_a_slow_model_is_not_measured_for_long():
    passes = []

    def trial(dtype, count):
        passes.append(count)
        return count * 1.0

    measure(trial, ["float32", "bfloat16"], 64)
    assert sum(passes) == 2 + 2 * 2 * 4


def test_passes_grow_while_they_take_less_than_half_the_limit():
    size = PassSize(2, most=64)
    taken = []
    for _ in range(8):
        taken.append(size.value)
        size.took(size.value, size.value * 0.008)
    assert taken == [2, 4, 8, 16, 32, 32, 32, 32]


def test_passes_grow_no_further_than_the_most():
    size = PassSize(48, most=64)
    size.took(48, 0.01)
    assert size.value == 64


def test_passes_shrink_when_they_are_too_slow_several_times_in_a_row():
    size = PassSize(16, most=64)
    for seconds in (0.4, 0.4, 0.2, 0.4, 0.4):
        size.took(16, seconds)
    assert size.value == 16
    size.took(16, 0.4)
    assert size.value == 8


def test_a_quick_pass_that_was_not_full_tells_nothing():
    size = PassSize(16, most=64)
    for count, seconds in ((16, 0.4), (16, 0.4), (3, 0.001), (16, 0.4)):
        size.took(count, seconds)
    assert size.value == 8


def test_slow_passes_shrink_the_next_ones_though_they_were_not_full():
    size = PassSize(64, most=64)
    for _ in range(3):
        size.took(16, 0.4)
    assert size.value == 8
