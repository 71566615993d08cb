"""Products to attributes by a vision model: bounded, paced, paid for once.

The photos of the next products are made ready while calls are under way; a row is claimed when the
gateway grants the slot for its call. What fails outside of the work costs it no try.
"""

from __future__ import annotations

import time

from catalog.ingest.vision_flights import Flights, Slots
from catalog.ingest.vision_plans import LOOK_SECONDS, Plans
from catalog.models import VisionTask
from prodintel.lib.lease import kept_alive
from prodintel.lib.runner import Stopping, never
from prodintel.llm.gateway import gateway

# A slot that comes within this time is waited for, so that none passes unused.
PATIENCE_SECONDS = 3.0
# Calls under way are waited for when the worker stops; it ends by itself some time after that.
GRACE_SECONDS = 8.0


class VisionDescriber:
    """The vision runner's work. One a worker process; `step` is called by one thread."""

    def __init__(self, *, owner: str, stopping: Stopping = never) -> None:
        self._stopping = stopping
        self._slots = Slots()
        self._flights = Flights(owner=owner, slots=self._slots, stopping=stopping)
        crew = self._flights.crew
        self._plans = Plans(owner=owner, calls=crew.size, news=crew.news.set)
        self._stop_at: float | None = None

    def step(self) -> int:
        """Describe what waits, as far as the gateway grants calls; returns how many products were
        handled. A product whose call is not answered yet when the database fails is taken up where
        it was left.
        """
        if not gateway().is_configured():
            self._plans.clear()
            if not self._flights:
                return 0
        handled = 0
        with kept_alive(VisionTask.objects.all(), self._flights.tokens):
            while True:
                if self._stopping():
                    self._wind_down()
                elif gateway().is_configured():
                    handled += self._go_on()
                handled += self._flights.land()
                if not self._flights and not self._is_waiting():
                    return handled
                self._wait()

    def close(self) -> None:
        """End the threads; calls and photos under way are not waited for."""
        self._plans.close()
        self._flights.close()

    def _go_on(self) -> int:
        """Look what is to be asked, and ask; returns how many products needed no call."""
        if self._plans.are_due:
            self._flights.recall()
            self._plans.look()
        handled = self._plans.settle()
        self._start()
        return handled

    def _start(self) -> None:
        """Make the calls whose photos are ready, as far as there are threads and slots for them."""
        for plan in self._plans:
            if not self._flights.have_room or self._slots.seconds > 0:
                return
            if not plan.is_ready or self._flights.are_asking(plan.prepared.result().key):
                continue
            prepared = plan.prepared.result()
            if not self._slots.acquire(prepared.tokens):
                return
            claim = self._plans.claim([plan])
            if not claim:
                self._slots.give_back()
            for _ in claim.rows:
                self._flights.begin(prepared, claim.token)

    def _wind_down(self) -> None:
        """The worker stops: calls under way may end, the rest goes back as if untouched."""
        self._plans.clear()
        if self._stop_at is None:
            self._stop_at = time.monotonic() + GRACE_SECONDS
            self._flights.cancel()
        elif time.monotonic() >= self._stop_at:
            self._flights.abandon()

    def _is_waiting(self) -> bool:
        """Whether something goes on in a moment by itself."""
        return bool(self._plans) and self._slots.seconds < PATIENCE_SECONDS

    def _wait(self) -> None:
        """Until a call or a photo is done, or it is time to look or to ask for a slot."""
        until_slot = self._slots.seconds
        news = self._flights.crew.news
        news.wait(min(LOOK_SECONDS, until_slot) if until_slot > 0 else LOOK_SECONDS)
        news.clear()
