"""Choose how a model runs best on this machine: number type and batch size.

Which number type is fastest differs between processors (bfloat16 is four times faster on a CPU
with matrix units for it, and slower on one without), so it is timed rather than guessed. Results
are kept in the data folder and used until the model, torch or the machine changes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

MAX_BATCH_SECONDS = 0.3
"""A forward pass is kept below this, so that whatever waits for it waits no longer."""

MAX_BATCH = {"cpu": 64, "cuda": 256, "mps": 64}
"""Beyond this a larger batch is no faster and only takes memory."""

WORTH_IT = 0.9
"""A coarser number type must bring the time below this share of float32's to be taken."""

_FIRST = 4
_UNSTEADY = 1.5
_ENOUGH_SECONDS = 2.0
_SLOW_PASSES = 3

Trial: TypeAlias = Callable[[str, int], float]
"""Seconds of one forward pass: (number type, photos) -> seconds."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How to run a model: number type, photos per pass, and the speed measured so.

    `steady` is False when repeated passes took very different times, as on a busy machine.
    """

    dtype: str
    batch: int
    photos_per_second: float
    steady: bool = True


class PassSize:
    """Photos per pass: the measured number, corrected by what passes take in earnest.

    A model measured while the machine was busy would otherwise go in small steps for as long as
    the process lives. `most` is what callers send at once: a size beyond that would never be tried,
    and so never be found too large. Not safe to share between threads without a lock.
    """

    def __init__(self, start: int, most: int) -> None:
        self.value = start
        self._most = most
        self._slow = 0

    def took(self, count: int, seconds: float) -> None:
        """Learn from one pass of `count` photos. A quick one tells something only if it was full."""
        if seconds > MAX_BATCH_SECONDS:
            self._slow += 1
            if self._slow >= _SLOW_PASSES:
                self.value = max(1, min(count, self.value) // 2)
                self._slow = 0
        elif count >= self.value:
            self._slow = 0
            if seconds <= MAX_BATCH_SECONDS / 2:
                self.value = min(self._most, self.value * 2)

    def failed(self, count: int) -> None:
        """A pass of `count` photos came to nothing: fewer may fit into memory."""
        self.value = max(1, count // 2)
        self._slow = 0


def measure(trial: Trial, dtypes: Sequence[str], max_batch: int) -> Tuning:
    """Time forward passes and choose.

    Args:
        trial: runs one pass.
        dtypes: the number types to choose from, the most exact one first.
        max_batch: photos per pass at most.

    Returns:
        The fastest number type, and the largest batch that stays within `MAX_BATCH_SECONDS`.
    """
    for dtype in dtypes:
        trial(dtype, 1)  # the first pass also allocates and compiles
    times: dict[str, list[float]] = {dtype: [] for dtype in dtypes}
    spent = 0.0
    for turn in range(3):
        if turn > 1 and spent > _ENOUGH_SECONDS:
            break
        # In turns, so that a busy moment of the machine does not fall on one of them alone.
        for dtype in dtypes:
            times[dtype].append(trial(dtype, _FIRST))
            spent += times[dtype][-1]
    best = dtypes[0]
    for dtype in dtypes[1:]:
        share = WORTH_IT if best == dtypes[0] else 1
        if min(times[dtype]) < min(times[best]) * share:
            best = dtype
    steady = max(times[best]) < _UNSTEADY * min(times[best])
    batch, per_photo, count = 1, min(times[best]) / _FIRST, _FIRST
    while count <= max_batch and per_photo * count <= MAX_BATCH_SECONDS:
        taken = min(trial(best, count), trial(best, count))
        per_photo = taken / count
        if taken <= MAX_BATCH_SECONDS:
            batch = count
        count *= 2
    # The next size would take too long: what the speed allows lies in between.
    allowed = int(MAX_BATCH_SECONDS / max(per_photo, 1e-9))
    batch = max(batch, min(allowed, count, max_batch))
    return Tuning(best, batch, round(1 / max(per_photo, 1e-9), 1), steady)


def remembered(file: Path, key: Sequence[str], measured: Callable[[], Tuning]) -> Tuning:
    """The tuning that `file` holds for `key`, or one measured now and, if steady, kept there.

    A file that cannot be read or written costs a measurement, nothing else.
    """
    name = json.dumps(list(key))
    known = _read(file)
    try:
        return Tuning(**known[name])
    except (KeyError, TypeError):
        tuning = measured()
    if tuning.steady:
        _write(file, {**known, name: asdict(tuning)})
    return tuning


def machine_name() -> str:
    """The processor with its abilities, and how many cores this process sees."""
    cpuinfo = Path("/proc/cpuinfo")
    name = " ".join(os.uname()) if not cpuinfo.exists() else ""
    if cpuinfo.exists():
        lines = cpuinfo.read_text(errors="replace").split("\n\n", 1)[0].splitlines()
        name = " ".join(line for line in lines if line.startswith(("model name", "flags")))
    return f"{name} cores={os.cpu_count()}"


def _read(file: Path) -> dict[str, Any]:
    try:
        known = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(file: Path, known: dict[str, Any]) -> None:
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(known))
        temporary.replace(file)
    except OSError:
        temporary.unlink(missing_ok=True)
