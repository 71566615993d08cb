"""Keeps a few processes of one program running, and stops them in order.

One thread, one loop: it sleeps until a signal arrives or a restart is due. Children run in process
groups of their own, so that Ctrl-C in a terminal reaches the supervisor alone and they end in the
order of `parts`; they are tethered (see `prodintel.lib.tether`), so that none outlives it.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from prodintel.lib import tether

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
FIRST_DELAY = 1.0
LONGEST_DELAY = 30.0
# Who lived this long has started well: its next death is a new story.
STEADY_AFTER = 60.0
GRACE = 15.0
RESERVED_SHARE = 0.2


@dataclass(frozen=True)
class Part:
    """One child: `script` with its arguments, run by this Python.

    `descriptors` stay open in the child, under the same numbers.
    """

    name: str
    script: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: Sequence[int] = ()


class Child:
    """A part over its lives: when it last started, and when it may start again."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.process: subprocess.Popen[bytes] | None = None
        self.due = 0.0
        self.delay = FIRST_DELAY
        self._started = 0.0

    def start(self, *, tether_end: int, folder: Path) -> None:
        command = [sys.executable, "-m", tether.__name__, *self.part.script]
        self.process = subprocess.Popen(  # noqa: S603 -- our own interpreter and scripts
            command,
            cwd=folder,
            env={**os.environ, **self.part.environment, tether.VARIABLE: str(tether_end)},
            stdin=subprocess.DEVNULL,
            pass_fds=(tether_end, *self.part.descriptors),
            process_group=0,
        )
        self._started = time.monotonic()

    def reap(self) -> int | None:
        """The exit status of a child that has just ended, having set when it starts again."""
        if self.process is None or self.process.poll() is None:
            return None
        status = self.process.returncode
        self.process = None
        if time.monotonic() - self._started >= STEADY_AFTER:
            self.delay = FIRST_DELAY
        self.postpone()
        return status

    def postpone(self) -> None:
        """Let it start after its delay, and after a longer one the next time."""
        self.due = time.monotonic() + self.delay
        self.delay = min(self.delay * 2, LONGEST_DELAY)

    def send(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)

    def wait(self, until: float) -> bool:
        """Wait for its end until that moment of the monotonic clock; whether it has ended."""
        if self.process is not None:
            try:
                self.process.wait(max(until - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                return False
        return True


class Supervisor:
    """Runs `parts` until a stop signal, restarting what dies; they stop in the order given.

    `report(event, **fields)` is told what happens: started, not started, exited, stopping,
    killed, stopped.
    `before_stop` runs once when stopping begins.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        folder: Path,
        report: Callable[..., None],
        before_stop: Callable[[], None] = lambda: None,
        grace: float = GRACE,
    ) -> None:
        self._children = [Child(part) for part in parts]
        self._folder = folder
        self._report = report
        self._before_stop = before_stop
        self._grace = grace
        self._signals = 0

    def run(self) -> None:
        """Run until SIGTERM, SIGINT or SIGHUP; a second one ends the children at once.

        A SIGHUP that is ignored when this begins, as under nohup, stays so.
        To be called on the main thread: signals arrive there, and the children's lives are tied to
        the thread that starts them.
        """
        tether_end, our_end = os.pipe()
        wake_end, signal_end = os.pipe()
        os.set_blocking(signal_end, False)
        os.set_blocking(wake_end, False)
        former_wakeup = signal.set_wakeup_fd(signal_end, warn_on_full_buffer=False)
        former = {
            number: signal.signal(number, self._count)
            for number in STOP_SIGNALS
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN
        }
        former[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _notice)
        try:
            while not self._signals:
                self._start_due(tether_end)
                self._sleep(wake_end)
                self._reap()
            self._stop()
        finally:
            for child in self._children:
                child.send(signal.SIGKILL)
            for number, handler in former.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(former_wakeup)
            for descriptor in (tether_end, our_end, wake_end, signal_end):
                os.close(descriptor)

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _start_due(self, tether_end: int) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.process is not None or child.due > now:
                continue
            try:
                child.start(tether_end=tether_end, folder=self._folder)
            except OSError as error:
                # No process or no memory left for one: no reason to end those that run.
                child.postpone()
                self._report(
                    "not started",
                    part=child.part.name,
                    reason=error.strerror or str(error),
                    again_in_seconds=_seconds_until(child.due),
                )
            else:
                self._tell("started", child)

    def _sleep(self, wake_end: int) -> None:
        waiting = [child.due for child in self._children if child.process is None]
        timeout = max(min(waiting) - time.monotonic(), 0) if waiting else None
        select.select([wake_end], [], [], timeout)
        try:
            while os.read(wake_end, 64):
                continue
        except BlockingIOError:
            return

    def _reap(self) -> None:
        for child in self._children:
            pid = child.process.pid if child.process else None
            status = child.reap()
            if status is not None:
                self._report(
                    "exited",
                    part=child.part.name,
                    pid=pid,
                    how=describe_exit(status),
                    again_in_seconds=_seconds_until(child.due),
                )

    def _stop(self) -> None:
        self._report("stopping")
        self._before_stop()
        end = time.monotonic() + self._grace
        for position, child in enumerate(self._children, start=1):
            child.send(signal.SIGTERM)
            # A slow one may take what time there is, but for a share of each that comes after it.
            reserved = (len(self._children) - position) * self._grace * RESERVED_SHARE
            self._wait_or_hurry(child, end - reserved)
        for child in self._children:
            if not self._wait_or_hurry(child, end):
                self._tell("killed", child)
                child.send(signal.SIGKILL)
                child.wait(time.monotonic() + self._grace)
        self._report("stopped")

    def _wait_or_hurry(self, child: Child, until: float) -> bool:
        """Wait for the child's end, though no longer once a person has asked again."""
        while not child.wait(min(until, time.monotonic() + 0.1)):
            if time.monotonic() >= until or self._signals > 1:
                return False
        return True

    def _tell(self, event: str, child: Child) -> None:
        fields: dict[str, Any] = {"part": child.part.name}
        if child.process is not None:
            fields["pid"] = child.process.pid
        self._report(event, **fields)


def _seconds_until(moment: float) -> float:
    return round(moment - time.monotonic(), 1)


def _notice(_number: int, _frame: FrameType | None) -> None:
    """Nothing: a handler has to stand for the signal to reach the wakeup descriptor."""


def describe_exit(status: int) -> str:
    """An exit status in words: "exit 1", "SIGKILL"."""
    if status >= 0:
        return f"exit {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
