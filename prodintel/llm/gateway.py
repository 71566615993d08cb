"""The one door to language models: paced, within the budgets, paid for once, and written down."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import lru_cache
from typing import Generic

from prodintel.llm import (
    budgets,
    credentials,
    estimates,
    growing,
    kept,
    pacing,
    streaming,
    structured,
)
from prodintel.llm.adapter import CallFailedError
from prodintel.llm.requests import Request, asked_elsewhere, exchange, facts_for, needed
from prodintel.llm.schemas import schema_text
from prodintel.llm.structured import NotValidError, Way
from prodintel.llm.types import (
    Ability,
    Account,
    Answer,
    Delta,
    Estimate,
    Growth,
    LanguageModelError,
    M,
    Message,
    ModelFacts,
    Usage,
)

# Three steps down, one without words about reasoning, one with more room, one repair.
MOST_REQUESTS = 6
REMEMBER_SECONDS = 7 * 86_400.0
# JSON that failed the provider's own check may have been one bad answer.
DOUBT_SECONDS = 3600.0
LONGEST_SLEEP = 60.0
# Who waits for what is being asked elsewhere looks whether it is there, less and less often.
FIRST_LOOK_SECONDS, LAST_LOOK_SECONDS = 0.05, 1.0


@lru_cache(maxsize=1)
def gateway() -> Gateway:
    """The gateway of this process."""
    return Gateway()


class Gateway:
    """Calls of language models, from any thread. A key that is entered, changed or removed at run
    time counts within two seconds.
    """

    def is_configured(self) -> bool:
        """Whether there is a key."""
        return credentials.current() is not None

    def facts(self, ability: Ability) -> ModelFacts:
        """What is known of the model that the settings name for this."""
        return facts_for(ability)

    def acquire(self, ability: Ability, *, tokens: int) -> float:
        """Take a slot for one call of so many tokens, prompt and answer.

        0.0 when the slot is taken, else how many seconds until it is worth asking again. A slot is
        used by `structured(paced=False)` or given back by `give_back`; left alone it lapses.
        Raises LanguageModelError (not_configured) without a key.
        """
        active, model = needed(), facts_for(ability).id
        if budgets.exhausted(tokens):
            return LONGEST_SLEEP
        wait = pacing.grant(pacing.Lane(active.account, model), tokens)
        return 0.0 if wait is None else min(max(wait.seconds, 0.01), LONGEST_SLEEP)

    def give_back(self, ability: Ability) -> None:
        """A slot that was acquired is not needed after all."""
        active = credentials.current()
        if active is not None:
            pacing.give_back(pacing.Lane(active.account, facts_for(ability).id))

    def structured(
        self,
        ability: Ability,
        messages: Sequence[Message],
        schema: type[M],
        *,
        account: Account,
        max_tokens: int,
        key: str = "",
        holder: str = "",
        paced: bool = True,
        seconds: float | None = None,
    ) -> Answer[M]:
        """One validated instance of the schema.

        `max_tokens` are those of the answer, without a model's thoughts. With `paced=False` the slot
        was acquired before. `key` is a digest of the request: an answer is kept under it before
        another request takes its place, and given again for 30 days instead of being paid for
        twice. Who asks while the same is being asked waits for that answer; it is reserved under
        the name of the `holder`, for whoever cleans up after it (`reservations_free`).
        `seconds` is how long a person waits for one answer of the provider, if not as usual.
        Raises LanguageModelError, and what the database raises before anything is asked.
        """
        has_slot, pause = not paced, FIRST_LOOK_SECONDS
        waiting = asked_elsewhere(has_slot=has_slot)
        while isinstance(found := kept.answer_reserve(key, schema, holder=holder), kept.Taken):
            if has_slot:
                self.give_back(ability)
                has_slot = False
            waiting.spend(min(pause, found.seconds))
            pause = min(pause * 2, LAST_LOOK_SECONDS)
        if isinstance(found, Answer):
            if has_slot:
                self.give_back(ability)
            return found
        try:
            conversation = _Conversation(
                ability, messages, schema, account, max_tokens, found, seconds
            )
            return conversation.hold(has_slot=has_slot)
        except BaseException:
            found.release()
            raise

    def stream(
        self, ability: Ability, messages: Sequence[Message], *, account: Account, max_tokens: int
    ) -> AsyncGenerator[Delta, None]:
        """Text as it is written; the last delta has no text and carries the usage.

        Closing the iterator ends the call at the provider. Raises LanguageModelError.
        """
        return streaming.stream(ability, messages, account=account, max_tokens=max_tokens)

    def grow(
        self,
        ability: Ability,
        messages: Sequence[Message],
        schema: type[M],
        *,
        account: Account,
        max_tokens: int,
    ) -> AsyncGenerator[Growth[M], None]:
        """One instance of the schema, field by field as it is written; the last one is validated.

        For what somebody reads meanwhile: `structured` is held to the schema by the provider and
        kept. Closing the iterator ends the call at the provider. Raises LanguageModelError.
        """
        return growing.grow(ability, messages, schema, account=account, max_tokens=max_tokens)

    def estimate(self, ability: Ability, *, calls: int, tokens: int) -> Estimate:
        """What so many calls of so many tokens each would take at the present limits."""
        return estimates.estimate(ability, calls=calls, tokens=tokens)


class _Conversation(Generic[M]):
    """Asking until the answer fits: at most so many requests, one repair, one with more room."""

    def __init__(
        self,
        ability: Ability,
        messages: Sequence[Message],
        schema: type[M],
        account: Account,
        max_tokens: int,
        reservation: kept.Reservation,
        seconds: float | None,
    ) -> None:
        self._active = needed()
        self._facts = facts_for(ability)
        self._lane = pacing.Lane(self._active.account, self._facts.id)
        self._messages = list(messages)
        self._schema = schema
        self._account = account
        self._room = max_tokens + self._facts.reasoning_tokens
        self._reservation = reservation
        self._seconds = seconds
        state = pacing.state_of(self._lane)
        self._plain = state.plain
        self._way = structured.best_way(self._facts)
        if state.way and state.way_until > time.time():
            self._way = Way(state.way)
        self._spent = Usage()
        self._repaired = self._lengthened = False

    def hold(self, *, has_slot: bool) -> Answer[M]:
        """The answer, kept. Raises LanguageModelError."""
        for number in range(MOST_REQUESTS):
            if number:
                self._reservation.renew()
            try:
                answer = self._ask(has_slot=has_slot and not number)
            except CallFailedError as error:
                answer = self._of_failed(error)
            if answer is not None:
                return answer
        raise self._bad("The language model did not give what was asked for.")

    def _ask(self, *, has_slot: bool) -> Answer[M] | None:
        """The answer to one request; None where it does not fit, and the next may be better."""
        in_request = self._way in {Way.STRICT, Way.SCHEMA}
        request = Request(
            self._active,
            self._facts,
            self._account,
            structured.asked(self._way, self._messages, self._schema),
            self._room,
            more_text=len(schema_text(self._schema)) if in_request else 0,
            plain=self._plain,
            seconds=self._seconds,
        )
        form = structured.response_format(self._way, self._schema)
        with exchange(request, response_format=form, has_slot=has_slot) as reply:
            self._spend(request.usage(reply.tokens))
            try:
                return self._kept(reply.text)
            except NotValidError as problem:
                self._ask_otherwise(reply.text, reply.finish, str(problem))
                return None

    def _kept(self, text: str) -> Answer[M]:
        """The answer that is in the text, kept before anybody uses it. Raises NotValidError."""
        answer = Answer(structured.read(text, self._schema), self._spent, self._facts.id)
        self._reservation.keep(answer)
        return answer

    def _spend(self, usage: Usage) -> None:
        cost = None
        if usage.cost_usd is not None:
            cost = usage.cost_usd + (self._spent.cost_usd or Decimal(0))
        self._spent = Usage(
            self._spent.prompt_tokens + usage.prompt_tokens,
            self._spent.completion_tokens + usage.completion_tokens,
            cost,
        )

    def _of_failed(self, error: CallFailedError) -> Answer[M] | None:
        """The answer that the provider threw away, if it fits; else None after a step down.

        Raises the error if asking in another way would not help.
        """
        if error.generated:
            with suppress(NotValidError):
                return self._kept(error.generated)
        said = str(error.details.get("said", ""))
        if error.code != "refused":
            raise error
        if "reasoning" in said.lower() and not self._plain:
            self._plain = True
            pacing.remember_plain(self._lane)
            return None
        down = structured.way_down(self._way)
        if down is None or not structured.is_about_format(error.provider_code, said):
            raise error
        self._way = down
        doubtful = error.provider_code == "json_validate_failed"
        seconds = DOUBT_SECONDS if doubtful else REMEMBER_SECONDS
        pacing.remember_way(self._lane, down, seconds=seconds)
        return None

    def _ask_otherwise(self, text: str, finish: str, problem: str) -> None:
        """Prepare the next request after an answer that does not fit. Raises LanguageModelError."""
        if finish == "length" and not self._lengthened:
            self._lengthened = True
            most = self._facts.output_tokens or self._room * 2
            self._room = min(self._room * 2, max(most, self._room))
            return
        if finish == "length":
            raise self._bad("The language model's answer was cut off, twice.")
        if self._repaired:
            raise self._bad(f"The language model's answer does not fit: {problem}")
        self._repaired = True
        self._messages = structured.repairing(self._messages, text, problem)

    def _bad(self, message: str) -> LanguageModelError:
        return LanguageModelError(message[:500], code="bad_answer")
