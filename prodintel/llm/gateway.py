"""The one door to language models."""

# ruff: noqa: ARG002

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import lru_cache

from prodintel.llm.types import (
    Ability,
    Account,
    Answer,
    Delta,
    Estimate,
    LanguageModelError,
    M,
    Message,
    ModelFacts,
)

NO_KEY = "No key for language models is set."


@lru_cache(maxsize=1)
def gateway() -> Gateway:
    """The gateway of this process."""
    return Gateway()


class Gateway:
    """Calls of language models: paced, budgeted, paid for once, and written down."""

    def is_configured(self) -> bool:
        """Whether there is a key."""
        return False

    def facts(self, ability: Ability) -> ModelFacts:
        """What is known of the model that does this."""
        return ModelFacts(id="", images_per_call=1 if ability is Ability.VISION else 0)

    def acquire(self, ability: Ability, *, tokens: int) -> float:
        """Take a slot for one call of so many tokens.

        0.0 when the slot is taken, else how many seconds until it is worth asking again.
        Raises LanguageModelError (not_configured) without a key.
        """
        raise LanguageModelError(NO_KEY, code="not_configured", outside=True)

    def structured(
        self,
        ability: Ability,
        messages: Sequence[Message],
        schema: type[M],
        *,
        account: Account,
        max_tokens: int,
        key: str = "",
        paced: bool = True,
    ) -> Answer[M]:
        """One validated instance of the schema. Raises LanguageModelError only."""
        raise LanguageModelError(NO_KEY, code="not_configured", outside=True)

    def stream(
        self, ability: Ability, messages: Sequence[Message], *, account: Account, max_tokens: int
    ) -> AsyncIterator[Delta]:
        """Text as it is written; the last delta carries the usage. Raises LanguageModelError."""
        raise LanguageModelError(NO_KEY, code="not_configured", outside=True)

    def estimate(self, ability: Ability, *, calls: int, tokens: int) -> Estimate:
        """What so many calls of so many tokens each would take."""
        return Estimate(calls=calls, tokens=calls * tokens, seconds=None, cost_usd=None)
