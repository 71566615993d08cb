"""Products to attributes by a vision model: bounded, paced, paid for once.

The photos of the next products are made ready while calls are under way; a row is claimed when the
gateway grants the slot for its call. What fails outside of the work costs it no try.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError

from catalog import storage
from catalog.describe import vocabulary
from catalog.describe.asking import Prepared, Question, prepare, questions_of
from catalog.describe.photos import NothingToSeeError
from catalog.describe.queue import PART_PURPOSE, PURPOSE, affordable, scope_of
from catalog.describe.reading import read
from catalog.describe.vision import MAX_ANSWER_TOKENS, PROMPT_VERSION
from catalog.describe.weighing import Weigher
from catalog.models import Catalog, Source, VisionTask
from catalog.services.vision_answers import VisionAnswer, vision_answers_record
from prodintel.lib.crew import Crew
from prodintel.lib.lease import kept_alive
from prodintel.lib.runner import Stopping, never
from prodintel.lib.work import SUSPECT_ATTEMPTS, Claim
from prodintel.llm.gateway import gateway
from prodintel.llm.types import Ability, Account, Answer, LanguageModelError

logger = structlog.get_logger(__name__)
# So often a pause, a change of photos and other workers are noticed.
LOOK_SECONDS = 0.5
# A slot that comes within this time is waited for, so that none passes unused.
PATIENCE_SECONDS = 3.0
# Calls under way are waited for when the worker stops; it ends by itself some time after that.
GRACE_SECONDS = 8.0
# Claimed while every thread of the crew is busy, so that none waits for the database in between.
CALLS_AHEAD = 1
# Threads beyond the calls that the gateway lets out at once: they keep the books of one that has
# ended, or stand ready for the next.
SPARE = 2
# Answers are written down together, since a transaction costs about as much for one as for several:
# after this time, or when there are so many.
LANDING_SECONDS, LANDING = 0.4, 12
PHOTO_THREADS = 2
# So many questions for each thread of the crew are got ready.
AHEAD = 3
STORAGE_RETRY = timedelta(seconds=10)
DATABASE_RETRY = timedelta(seconds=5)
OUTSIDE_RETRY = 10.0
# However long a provider or a budget says to wait: somebody may change that meanwhile.
LONGEST_WAIT = 900.0
# A product at whose call the provider fails so often in a row, while nothing else is answered that
# would tell whom it lies with, is taken for the cause: nothing is tried for ever.
SETBACKS = 12
UNFORESEEN = "Describing this product went wrong in an unforeseen way ({error}); the log says more."
# Nobody's product is to blame, and asking for the next one would fail in the same way.
SITE_WIDE = frozenset({"not_configured", "unauthorised", "unknown_model"})


@dataclass(frozen=True)
class _Plan:
    """A question whose photos are being made ready."""

    question: Question
    prepared: Future[Prepared]

    @property
    def key(self) -> tuple[int, datetime]:
        return _key(self.question.task)

    @property
    def is_ready(self) -> bool:
        return self.prepared.done() and self.prepared.exception() is None


@dataclass(frozen=True)
class _Flight:
    """A call that is under way, or waits for a thread of the crew."""

    prepared: Prepared
    token: uuid.UUID
    answer: Future[Answer]

    @property
    def task(self) -> VisionTask:
        return self.prepared.question.task


class VisionDescriber:
    """The vision runner's work. One a worker process; `step` is called by one thread."""

    def __init__(self, *, owner: str, stopping: Stopping = never) -> None:
        self._stopping = stopping
        self._owner = owner
        self._crew = Crew(settings.LLM_CONCURRENCY + SPARE, "vision")
        self._photos = ThreadPoolExecutor(PHOTO_THREADS, "photos")
        self._plans: dict[tuple[int, datetime], _Plan] = {}
        self._readying: dict[VisionTask, Future[Prepared]] = {}
        self._flights: list[_Flight] = []
        self._tokens: set[uuid.UUID] = set()
        self._weigher = Weigher(Source.VISION_LLM)
        self._looked_at = 0.0
        self._slot_at = 0.0
        self._landed_at = 0.0
        self._answered_at = 0.0
        self._setbacks: dict[int, tuple[int, float]] = {}
        self._stop_at: float | None = None

    def step(self) -> int:
        """Describe what waits, as far as the gateway grants calls; returns how many products were
        handled. A product whose call is not answered yet when the database fails is taken up where
        it was left.
        """
        if not gateway().is_configured():
            self._plans.clear()
            self._lift_marks(every=True)
            if not self._flights:
                return 0
        handled = 0
        with kept_alive(VisionTask.objects.all(), self._tokens):
            while True:
                if self._stopping():
                    self._wind_down()
                elif gateway().is_configured():
                    self._look()
                    handled += self._settle()
                    self._start()
                handled += self._land()
                if not self._flights and not self._is_waiting():
                    return handled
                self._wait()

    def close(self) -> None:
        """End the threads; calls and photos under way are not waited for."""
        self._photos.shutdown(wait=False, cancel_futures=True)
        self._crew.close()

    def _look(self) -> None:
        """Plan what is to be asked next, and forget what is not any more."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS and len(self._plans) > self._crew.size:
            return
        self._looked_at = now
        VisionTask.objects.give_up_exhausted()
        self._recall()
        self._lift_marks()
        tasks = affordable(VisionTask.objects.askable()).next(AHEAD * self._crew.size)
        known = {key: plan for task in tasks if (plan := self._plans.get(key := _key(task)))}
        fresh = self._harmless([task for task in tasks if _key(task) not in known])
        if fresh:
            asked = questions_of(
                fresh, facts=gateway().facts(Ability.VISION), vocabulary=vocabulary.current()
            )
            known |= self._plan_all(asked)
        # In the order of their turn.
        self._plans = {key: known[key] for task in tasks if (key := _key(task)) in known}

    def _harmless(self, fresh: Sequence[VisionTask]) -> list[VisionTask]:
        """Those that may be made ready now. One that was tried twice for nothing may be what kills
        the process: it is made ready alone, when nothing else is.
        """
        busy = [task for task, prepared in self._readying.items() if not prepared.done()]
        if any(task.attempts >= SUSPECT_ATTEMPTS for task in busy):
            return []
        plain = [task for task in fresh if task.attempts < SUSPECT_ATTEMPTS]
        return plain if plain or busy else list(fresh[:1])

    def _plan_all(self, questions: Sequence[Question]) -> dict[tuple[int, datetime], _Plan]:
        opened = [question.task.pk for question in questions if not question.is_settled]
        if opened:
            VisionTask.objects.filter(pk__in=opened).mark(self._owner)
        return {_key(question.task): self._plan(question) for question in questions}

    def _plan(self, question: Question) -> _Plan:
        if question.is_settled:
            return _Plan(question, Future())
        future = self._photos.submit(prepare, question)
        future.add_done_callback(lambda _: self._crew.news.set())
        self._readying[question.task] = future
        return _Plan(question, future)

    def _lift_marks(self, *, every: bool = False) -> None:
        """Of those whose photos were opened without harm nobody need know any more."""
        ready = [task for task, prepared in self._readying.items() if every or prepared.done()]
        if ready:
            rows = VisionTask.objects.filter(pk__in=[task.pk for task in ready])
            rows.filter(owner=self._owner).unmark()
        for task in ready:
            del self._readying[task]

    def _recall(self) -> None:
        """Give back calls that no thread began, of catalogues that were paused meanwhile."""
        begun = (Future.running, Future.done)
        unbegun = [f for f in self._flights if not any(has(f.answer) for has in begun)]
        ids = {flight.prepared.question.product.catalog_id for flight in unbegun}
        if not ids:
            return
        paused = Catalog.objects.filter(pk__in=ids).exclude(describing_paused_at=None)
        stopped = set(paused.values_list("pk", flat=True))
        for flight in unbegun:
            if flight.prepared.question.product.catalog_id in stopped:
                flight.answer.cancel()

    def _settle(self) -> int:
        """Deal with products that need no call, or of which no photo can be opened."""
        settled = [plan for plan in self._plans.values() if plan.question.is_settled]
        claim = self._claim(settled)
        if claim:
            VisionTask.objects.complete(claim.token, claim.ids)
        handled = len(claim.rows)
        for plan in list(self._plans.values()):
            error = plan.prepared.exception() if plan.prepared.done() else None
            if error is not None:
                handled += self._refuse(plan, error)
        return handled

    def _refuse(self, plan: _Plan, error: BaseException) -> int:
        if not isinstance(error, Exception):
            raise error
        claim = self._claim([plan])
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
            self._went_wrong(claim.rows[0], claim.token, error)
        return len(claim.rows)

    def _went_wrong(self, task: VisionTask, token: uuid.UUID, error: Exception) -> None:
        """What nobody foresaw costs this product a try, and no other product anything."""
        logger.error("product not described", product=task.product_id, exc_info=error)
        reason = UNFORESEEN.format(error=type(error).__name__)
        VisionTask.objects.fail(token, [task.pk], error=reason)

    def _claim(self, plans: Sequence[_Plan]) -> Claim[VisionTask]:
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

    def _start(self) -> None:
        """Make the calls whose photos are ready, as far as there are threads and slots for them."""
        for plan in list(self._plans.values()):
            under_way = sum(not flight.answer.done() for flight in self._flights)
            if under_way >= self._crew.size + CALLS_AHEAD or time.monotonic() < self._slot_at:
                return
            if not plan.is_ready or self._is_asked(plan.prepared.result().key):
                continue
            if not self._has_slot(plan.prepared.result().tokens):
                return
            claim = self._claim([plan])
            if not claim:
                gateway().give_back(Ability.VISION)
            for _ in claim.rows:
                answer = self._crew.submit(_call, plan.prepared.result(), self._owner)
                self._flights.append(_Flight(plan.prepared.result(), claim.token, answer))
                self._tokens.add(claim.token)

    def _is_asked(self, key: str) -> bool:
        """Whether the same is being asked: asked for anew meanwhile, its answer will do for both."""
        return any(flight.prepared.key == key for flight in self._flights)

    def _has_slot(self, tokens: int) -> bool:
        try:
            seconds = gateway().acquire(Ability.VISION, tokens=tokens)
        except LanguageModelError as error:
            logger.info("describing waits", reason=str(error))
            seconds = error.retry_after or OUTSIDE_RETRY
        if seconds:
            self._slot_at = time.monotonic() + min(seconds, LONGEST_WAIT)
        return not seconds

    def _land(self) -> int:
        """Write down the calls that have ended; returns how many."""
        ended = [flight for flight in self._flights if flight.answer.done()]
        if not ended or self._may_gather(len(ended)):
            return 0
        self._landed_at = time.monotonic()
        answered: dict[uuid.UUID, tuple[_Flight, VisionAnswer]] = {}
        for flight in ended:
            answer = self._answer_of(flight)
            if answer is None:
                self._forget(flight)
            else:
                answered[flight.token] = flight, answer
        if answered:
            self._record([answer for _, answer in answered.values()])
            for flight, _ in answered.values():
                self._forget(flight)
        return len(ended)

    def _answer_of(self, flight: _Flight) -> VisionAnswer | None:
        """What the call brought; None where it brought nothing, which is written down then."""
        try:
            answer = flight.answer.result()
            self._provider_works(flight)
            return _reading(flight, answer)
        except CancelledError:
            VisionTask.objects.release(flight.token)
            gateway().give_back(Ability.VISION)
        except LanguageModelError as error:
            self._failed(flight, error)
        except (OperationalError, InterfaceError) as error:
            # Where the gateway keeps its books; what was paid for is found there next time.
            VisionTask.objects.release(flight.token, error=str(error), delay=DATABASE_RETRY)
        except Exception as error:  # noqa: BLE001 -- one product must not stop the others
            self._went_wrong(flight.task, flight.token, error)
        return None

    def _may_gather(self, ended: int) -> bool:
        """Whether those that have ended can wait for others that soon will have."""
        return (
            ended < min(LANDING, len(self._flights))
            and time.monotonic() < self._landed_at + LANDING_SECONDS
            and not self._stopping()
        )

    def _provider_works(self, flight: _Flight) -> None:
        self._answered_at = time.monotonic()
        self._setbacks.pop(flight.task.pk, None)

    def _forget(self, flight: _Flight) -> None:
        self._flights.remove(flight)
        self._tokens.discard(flight.token)

    def _weighed(self, answers: Sequence[VisionAnswer]) -> list[VisionAnswer]:
        values = self._weigher.weighed({each.product: each.values for each in answers})
        return [replace(each, values=values[each.product.pk]) for each in answers]

    def _record(self, answers: Sequence[VisionAnswer]) -> None:
        try:
            outcome = vision_answers_record(answers=self._weighed(answers))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 -- one product must not stop the others
            if len(answers) == 1:
                self._went_wrong(answers[0].task, answers[0].token, error)
                return
            for answer in answers:
                self._record([answer])
            return
        for product, reason in outcome.refused.items():
            logger.warning("product not described", product=product, reason=reason)
        for product in outcome.lost:
            logger.info("description dropped: the claim was lost", product=product)

    def _failed(self, flight: _Flight, error: LanguageModelError) -> None:
        product = flight.task.product_id
        if not error.outside or self._is_to_blame(flight, error):
            VisionTask.objects.fail(
                flight.token, [flight.task.pk], error=str(error), permanent=error.permanent
            )
            logger.warning("product not described", product=product, reason=str(error))
            if not error.outside:
                self._provider_works(flight)
            return
        seconds = min(error.retry_after or OUTSIDE_RETRY, LONGEST_WAIT)
        VisionTask.objects.release(flight.token, error=str(error), delay=timedelta(seconds=seconds))
        logger.info("describing waits", product=product, reason=str(error))
        if error.code in SITE_WIDE:
            self._slot_at = time.monotonic() + seconds

    def _is_to_blame(self, flight: _Flight, error: LanguageModelError) -> bool:
        """Whether it is this product that makes the provider fail: again and again, and others are
        answered in between.
        """
        if error.code != "unavailable" or not error.sent:
            return False
        count, failed_at = self._setbacks.get(flight.task.pk, (0, 0.0))
        self._setbacks[flight.task.pk] = count + 1, time.monotonic()
        return count >= SETBACKS or 0 < failed_at < self._answered_at

    def _wind_down(self) -> None:
        """The worker stops: calls under way may end, the rest goes back as if untouched."""
        now = time.monotonic()
        self._plans.clear()
        self._lift_marks(every=True)
        if self._stop_at is None:
            self._stop_at = now + GRACE_SECONDS
            for flight in self._flights:
                flight.answer.cancel()
        if now < self._stop_at:
            return
        for flight in list(self._flights):
            if not flight.answer.done():
                VisionTask.objects.release(flight.token)
                self._forget(flight)

    def _is_waiting(self) -> bool:
        """Whether something goes on in a moment by itself."""
        return bool(self._plans) and self._slot_at - time.monotonic() < PATIENCE_SECONDS

    def _wait(self) -> None:
        """Until a call or a photo is done, or it is time to look or to ask for a slot."""
        until_slot = self._slot_at - time.monotonic()
        wait = min(LOOK_SECONDS, until_slot) if until_slot > 0 else LOOK_SECONDS
        self._crew.news.wait(wait)
        self._crew.news.clear()


def _call(prepared: Prepared, holder: str) -> Answer:
    task = prepared.question.task
    account = Account(
        purpose=PART_PURPOSE if prepared.question.fields else PURPOSE,
        scope=scope_of(prepared.question.product.catalog),
        user_id=task.requested_by_id,
    )
    return gateway().structured(
        Ability.VISION,
        prepared.messages,
        prepared.schema.model,
        account=account,
        max_tokens=MAX_ANSWER_TOKENS,
        key=prepared.key,
        holder=holder,
        paced=False,
    )


def _reading(flight: _Flight, answer: Answer) -> VisionAnswer:
    question = flight.prepared.question
    reading = read(
        answer.value,
        flight.prepared.schema,
        question.vocabulary,
        photo_ids=[sent.placement.photo_id for sent in flight.prepared.photos],
        language=question.product.catalog.language,
        known_category=question.category,
    )
    if reading.misplaced:
        logger.info(
            "attributes left out that the category does not have",
            product=question.product.pk,
            attributes=reading.misplaced,
        )
    return VisionAnswer(
        task=question.task,
        token=flight.token,
        product=question.product,
        values=reading.values,
        considered=reading.considered,
        model=answer.model,
        prompt_version=PROMPT_VERSION,
        # A part of the form says nothing of whether the whole of it is answered.
        input_key="" if question.fields else question.input_key,
        cannot_tell=reading.cannot_tell,
    )


def _key(task: VisionTask) -> tuple[int, datetime]:
    """What tells a task from the same one asked for anew: that puts it off to a moment of its own."""
    return task.pk, task.next_try_at
