"""One request with all that goes with it: slot, reservation, sending, and writing down the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from prodintel.llm import adapter, budgets, credentials, facts, pace, pacing
from prodintel.llm.adapter import CallFailedError
from prodintel.llm.models import Call, Outcome
from prodintel.llm.rate_headers import Seen
from prodintel.llm.types import Ability, Account, LanguageModelError, Message, ModelFacts, Usage

logger = structlog.get_logger(__name__)
# A caller that cannot do anything else meanwhile waits so long for a slot, and no longer; one that
# has a slot holds work meanwhile, which is better given back.
PATIENCE_SECONDS, SHORT_PATIENCE_SECONDS = 90.0, 15.0
ASKED_AGAIN_SECONDS = 10.0


@dataclass
class Request:
    """A request to one model, from its reservation to its end. Made once, sent once."""

    active: credentials.Active
    facts: ModelFacts
    account: Account
    messages: Sequence[Message]
    max_tokens: int
    more_text: int = 0
    plain: bool = False
    seconds: float | None = None
    lane: pacing.Lane = field(init=False)
    call: Call | None = None
    sent: float = 0.0
    first_token_ms: int | None = None
    _started: float = 0.0

    def __post_init__(self) -> None:
        self.lane = pacing.Lane(self.active.account, self.facts.id)

    @property
    def prompt(self) -> int:
        """About how many tokens the prompt has, rather too many."""
        return facts.prompt_tokens(self.facts, self.messages, more_text=self.more_text)

    @property
    def tokens(self) -> int:
        """What the request may take at most."""
        return self.prompt + self.max_tokens

    def reserve(self, *, has_slot: bool) -> float:
        """Take a slot, unless it was taken before, and reserve the money for the call.

        0.0 when that is done; else how long to wait before asking again.
        Raises LanguageModelError (over_budget, unavailable ...).
        """
        wait = None if has_slot else pacing.grant(self.lane, self.tokens)
        if wait is not None:
            return _bearable(wait)
        try:
            self.call = budgets.call_open(
                account=self.account,
                lane_account=self.lane.account,
                facts=self.facts,
                prompt=self.prompt,
                completion=self.max_tokens,
            )
        except LanguageModelError:
            pacing.give_back(self.lane)
            raise
        return 0.0

    def depart(self) -> float:
        """Go out now: 0.0, or how long to hold the request back. Raises LanguageModelError."""
        held = pacing.send(self.lane, self.tokens)
        if isinstance(held, pace.Wait):
            return _bearable(held)
        self.sent, self._started = held, time.monotonic()
        return 0.0

    def abandon(self) -> None:
        """What was reserved is not used: the request never went out."""
        pacing.give_back(self.lane)
        self._close(Outcome.STOPPED, (0, 0), code="", error="It was not sent.")

    def note_first_token(self) -> None:
        if self.first_token_ms is None:
            self.first_token_ms = self._elapsed_ms()

    def answered(self, seen: Seen, tokens: tuple[int, int] | None) -> Usage:
        """The model answered; what that took is written down."""
        total = sum(tokens) if tokens is not None else None
        pacing.answered(self.lane, self.sent, seen, tokens=total)
        self._close(Outcome.ANSWERED, tokens)
        return self.usage(tokens)

    def usage(self, tokens: tuple[int, int] | None) -> Usage:
        """What an answer took; where it does not say so, about that."""
        return facts.usage_of(
            self.facts,
            prompt=tokens[0] if tokens else self.prompt,
            completion=tokens[1] if tokens else 0,
        )

    def stopped(self, seen: Seen, tokens: tuple[int, int]) -> None:
        """Whoever asked wants no more of the answer; `tokens` are about what it has taken."""
        pacing.answered(self.lane, self.sent, seen, tokens=sum(tokens))
        self._close(Outcome.STOPPED, tokens)

    def failed(self, error: CallFailedError) -> None:
        """The request failed; limits, breaker and budget learn of it."""
        seen, reached = error.failure.seen, error.failure.reached
        if error.code == "rate_limited":
            pacing.limited(self.lane, self.sent, seen, str(error))
        elif error.outside:
            pacing.failed(self.lane, self.sent, code=error.code, reason=str(error))
        else:
            pacing.answered(self.lane, self.sent, seen, tokens=None)
        tokens = None if reached else (0, 0)
        self._close(Outcome.FAILED, tokens, code=error.code, error=str(error))
        logger.warning(
            "language model call failed",
            model=self.facts.id,
            purpose=self.account.purpose,
            code=error.code,
            reason=str(error),
            **error.details,
        )

    def _close(
        self,
        outcome: Outcome,
        tokens: tuple[int, int] | None,
        *,
        code: str = "",
        error: str = "",
    ) -> None:
        assert self.call is not None
        cost = None
        if tokens is not None:
            cost = facts.cost(self.facts, prompt=tokens[0], completion=tokens[1])
        budgets.call_close(
            self.call,
            outcome=outcome,
            tokens=tokens,
            cost_usd=cost,
            latency_ms=self._elapsed_ms(),
            first_token_ms=self.first_token_ms,
            code=code,
            error=error.replace("\x00", ""),
        )

    def _elapsed_ms(self) -> int:
        return round((time.monotonic() - self._started) * 1000) if self._started else 0


def _bearable(wait: pace.Wait) -> float:
    """How long to wait for a limit. Raises LanguageModelError for what is not worth waiting for."""
    if wait.code == "rate_limited":
        return max(wait.seconds, 0.01)
    raise LanguageModelError(
        wait.reason, code=wait.code, outside=True, retry_after=max(wait.seconds, 0.1)
    )


def needed() -> credentials.Active:
    """The key in use. Raises LanguageModelError (not_configured)."""
    active = credentials.current()
    if active is None:
        raise LanguageModelError(credentials.why_none(), code="not_configured", outside=True)
    return active


def facts_for(ability: Ability) -> ModelFacts:
    return facts.facts_of(facts.model_for(ability), ability)


@contextmanager
def exchange(
    request: Request, *, response_format: dict[str, Any] | None, has_slot: bool
) -> Iterator[adapter.Reply]:
    """Send a request and wait for its answer.

    What the block does with the answer is done before another request of this process takes its
    place: so no more can be lost at a kill than was under way. The books are kept after the block,
    while the next request is out already. Raises LanguageModelError.
    """
    waiting = Patience(SHORT_PATIENCE_SECONDS if has_slot else PATIENCE_SECONDS)
    while wait := request.reserve(has_slot=has_slot):
        waiting.spend(wait)
    reply = None
    try:
        with _places(settings.LLM_CONCURRENCY):
            reply = _sent(request, response_format, has_slot=has_slot)
            yield reply
    finally:
        if reply is not None:
            _write_down(request, reply)


def _write_down(request: Request, reply: adapter.Reply) -> None:
    try:
        request.answered(reply.seen, reply.tokens)
    except (DatabaseError, InterfaceError) as error:
        # It is paid for: it must not be lost with what is written down of it.
        logger.warning("a call is not written down", reason=str(error).strip())


def _sent(
    request: Request, response_format: dict[str, Any] | None, *, has_slot: bool
) -> adapter.Reply:
    waiting = Patience(SHORT_PATIENCE_SECONDS if has_slot else PATIENCE_SECONDS)
    try:
        while wait := request.depart():
            waiting.spend(wait)
    except LanguageModelError:
        request.abandon()
        raise
    try:
        return adapter.complete(
            request.active,
            request.facts,
            request.messages,
            max_tokens=request.max_tokens,
            response_format=response_format,
            plain=request.plain,
            seconds=request.seconds,
        )
    except CallFailedError as error:
        request.failed(error)
        raise


@lru_cache(maxsize=4)
def _places(count: int) -> threading.BoundedSemaphore:
    """So many requests of this process may be out at once."""
    return threading.BoundedSemaphore(count)


class Patience:
    """How long one call has waited, for slots or for what `why` says. `spend` sleeps."""

    def __init__(
        self,
        seconds: float = PATIENCE_SECONDS,
        *,
        why: str = "Language models are in such demand that this would wait for long.",
        code: str = "rate_limited",
        again: float = 0.0,
    ) -> None:
        self._until = time.monotonic() + seconds
        self._why, self._code, self._again = why, code, again

    def spend(self, seconds: float) -> None:
        """Raises LanguageModelError (with the code given) instead of waiting too long."""
        self.check(seconds)
        time.sleep(seconds)

    def check(self, seconds: float) -> None:
        if time.monotonic() + seconds > self._until:
            raise LanguageModelError(
                self._why,
                code=self._code,
                outside=True,
                retry_after=max(seconds, self._again),
            )


def asked_elsewhere(*, has_slot: bool) -> Patience:
    """For what somebody else is asking already."""
    seconds = SHORT_PATIENCE_SECONDS if has_slot else PATIENCE_SECONDS
    why = "The same is being asked already."
    return Patience(seconds, why=why, code="asked_already", again=ASKED_AGAIN_SECONDS)
