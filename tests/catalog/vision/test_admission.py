"""How many pixels are decoded at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from catalog.vision import admission, opening
from catalog.vision.admission import PixelBudget
from tests.catalog.vision.bad_photos import SIZE, jpeg, png

PATIENCE = 20
PIXELS = SIZE[0] * SIZE[1]


def until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(PATIENCE * 100):
        if condition():
            return
        pause.wait(0.01)
    pytest.fail("it did not come to that")


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


@pytest.fixture
def budget() -> PixelBudget:
    return PixelBudget(100)


def test_photo_waits_until_there_is_room_for_its_pixels(budget, pool):
    def take() -> int:
        with budget.share(60):
            return budget.in_use

    with budget.share(60):
        later = pool.submit(take)
        until(lambda: budget.waiting == 1)
        assert budget.in_use == 60
    assert later.result(PATIENCE) == 60


def test_photo_larger_than_everything_is_let_in_alone(budget):
    with budget.share(1000):
        assert budget.in_use == 100


def test_small_photo_does_not_pass_a_large_one_that_came_first(budget, pool):
    order: list[int] = []

    def take(count: int) -> None:
        with budget.share(count):
            order.append(count)

    with budget.share(60):
        large = pool.submit(take, 99)
        until(lambda: budget.waiting == 1)
        small = pool.submit(take, 10)
        until(lambda: budget.waiting == 2)
        assert order == []
    large.result(PATIENCE)
    small.result(PATIENCE)
    assert order == [99, 10]


def test_error_while_decoding_gives_the_pixels_back(budget):
    with pytest.raises(ValueError, match="broken"), budget.share(50):
        raise ValueError("broken")
    assert budget.in_use == 0


def test_photos_beyond_the_budget_are_decoded_one_after_another(pool, monkeypatch):
    monkeypatch.setattr(admission, "DECODING", PixelBudget(PIXELS))
    decode, active, most = opening._decoded, threading.Semaphore(0), []

    def counted(*arguments):
        active.release()
        most.append(active._value)
        try:
            return decode(*arguments)
        finally:
            active.acquire()

    monkeypatch.setattr(opening, "_decoded", counted)
    data = png()
    assert len(list(pool.map(opening.inspect, [data] * 12))) == 12
    assert max(most) == 1


@pytest.mark.parametrize(("progressive", "share"), [(False, 16), (True, 1)])
def test_jpeg_that_is_decoded_smaller_takes_less_of_the_budget(progressive, share, monkeypatch):
    taken = []

    class Watched(PixelBudget):
        def share(self, count):
            taken.append(count)
            return super().share(count)

    monkeypatch.setattr(admission, "DECODING", Watched())
    opening.load_for_model(jpeg(progressive=progressive), 8)
    assert taken == [PIXELS // share]
