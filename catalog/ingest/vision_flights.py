"""Calls of the vision model that are under way, and how they end: written down, or tried again."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError

from catalog.describe.asking import Prepared
from catalog.describe.queue import PART_PURPOSE, PURPOSE, scope_of
from catalog.describe.reading import read
from catalog.describe.vision import MAX_ANSWER_TOKENS, PROMPT_VERSION
from catalog.describe.weighing import Weigher
from catalog.ingest.vision_failures import Setbacks, went_wrong
from catalog.models import Catalog, Source, VisionTask
from catalog.services.vision_answers import VisionAnswer, vision_answers_record
from prodintel.lib.crew import Crew
from prodintel.lib.runner import Stopping
from prodintel.llm.gateway import gateway
from prodintel.llm.types import Ability, Account, Answer, LanguageModelError

logger = structlog.get_logger(__name__)
# Claimed while every thread of the crew is busy, so that none waits for the database in between.
CALLS_AHEAD = 1
# Threads beyond the calls that the gateway lets out at once: they keep the books of one that has
# ended, or stand ready for the next.
SPARE = 2
# Answers are written down together, since a transaction costs about as much for one as for several:
# after this time, or when there are so many.
LANDING_SECONDS, LANDING = 0.4, 12
DATABASE_RETRY = timedelta(seconds=5)
OUTSIDE_RETRY = 10.0
# However long a provider or a budget says to wait: somebody may change that meanwhile.
LONGEST_WAIT = 900.0
# Nobody's product is to blame, and asking for the next one would fail in the same way.
SITE_WIDE = frozenset({"not_configured", "unauthorised", "unknown_model"})


class Slots:
    """The gateway's slots for calls, and when it is worth asking for one again."""

    def __init__(self) -> None:
        self._again_at = 0.0

    @property
    def seconds(self) -> float:
        """Until it is worth asking; 0 or less when it is now."""
        return self._again_at - time.monotonic()

    def acquire(self, tokens: int) -> bool:
        """Take a slot for a call of so many tokens, if there is one now."""
        try:
            seconds = gateway().acquire(Ability.VISION, tokens=tokens)
        except LanguageModelError as error:
            logger.info("describing waits", reason=str(error))
            seconds = error.retry_after or OUTSIDE_RETRY
        if seconds:
            self.wait(seconds)
        return not seconds

    def give_back(self) -> None:
        gateway().give_back(Ability.VISION)

    def wait(self, seconds: float) -> None:
        """Ask for none before that time is over."""
        self._again_at = time.monotonic() + min(seconds, LONGEST_WAIT)


@dataclass(frozen=True)
class Flight:
    """A call that is under way, or waits for a thread of the crew."""

    prepared: Prepared
    token: uuid.UUID
    answer: Future[Answer]

    @property
    def task(self) -> VisionTask:
        return self.prepared.question.task

    @property
    def has_begun(self) -> bool:
        return self.answer.running() or self.answer.done()


class Flights:
    """The calls under way, each for a row that is held by one of the `tokens`; used by one thread.

    `owner` is who holds the rows, and what is asked.
    """

    def __init__(self, *, owner: str, slots: Slots, stopping: Stopping) -> None:
        self.crew = Crew(settings.LLM_CONCURRENCY + SPARE, "vision")
        self.tokens: set[uuid.UUID] = set()
        self._owner = owner
        self._slots = slots
        self._stopping = stopping
        self._flights: list[Flight] = []
        self._weigher = Weigher(Source.VISION_LLM)
        self._setbacks = Setbacks()
        self._landed_at = 0.0

    def __bool__(self) -> bool:
        return bool(self._flights)

    @property
    def have_room(self) -> bool:
        """Whether one more call may be begun, or stand ready for a thread."""
        under_way = sum(not flight.answer.done() for flight in self._flights)
        return under_way < self.crew.size + CALLS_AHEAD

    def are_asking(self, key: str) -> bool:
        """Whether the same is being asked: asked for anew meanwhile, its answer will do for both."""
        return any(flight.prepared.key == key for flight in self._flights)

    def begin(self, prepared: Prepared, token: uuid.UUID) -> None:
        """Make a call whose slot is taken, for the row that the token holds."""
        answer = self.crew.submit(_call, prepared, self._owner)
        self._flights.append(Flight(prepared, token, answer))
        self.tokens.add(token)

    def recall(self) -> None:
        """Give back calls that no thread began, of catalogues that were paused meanwhile."""
        waiting = [flight for flight in self._flights if not flight.has_begun]
        ids = {flight.prepared.question.product.catalog_id for flight in waiting}
        if not ids:
            return
        paused = Catalog.objects.filter(pk__in=ids).exclude(describing_paused_at=None)
        stopped = set(paused.values_list("pk", flat=True))
        for flight in waiting:
            if flight.prepared.question.product.catalog_id in stopped:
                flight.answer.cancel()

    def cancel(self) -> None:
        """Give back all calls that no thread began."""
        for flight in self._flights:
            flight.answer.cancel()

    def abandon(self) -> None:
        """Give back the rows of calls that have not ended."""
        for flight in list(self._flights):
            if not flight.answer.done():
                VisionTask.objects.release(flight.token)
                self._forget(flight)

    def land(self) -> int:
        """Write down the calls that have ended; returns how many."""
        ended = [flight for flight in self._flights if flight.answer.done()]
        if not ended or self._may_gather(len(ended)):
            return 0
        self._landed_at = time.monotonic()
        answered: dict[uuid.UUID, tuple[Flight, VisionAnswer]] = {}
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

    def close(self) -> None:
        """End the threads; calls under way are not waited for."""
        self.crew.close()

    def _may_gather(self, ended: int) -> bool:
        """Whether those that have ended can wait for others that soon will have."""
        return (
            ended < min(LANDING, len(self._flights))
            and time.monotonic() < self._landed_at + LANDING_SECONDS
            and not self._stopping()
        )

    def _answer_of(self, flight: Flight) -> VisionAnswer | None:
        """What the call brought; None where it brought nothing, which is written down then."""
        try:
            answer = flight.answer.result()
            self._setbacks.answered(flight.task)
            return _reading(flight, answer)
        except CancelledError:
            VisionTask.objects.release(flight.token)
            self._slots.give_back()
        except LanguageModelError as error:
            self._failed(flight, error)
        except (OperationalError, InterfaceError) as error:
            # Where the gateway keeps its books; what was paid for is found there next time.
            VisionTask.objects.release(flight.token, error=str(error), delay=DATABASE_RETRY)
        except Exception as error:  # noqa: BLE001 -- one product must not stop the others
            went_wrong(flight.task, flight.token, error)
        return None

    def _failed(self, flight: Flight, error: LanguageModelError) -> None:
        product = flight.task.product_id
        if not error.outside or self._setbacks.is_to_blame(flight.task, error):
            VisionTask.objects.fail(
                flight.token, [flight.task.pk], error=str(error), permanent=error.permanent
            )
            logger.warning("product not described", product=product, reason=str(error))
            if not error.outside:
                self._setbacks.answered(flight.task)
            return
        seconds = min(error.retry_after or OUTSIDE_RETRY, LONGEST_WAIT)
        VisionTask.objects.release(flight.token, error=str(error), delay=timedelta(seconds=seconds))
        logger.info("describing waits", product=product, reason=str(error))
        if error.code in SITE_WIDE:
            self._slots.wait(seconds)

    def _record(self, answers: Sequence[VisionAnswer]) -> None:
        try:
            outcome = vision_answers_record(answers=self._weighed(answers))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 -- one product must not stop the others
            if len(answers) == 1:
                went_wrong(answers[0].task, answers[0].token, error)
                return
            for answer in answers:
                self._record([answer])
            return
        for product, reason in outcome.refused.items():
            logger.warning("product not described", product=product, reason=reason)
        for product in outcome.lost:
            logger.info("description dropped: the claim was lost", product=product)

    def _weighed(self, answers: Sequence[VisionAnswer]) -> list[VisionAnswer]:
        values = self._weigher.weighed({each.product: each.values for each in answers})
        return [replace(each, values=values[each.product.pk]) for each in answers]

    def _forget(self, flight: Flight) -> None:
        self._flights.remove(flight)
        self.tokens.discard(flight.token)


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


def _reading(flight: Flight, answer: Answer) -> VisionAnswer:
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
