"""A runner: works while there is work, waits to be woken, survives a database that is away."""

from __future__ import annotations

import threading

import pytest
from django.db import InterfaceError, OperationalError
from structlog.testing import capture_logs

from prodintel.lib import runner as module
from prodintel.lib.runner import Runner

pytestmark = pytest.mark.django_db(transaction=True)


class Steps:
    """Answers of a step, one a call; after the last, 0. `idle` is set when there are no more."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.calls = 0
        self.idle = threading.Event()

    def __call__(self) -> int:
        self.calls += 1
        if not self.answers:
            self.idle.set()
            return 0
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


class Wakes(threading.Event):
    """A runner's wake by which no time passes: of each wait it notes how long that would be, and says
    whether it was woken. After the last it waits in earnest, and `over` is set.
    """

    def __init__(self, *woken: bool) -> None:
        super().__init__()
        self.woken = list(woken)
        self.waits: list[float | None] = []
        self.over = threading.Event()

    def wait(self, timeout=None) -> bool:
        if not self.woken:
            self.over.set()
            return super().wait(timeout)
        self.waits.append(timeout)
        return self.woken.pop(0)


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(module, "DATABASE_AWAY_SECONDS", 0.01)
    started: list[Runner] = []
    crashed = threading.Event()

    def start(step, wake=None) -> Runner:
        runner = Runner("test", step, on_crash=crashed.set)
        runner.crashed = crashed
        runner.wake = wake or runner.wake
        runner.start()
        started.append(runner)
        return runner

    yield start
    for runner in started:
        runner.stop()
        runner.join(10)
        assert not runner.is_alive()


def test_runner_works_as_long_as_there_is_work(run):
    steps = Steps(3, 1, 2)
    run(steps)
    assert steps.idle.wait(10)
    assert steps.calls == 4


def test_idle_runner_works_again_when_woken(run, monkeypatch):
    monkeypatch.setattr(module, "SWEEP_SECONDS", 600.0)
    steps = Steps()
    runner = run(steps)
    assert steps.idle.wait(10)
    steps.idle.clear()
    runner.wake.set()
    assert steps.idle.wait(10)


def test_idle_runner_looks_for_work_by_itself(run, monkeypatch):
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.01)
    steps = Steps()
    run(steps)
    assert steps.idle.wait(10)
    steps.idle.clear()
    assert steps.idle.wait(10)


def test_runner_without_work_looks_less_and_less_often(run):
    wakes = Wakes(False, False, False, False)
    run(Steps(), wakes)
    assert wakes.over.wait(10)
    assert wakes.waits == [1.0, 2.0, 4.0, 4.0]


def test_woken_runner_looks_often_again(run):
    wakes = Wakes(False, False, True, False)
    run(Steps(), wakes)
    assert wakes.over.wait(10)
    assert wakes.waits == [1.0, 2.0, 4.0, 1.0]


def test_runner_that_found_work_by_itself_looks_often_again(run):
    wakes = Wakes(False, False, False, False)
    run(Steps(0, 0, 7), wakes)
    assert wakes.over.wait(10)
    assert wakes.waits == [1.0, 2.0, 1.0, 2.0]


@pytest.mark.parametrize("error", [OperationalError("database is locked"), InterfaceError("gone")])
def test_database_that_is_away_is_waited_for(run, error):
    steps = Steps(error, 1)
    with capture_logs() as said:
        runner = run(steps)
        assert steps.idle.wait(10)
    assert not runner.crashed.is_set()
    assert [entry["event"] for entry in said] == ["database away"]


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), SystemExit(3)])
def test_any_other_error_ends_the_runner_and_is_reported_with_its_reason(run, error):
    with capture_logs() as said:
        runner = run(Steps(error))
        runner.join(10)
    assert not runner.is_alive()
    assert runner.crashed.is_set()
    (entry,) = said
    assert entry["event"] == "runner crashed"
    assert (entry["runner"], entry["error"], entry["exc_info"]) == ("test", repr(error), True)


def test_stopped_runner_ends_after_its_step(run):
    entered, leave = threading.Event(), threading.Event()

    def step() -> int:
        entered.set()
        leave.wait(10)
        return 1

    runner = run(step)
    assert entered.wait(10)
    runner.stop()
    assert runner.is_alive()
    leave.set()
    runner.join(10)
    assert not runner.is_alive()
    assert not runner.crashed.is_set()
