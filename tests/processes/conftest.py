from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 30
ROOT = Path(__file__).parents[2]


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait for something that is bound to happen; a generous limit, for a machine under load."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, f"waited {PATIENCE} s in vain for {what}"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Processes take SIGINT, also where the tests ignore it, as they do after `pytest &`."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


class Supervised:
    """A supervisor over stand-ins, in a process of its own, started by the command `through`."""

    def __init__(
        self, folder: Path, *parts: str, grace: float = 10, through: Sequence[str] = ()
    ) -> None:
        self._journal = folder / "journal"
        self.process = subprocess.Popen(
            [
                *through,
                sys.executable,
                "-m",
                "tests.processes.supervised",
                str(folder),
                str(grace),
                *parts,
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def journal(self, event: str = "") -> list[tuple[str, str, int]]:
        """What the stand-ins noted: (event, name, pid), in order."""
        if not self._journal.exists():
            return []
        rows = [line.split() for line in self._journal.read_text(encoding="utf-8").splitlines()]
        return [(row[0], row[1], int(row[2])) for row in rows if event in ("", row[0])]

    def wait_started(self, count: int) -> None:
        wait_until(lambda: len(self.journal("started")) >= count, f"{count} starts")

    def pids(self, name: str) -> list[int]:
        """The pids of a part's lives so far."""
        return [pid for _, part, pid in self.journal("started") if part == name]

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Send a signal and wait; returns status, standard output and standard error."""
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, output, errors

    def clear_away(self) -> None:
        for _, _, pid in self.journal("started"):
            if is_alive(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervised]]:
    """Starts supervisors over parts written as NAME=MANNER."""
    running: list[Supervised] = []

    def start(*parts: str, **options: Any) -> Supervised:
        running.append(Supervised(tmp_path, *parts, **options))
        return running[-1]

    yield start
    for supervised in running:
        supervised.clear_away()
