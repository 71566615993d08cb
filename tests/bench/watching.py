"""What a running site does while something else is measured: its memory, and how fast it finds."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import quote

from tests.bench import site
from tests.bench.search import queries

SAMPLE_SECONDS = 0.25
SEARCH_SECONDS = 1.0
PARTS = ("web", "worker", "engine")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
T = TypeVar("T", bound=threading.Thread)


class Watch:
    """The threads that watch, as long as it is entered, and the phase that they note things under."""

    def __init__(self) -> None:
        self.phase = ""
        self.ended = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self._threads:
            thread.join()

    def start(self, thread: T) -> T:
        self._threads.append(thread)
        thread.start()
        return thread


class Memory(threading.Thread):
    """The parts of a site by phase: the most resident memory (MB), and processor time (s)."""

    def __init__(self, supervisor: int, watch: Watch) -> None:
        super().__init__(name="memory", daemon=True)
        self._supervisor, self._watch = supervisor, watch
        self._ticks: dict[int, int] = {}
        self.most: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self.busy: defaultdict[str, dict[str, float]] = defaultdict(dict)

    def run(self) -> None:
        while not self._watch.ended.wait(SAMPLE_SECONDS):
            phase = self._watch.phase
            for part, pid in pids_of(self._supervisor).items():
                # One that has just died is not there any more.
                with contextlib.suppress(OSError, IndexError):
                    self._look(phase, part, pid)

    def _look(self, phase: str, part: str, pid: int) -> None:
        folder = Path("/proc") / str(pid)
        size = int((folder / "statm").read_text().split()[1]) * _PAGE / 1e6
        self.most[phase][part] = max(self.most[phase].get(part, 0.0), size)
        facts = (folder / "stat").read_text().rpartition(")")[2].split()
        ticks = int(facts[11]) + int(facts[12])
        # What a process did before it was first seen belongs to no phase.
        more = ticks - self._ticks.get(pid, ticks)
        self._ticks[pid] = ticks
        self.busy[phase][part] = self.busy[phase].get(part, 0.0) + more / _TICKS


class Searches(threading.Thread):
    """Somebody who searches once a second; how long each search took, by phase."""

    def __init__(self, slug: str, token: str, watch: Watch) -> None:
        super().__init__(name="searches", daemon=True)
        self._slug, self._token, self._watch = slug, token, watch
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)

    def run(self) -> None:
        client, texts = site.Client(self._token), queries()
        while not self._watch.ended.wait(SEARCH_SECONDS):
            phase = self._watch.phase
            started = time.perf_counter()
            status, answer = client.get(
                f"/api/v1/catalogs/{self._slug}/search?q={quote(next(texts))}"
            )
            took = time.perf_counter() - started
            assert status == 200, answer
            if phase:
                self.seconds[phase].append(took)

    def wait_for(self, phase: str, count: int) -> None:
        """Until so many searches were made in a phase. Raises RuntimeError when none are made more."""
        while len(self.seconds[phase]) < count:
            if not self.is_alive():
                raise RuntimeError("a search failed")
            time.sleep(SAMPLE_SECONDS)


def pids_of(supervisor: int) -> dict[str, int]:
    """The processes of a site's parts that live now, by their names."""
    found = {}
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    for pid in children:
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            found |= {part: int(pid) for part in PARTS if part in words}
    return found
