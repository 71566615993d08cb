"""A runner: a thread that does one kind of work as long as there is any, and waits for more."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connection

logger = structlog.get_logger(__name__)
# Asked by steps that take long: whether they are to leave the rest for the next start.
Stopping = Callable[[], bool]
SWEEP_SECONDS = 1.0
# A runner with nothing to do for a while looks less often: a commit on this machine wakes it anyway.
IDLE_SWEEP_SECONDS = 4.0
DATABASE_AWAY_SECONDS = 2.0


def never() -> bool:
    return False


class Runner(threading.Thread):
    """Calls `step` until it returns 0, then waits to be woken or for the next sweep.

    A database that is locked or away is waited for. Any other error that `step` lets out ends the
    runner and, through `on_crash`, its process: the supervisor starts a fresh one, and the rows
    it held go back with the attempt counted.
    """

    def __init__(self, name: str, step: Callable[[], int], *, on_crash: Callable[[], None]) -> None:
        super().__init__(name=name, daemon=True)
        self.wake = threading.Event()
        self._step = step
        self._on_crash = on_crash
        self._stopping = threading.Event()
        self._sweep = SWEEP_SECONDS

    def stop(self) -> None:
        """Ask the runner to end after the step it is in."""
        self._stopping.set()
        self.wake.set()

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._work()
        except BaseException as error:
            # Whatever it is: a thread that ends unnoticed would leave its work undone for ever.
            logger.exception("runner crashed", runner=self.name, error=repr(error))
            self._on_crash()
        finally:
            connection.close()

    def _work(self) -> None:
        self.wake.clear()
        try:
            # One to a file does not go stale, and opening it takes longer than a look for work.
            if connection.vendor != "sqlite":
                close_old_connections()
            done = self._step()
        except (OperationalError, InterfaceError) as error:
            logger.warning("database away", runner=self.name, error=str(error).strip())
            connection.close()
            self._stopping.wait(DATABASE_AWAY_SECONDS)
            return
        if done:
            self._sweep = SWEEP_SECONDS
        elif not self._stopping.is_set():
            woken = self.wake.wait(self._sweep)
            self._sweep = SWEEP_SECONDS if woken else min(self._sweep * 2, IDLE_SWEEP_SECONDS)
