"""The pace of each model, shared by all threads, processes and machines through the database.

A change is worked out from the row as it was read and written only if nobody else wrote meanwhile;
else it is worked out again. So a wait costs a read, and only what is granted costs a write.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.utils import timezone

from prodintel.llm import budgets, credentials, pace
from prodintel.llm.facts import model_for
from prodintel.llm.models import Call, Pace
from prodintel.llm.rate_headers import MINUTE, Seen
from prodintel.llm.types import Ability

T = TypeVar("T")
TRIES = 40
BUSY = pace.Wait(0.1, "Many calls begin at this moment.")


@dataclass(frozen=True)
class Lane:
    """One model of one account: what a pace is kept for."""

    account: str
    model: str


@dataclass(frozen=True)
class Limits:
    """What is known of how quickly a model may be called, for people.

    `state`: "ok", "waiting" (a limit or a budget), "unavailable" (the breaker is open) or
    "not configured". `requests_from`: "settings", "answers", "experience", or "" for no limit known.
    """

    state: str
    requests_a_minute: float | None = None
    requests_from: str = ""
    requests_left_today: int | None = None
    tokens_a_minute: int | None = None
    blocked_until: datetime | None = None
    why: str = ""


def grant(lane: Lane, tokens: int) -> pace.Wait | None:
    """Take a slot for a request of so many tokens; None when it is taken."""
    return _change(
        lane,
        lambda state, now: pace.grant(state, now, tokens, settings.LLM_REQUESTS_PER_MINUTE),
        busy=BUSY,
    )


def give_back(lane: Lane) -> None:
    """A slot that was granted is not needed after all."""
    setting = settings.LLM_REQUESTS_PER_MINUTE
    _change(lane, lambda state, _now: pace.give_back(state, setting))


def send(lane: Lane, tokens: int) -> pace.Wait | float:
    """A request that has a slot goes out: the moment that names it, or how long to hold it."""
    return _change(
        lane,
        lambda state, now: pace.send(state, now, tokens, settings.LLM_REQUESTS_PER_MINUTE),
        busy=BUSY,
    )


def answered(lane: Lane, sent: float, seen: Seen, *, tokens: int | None = None) -> None:
    _change(lane, lambda state, now: pace.answered(state, now, sent, seen, tokens=tokens))


def limited(lane: Lane, sent: float, seen: Seen, reason: str) -> None:
    _change(lane, lambda state, now: pace.limited(state, now, sent, seen, reason))


def failed(lane: Lane, sent: float, *, code: str, reason: str) -> None:
    _change(lane, lambda state, now: pace.failed(state, now, sent, code=code, reason=reason))


def let_go(lane: Lane, sent: float) -> None:
    _change(lane, lambda state, _now: pace.let_go(state, sent))


def remember_way(lane: Lane, way: str, *, seconds: float) -> None:
    """Keep which way of asking for structure this model understood."""

    def keep(state: pace.PaceState, now: float) -> None:
        state.way, state.way_until = way, now + seconds

    _change(lane, keep)


def remember_plain(lane: Lane) -> None:
    """Keep that this model takes no word about its reasoning."""

    def keep(state: pace.PaceState, _now: float) -> None:
        state.plain = True

    _change(lane, keep)


def forget(account: str) -> None:
    """A person asks to try again at once: breakers are closed, blocks lifted."""
    for row in Pace.objects.filter(account=account):

        def reopen(state: pace.PaceState, _now: float) -> None:
            state.failures, state.open_for, state.open_until = 0, 0.0, 0.0
            state.open_code = state.open_reason = ""
            state.probing_until = 0.0

        _change(Lane(account, row.model), reopen)


def state_of(lane: Lane) -> pace.PaceState:
    row = Pace.objects.filter(account=lane.account, model=lane.model).first()
    return pace.PaceState.read(row.state) if row else pace.PaceState()


def _change(
    lane: Lane, change: Callable[[pace.PaceState, float], T], *, busy: pace.Wait | None = None
) -> T | pace.Wait:
    """Apply a change to the row as it is, however many others do so at the same time.

    Should they always be quicker: `busy` where it is given; else what was learned is not kept, and
    learned again from the next answer.
    """
    for attempt in range(TRIES):
        row, _ = Pace.objects.get_or_create(account=lane.account, model=lane.model)
        state = pace.PaceState.read(row.state)
        before = state.values()
        result = change(state, time.time())
        after = state.values()
        if after == before:
            return result
        mine = Pace.objects.filter(pk=row.pk, version=row.version)
        if mine.update(state=after, version=row.version + 1):
            return result
        time.sleep(random.uniform(0, 0.002 * (attempt + 1)))  # noqa: S311 -- no secret
    return result if busy is None else busy


def limits(ability: Ability) -> Limits:
    """What is known of the limits of the model that does this."""
    credential = credentials.current()
    if credential is None:
        return Limits("not configured", why=credentials.why_none())
    lane = Lane(credential.account, model_for(ability))
    state, now = state_of(lane), time.time()
    known = pace.rate(state, settings.LLM_REQUESTS_PER_MINUTE)
    state_name, until, why = "ok", None, ""
    wait = pace.held_up(state, now)
    exhausted = budgets.exhausted(_usual_tokens(lane))
    if wait is not None:
        state_name = "waiting" if wait.code == "rate_limited" else "unavailable"
        until, why = datetime.fromtimestamp(now + wait.seconds, UTC), wait.reason
    elif exhausted:
        state_name, until, why = "waiting", budgets.begins_anew(), exhausted
    elif state.requests_window > MINUTE and state.requests_limit and not state.requests_left:
        state_name = "waiting"
        until = timezone.now() + timedelta(seconds=max(state.requests_refill, 1.0))
        why = f"The account's {state.requests_limit:,} requests of a day are used up."
    return Limits(
        state=state_name,
        requests_a_minute=known.count * MINUTE / known.seconds if known.count else None,
        requests_from=_origin(state, known),
        requests_left_today=state.requests_left
        if state.requests_limit and state.requests_window > MINUTE
        else None,
        tokens_a_minute=state.tokens_limit or None,
        blocked_until=until,
        why=why,
    )


def _usual_tokens(lane: Lane) -> int:
    """What the last call reserved: a budget that has less left is used up."""
    last = Call.objects.filter(model=lane.model).order_by("-started_at").values_list("tokens")
    return (last.first() or (1,))[0]


def _origin(state: pace.PaceState, known: pace.Rate) -> str:
    if not known.count:
        return ""
    if settings.LLM_REQUESTS_PER_MINUTE:
        return "settings"
    return "answers" if state.requests_window and state.requests_window <= MINUTE else "experience"
