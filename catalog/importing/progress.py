"""How far an import is, how fast it goes, and how long it takes: from its own row, and cheap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from catalog.models import Import, ImportState
from prodintel.lib.work import WorkState

READING, PLANNING, PRODUCTS, PHOTOS, STATUSES, UNDOING = (
    "reading",
    "planning",
    "products",
    "photos",
    "statuses",
    "undoing",
)
LABELS = {
    READING: "Reading the file",
    PLANNING: "Comparing with the catalogue",
    PRODUCTS: "Writing products",
    PHOTOS: "Fetching photos",
    STATUSES: "Moving products",
    UNDOING: "Undoing",
}
# In `Import.counts`: the phase, since when it goes on without a rest, and from where.
PACE = "pace"
# Nothing for so long: what came before says nothing of how fast it goes.
REST = timedelta(seconds=60)
LEAST_SECONDS = 1.0
# What goes on in each state, the first first.
GOING_ON = {
    ImportState.READING: (READING, PLANNING),
    ImportState.RUNNING: (PRODUCTS, PHOTOS, STATUSES),
    ImportState.UNDOING: (UNDOING,),
}


@dataclass(frozen=True)
class Progress:
    """`rate` is done a second, `eta_seconds` None where nothing is known; `total` is 0 then, too.

    `error` is why it does not go on, where it does not.
    """

    phase: str
    label: str
    done: int
    total: int
    rate: float
    eta_seconds: float | None
    error: str = ""

    @property
    def percent(self) -> int:
        return min(int(100 * self.done / self.total), 100) if self.total else 0


def progress_of(source: Import) -> Progress | None:
    """None for an import that nothing is being done with."""
    phases = GOING_ON.get(ImportState(source.state))
    if phases is None:
        return None
    pace = source.counts.get(PACE) or {}
    if pace.get("phase") not in phases:
        pace = {"phase": phases[0]}
    phase = pace["phase"]
    done, total = int(pace.get("done", 0)), int(pace.get("total", 0))
    rate = _rate(pace)
    left = max(total - done, 0)
    eta = left / rate if rate and total else None
    job = source.job
    stuck = job is not None and (job.state == WorkState.FAILED or bool(job.error))
    error = job.error if job is not None and stuck else ""
    return Progress(phase, LABELS[phase], done, total, rate, eta, error)


def _rate(pace: dict[str, Any]) -> float:
    if "since" not in pace:
        return 0.0
    since, at = (datetime.fromisoformat(pace[name]) for name in ("since", "at"))
    seconds = max((at - since).total_seconds(), LEAST_SECONDS)
    return max(pace["done"] - pace["from"], 0) / seconds


def paced(source: Import, phase: str, done: int, total: int) -> None:
    """Note in the counts of an import, which the caller saves, how far it is."""
    now = timezone.now()
    pace = source.counts.get(PACE) or {}
    rested = "at" in pace and now - datetime.fromisoformat(pace["at"]) > REST
    if pace.get("phase") != phase or rested or done < pace.get("from", 0):
        pace = {"phase": phase, "since": now.isoformat(), "from": done}
    source.counts = {
        **source.counts,
        PACE: {**pace, "done": done, "total": total, "at": now.isoformat()},
    }
