"""Events of all runs of this process, written together and told of afterwards.

Many runs stream at once, and a transaction for each piece of text would be too many: what has
gathered is written in one transaction, again and again, at least every quarter of a second. Nothing
is shown before it is written.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import structlog
from django.db import InterfaceError, OperationalError

from prodintel.lib.threads import Threads
from tools.runs import hub
from tools.runs.course import BLOCK, DATA, TEXT, Course, Step, storable
from tools.services.runs import events_add

P = ParamSpec("P")
T = TypeVar("T")
logger = structlog.get_logger(__name__)
SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.25
RETRY_SECONDS = 0.5
# Whatever tools and sockets do in other threads, runs are written, and their leases renewed.
at_the_books = Threads("books", 2)


async def insisted(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the call gives once the database, locked or away for a moment, lets it."""
    while True:
        try:
            return await at_the_books(call, *args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            # Readers see meanwhile what is written so far.
            logger.warning("runs wait for the database", reason=str(error).strip())
            await asyncio.sleep(RETRY_SECONDS)


class Live:
    """A run that this process performs: its course as far as it is written, and what is not yet.

    `lost` says that nothing more of it will be written: it was taken away, or, where `refused`, has
    said what cannot be written at all.
    """

    def __init__(self, run_id: int, course: Course) -> None:
        self.run_id = run_id
        self.course = course
        self.lost = self.refused = False
        self._numbered = course.number
        self._waiting: list[Step] = []

    def add(self, kind: str, data: dict[str, Any]) -> None:
        """Note an event; what goes on with the last one that is not written yet joins it."""
        data = storable(data)
        last = self._waiting[-1] if self._waiting else None
        if last is not None and kind == last.kind and kind != BLOCK:
            joined = _joined(last, data)
            if joined is not None:
                self._waiting[-1] = joined
                return
        self._numbered += 1
        self._waiting.append(Step(self._numbered, kind, data))

    @property
    def is_behind(self) -> bool:
        return bool(self._waiting) and not self.lost

    @property
    def is_settled(self) -> bool:
        """Whether all that was noted is written, or never will be."""
        return self.lost or self.course.number == self._numbered

    def take(self) -> list[Step]:
        steps, self._waiting = self._waiting, []
        return steps

    def written(self, steps: list[Step]) -> None:
        for step in steps:
            self.course = self.course.after(step)


def _joined(last: Step, data: dict[str, Any]) -> Step | None:
    """Both events as one, where they are of the same block."""
    if last.kind not in {TEXT, DATA} or last.data["block"] != data["block"]:
        return None
    if last.kind == TEXT:
        return Step(last.number, TEXT, {**data, "text": last.data["text"] + data["text"]})
    return Step(last.number, DATA, {**data, "data": {**last.data["data"], **data["data"]}})


class Journal:
    """Writes what the runs of one event loop note. `on_lost` is told of a run that is lost."""

    def __init__(self, owner: str, on_lost: Callable[[int], None]) -> None:
        self._owner = owner
        self._on_lost = on_lost
        self._lives: dict[int, Live] = {}
        self._news = asyncio.Event()
        self._written = asyncio.Condition()

    def open(self, run_id: int, course: Course) -> Live:
        live = self._lives[run_id] = Live(run_id, course)
        return live

    def close(self, live: Live) -> None:
        self._lives.pop(live.run_id, None)

    def course_of(self, run_id: int) -> Course | None:
        """The course of a run of this process as far as it is written; from any thread."""
        live = self._lives.get(run_id)
        return live.course if live else None

    def note(self, live: Live, kind: str, data: dict[str, Any]) -> None:
        live.add(kind, data)
        self._news.set()

    async def flushed(self, live: Live) -> None:
        """Until all that the run has noted is written, or the run is lost."""
        self._news.set()
        async with self._written:
            await self._written.wait_for(lambda: live.is_settled)

    async def keep(self) -> None:
        """Write until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            began = time.monotonic()
            behind = [live for live in self._lives.values() if live.is_behind]
            if behind:
                await self._write({live: live.take() for live in behind})
            # What takes long is done less often: half of the time is the others'.
            pause = min(max(time.monotonic() - began, SHORTEST_PAUSE), LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _write(self, steps: dict[Live, list[Step]]) -> None:
        lost = await self._insert(steps)
        for live, noted in steps.items():
            if live in lost:
                live.lost = True
                self._on_lost(live.run_id)
            else:
                live.written(noted)
        async with self._written:
            self._written.notify_all()
        await hub.publish(*(live.run_id for live in steps))

    async def _insert(self, steps: dict[Live, list[Step]]) -> set[Live]:
        """Write the events; returns the runs whose are not written."""
        events = {live.run_id: noted for live, noted in steps.items()}
        try:
            taken = await insisted(events_add, owner=self._owner, events=events)
        except Exception:
            if len(steps) > 1:
                # What one run says must not keep the others from being written.
                found = [await self._insert({live: noted}) for live, noted in steps.items()]
                return set().union(*found)
            (live,) = steps
            logger.exception("what a run says cannot be written", run=live.run_id)
            live.refused = True
            return {live}
        return {live for live in steps if live.run_id in taken}
