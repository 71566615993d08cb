"""What the vision model is asked next: the questions in their turn, with photos made ready ahead."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from catalog import storage
from catalog.describe import vocabulary
from catalog.describe.asking import Prepared, Question, prepare, questions_of
from catalog.describe.photos import NothingToSeeError
from catalog.describe.queue import affordable
from catalog.ingest.vision_failures import went_wrong
from catalog.models import VisionTask
from prodintel.lib.work import SUSPECT_ATTEMPTS, Claim
from prodintel.llm.gateway import gateway
from prodintel.llm.types import Ability

logger = structlog.get_logger(__name__)
# So often a pause, a change of photos and other workers are noticed.
LOOK_SECONDS = 0.5
PHOTO_THREADS = 2
# So many questions for each call that can be under way are got ready.
AHEAD = 3
STORAGE_RETRY = timedelta(seconds=10)


@dataclass(frozen=True)
class Plan:
    """A question whose photos are being made ready."""

    question: Question
    prepared: Future[Prepared]

    @property
    def key(self) -> tuple[int, datetime]:
        return _key(self.question.task)

    @property
    def is_ready(self) -> bool:
        return self.prepared.done() and self.prepared.exception() is None


class Plans:
    """The questions that come next, for `calls` at once; used by one thread. While photos are being
    opened, their rows say that `owner` does it. `news` is called when photos are ready.
    """

    def __init__(self, *, owner: str, calls: int, news: Callable[[], None]) -> None:
        self._owner = owner
        self._calls = calls
        self._news = news
        self._photos = ThreadPoolExecutor(PHOTO_THREADS, "photos")
        self._plans: dict[tuple[int, datetime], Plan] = {}
        self._readying: dict[VisionTask, Future[Prepared]] = {}
        self._looked_at = 0.0

    def __bool__(self) -> bool:
        return bool(self._plans)

    def __iter__(self) -> Iterator[Plan]:
        """In the order of their turn, whatever is claimed meanwhile."""
        return iter(list(self._plans.values()))

    @property
    def are_due(self) -> bool:
        """Whether it is time to look what is to be asked."""
        return time.monotonic() - self._looked_at >= LOOK_SECONDS or len(self._plans) <= self._calls

    def look(self) -> None:
        """Plan what is to be asked next, and forget what is not any more."""
        self._looked_at = time.monotonic()
        VisionTask.objects.give_up_exhausted()
        self._lift_marks()
        tasks = affordable(VisionTask.objects.askable()).next(AHEAD * self._calls)
        known = {key: plan for task in tasks if (plan := self._plans.get(key := _key(task)))}
        fresh = self._harmless([task for task in tasks if _key(task) not in known])
        if fresh:
            asked = questions_of(
                fresh, facts=gateway().facts(Ability.VISION), vocabulary=vocabulary.current()
            )
            known |= self._plan_all(asked)
        self._plans = {key: known[key] for task in tasks if (key := _key(task)) in known}

    def settle(self) -> int:
        """Deal with products that need no call, or of which no photo can be opened; returns how
        many those were.
        """
        claim = self.claim([plan for plan in self if plan.question.is_settled])
        if claim:
            VisionTask.objects.complete(claim.token, claim.ids)
        handled = len(claim.rows)
        for plan in self:
            error = plan.prepared.exception() if plan.prepared.done() else None
            if error is not None:
                handled += self._refuse(plan, error)
        return handled

    def claim(self, plans: Sequence[Plan]) -> Claim[VisionTask]:
        """Take the rows of these plans that still wait as they did when they were planned."""
        claim: Claim[VisionTask] = Claim()
        if plans:
            rows = VisionTask.objects.askable().filter(
                pk__in=[plan.question.task.pk for plan in plans]
            )
            claim = rows.claim(owner=self._owner, limit=len(plans))
        for row in list(claim.rows):
            if _key(row) not in self._plans:
                # Asked for anew, or its photos changed, a moment ago.
                VisionTask.objects.filter(pk=row.pk).release(claim.token)
                claim.rows.remove(row)
        for plan in plans:
            self._plans.pop(plan.key, None)
        return claim

    def clear(self) -> None:
        """Plan nothing any more; photos that are being opened are not waited for."""
        self._plans.clear()
        self._lift_marks(every=True)

    def close(self) -> None:
        """End the threads; photos that are being opened are not waited for."""
        self._photos.shutdown(wait=False, cancel_futures=True)

    def _harmless(self, fresh: Sequence[VisionTask]) -> list[VisionTask]:
        """Those that may be made ready now. One that was tried twice for nothing may be what kills
        the process: it is made ready alone, when nothing else is.
        """
        busy = [task for task, prepared in self._readying.items() if not prepared.done()]
        if any(task.attempts >= SUSPECT_ATTEMPTS for task in busy):
            return []
        plain = [task for task in fresh if task.attempts < SUSPECT_ATTEMPTS]
        return plain if plain or busy else list(fresh[:1])

    def _plan_all(self, questions: Sequence[Question]) -> dict[tuple[int, datetime], Plan]:
        opened = [question.task.pk for question in questions if not question.is_settled]
        if opened:
            VisionTask.objects.filter(pk__in=opened).mark(self._owner)
        return {_key(question.task): self._plan(question) for question in questions}

    def _plan(self, question: Question) -> Plan:
        if question.is_settled:
            return Plan(question, Future())
        future = self._photos.submit(prepare, question)
        future.add_done_callback(lambda _: self._news())
        self._readying[question.task] = future
        return Plan(question, future)

    def _lift_marks(self, *, every: bool = False) -> None:
        """Of those whose photos were opened without harm nobody need know any more."""
        ready = [task for task, prepared in self._readying.items() if every or prepared.done()]
        if ready:
            rows = VisionTask.objects.filter(pk__in=[task.pk for task in ready])
            rows.filter(owner=self._owner).unmark()
        for task in ready:
            del self._readying[task]

    def _refuse(self, plan: Plan, error: BaseException) -> int:
        if not isinstance(error, Exception):
            raise error
        claim = self.claim([plan])
        if not claim:
            return 0
        if isinstance(error, storage.StorageUnavailable):
            VisionTask.objects.release(claim.token, error=str(error), delay=STORAGE_RETRY)
        elif isinstance(error, NothingToSeeError):
            VisionTask.objects.fail(claim.token, claim.ids, error=str(error), permanent=True)
            logger.warning(
                "product not described", product=plan.question.product.pk, reason=str(error)
            )
        else:
            went_wrong(claim.rows[0], claim.token, error)
        return len(claim.rows)


def _key(task: VisionTask) -> tuple[int, datetime]:
    """What tells a task from the same one asked for anew: that puts it off to a moment of its own."""
    return task.pk, task.next_try_at
