"""Answers that were paid for, and who is about to pay for which.

What is asked again within 30 days is not paid again, and what is asked while the same is being asked
is asked once. A reservation is a row that ends by itself: no transaction is open during a call.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db import DatabaseError, IntegrityError, InterfaceError, transaction
from django.utils import timezone

from prodintel.llm import structured
from prodintel.llm.models import KeptAnswer
from prodintel.llm.types import Answer, M, Usage

logger = structlog.get_logger(__name__)
KEEP = timedelta(days=30)
# Longer than a request takes with all its waiting; renewed before each further one of a call.
HOLD = timedelta(minutes=5)


@dataclass(frozen=True)
class Taken:
    """Somebody else has reserved it, for so many seconds more if they are not heard of again."""

    seconds: float


@dataclass(frozen=True)
class Reservation:
    """Ours to ask and to keep. Without a key nothing is reserved, and nothing kept."""

    key: str = ""
    holder: str = ""

    def renew(self) -> None:
        """Have it end later."""
        if self.key:
            self._row().update(held_until=timezone.now() + HOLD)

    def keep(self, answer: Answer[Any]) -> None:
        """Keep the answer before anybody uses it: whoever asks from now on is given it.

        It is paid for, so it is kept whoever holds the reservation by now, and one that the
        database does not take is not lost for who asked.
        """
        if not self.key:
            return
        values = {
            "text": answer.value.model_dump_json(),
            "model": answer.model,
            "prompt_tokens": answer.usage.prompt_tokens,
            "completion_tokens": answer.usage.completion_tokens,
            "cost_usd": answer.usage.cost_usd,
            "created_at": timezone.now(),
            "holder": "",
            "held_until": None,
        }
        try:
            if not KeptAnswer.objects.filter(key=self.key).update(**values):
                KeptAnswer.objects.update_or_create(key=self.key, defaults=values)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("an answer is not kept", reason=str(error).strip())

    def release(self) -> None:
        """It was asked in vain: who waits for it may ask at once."""
        if not self.key:
            return
        try:
            self._row().delete()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("a reservation ends by itself", reason=str(error).strip())

    def _row(self) -> Any:
        return KeptAnswer.objects.filter(key=self.key, holder=self.holder)


def answer_reserve(
    key: str, schema: type[M], *, holder: str = ""
) -> Answer[M] | Reservation | Taken:
    """What is there under a key: the answer, or that somebody is asking; else it is ours to ask.

    `holder` is what `reservations_free` knows it by. An answer that no longer fits the schema is
    none.
    """
    if not key:
        return Reservation()
    row = KeptAnswer.objects.filter(key=key).first()
    if row is None:
        return _first(key, holder)
    if row.held_until is None:
        answer = _read(row, schema)
        return answer if answer is not None else _after(row, holder)
    left = (row.held_until - timezone.now()).total_seconds()
    return Taken(left) if left > 0 else _after(row, holder)


def _first(key: str, holder: str) -> Reservation | Taken:
    ours = Reservation(key, _name(holder))
    try:
        with transaction.atomic():
            KeptAnswer.objects.create(key=key, holder=ours.holder, held_until=timezone.now() + HOLD)
    except IntegrityError:
        return Taken(HOLD.total_seconds())
    return ours


def _after(row: KeptAnswer, holder: str) -> Reservation | Taken:
    """Take over a row as it was seen, from a reservation that ended or an answer of no use."""
    ours = Reservation(row.key, _name(holder))
    as_seen = KeptAnswer.objects.filter(
        key=row.key, holder=row.holder, held_until=row.held_until, created_at=row.created_at
    )
    if as_seen.update(holder=ours.holder, held_until=timezone.now() + HOLD):
        return ours
    return Taken(HOLD.total_seconds())


def _name(holder: str) -> str:
    return f"{holder}/{uuid.uuid4().hex}"


def _read(row: KeptAnswer, schema: type[M]) -> Answer[M] | None:
    try:
        value = structured.read(row.text, schema)
    except structured.NotValidError:
        return None
    usage = Usage(row.prompt_tokens, row.completion_tokens, row.cost_usd)
    return Answer(value, usage, row.model, kept=True)


def reservations_free(*, holder_prefix: str) -> int:
    """End the reservations of holders known to be dead, without waiting; returns how many."""
    held = KeptAnswer.objects.filter(held_until__isnull=False, holder__startswith=holder_prefix)
    return held.delete()[0]


def kept_answers_purge() -> int:
    """Forget answers of more than 30 days ago; returns how many."""
    return KeptAnswer.objects.filter(created_at__lt=timezone.now() - KEEP).delete()[0]
