"""Text as a model writes it, for code that runs in an event loop.

The database is asked in threads. However the stream ends (by itself, by an error, because nobody
wants more of it) the request to the provider is closed and the call written down.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError

from prodintel.lib.threads import in_thread, to_its_end
from prodintel.llm import adapter, pacing
from prodintel.llm.adapter import CallFailedError
from prodintel.llm.facts import CHARACTERS_PER_TOKEN
from prodintel.llm.rate_headers import Seen
from prodintel.llm.requests import Patience, Request, facts_for, needed
from prodintel.llm.types import Ability, Account, Delta, LanguageModelError, Message, WebSource

logger = structlog.get_logger(__name__)


@dataclass
class _Course:
    """What has come of a stream so far."""

    seen: Seen = field(default_factory=Seen)
    tokens: tuple[int, int] | None = None
    characters: int = 0
    finish: str = ""
    sources: dict[str, WebSource] = field(default_factory=dict)

    def take(self, part: adapter.Piece | Seen) -> str:
        """Note a part; returns its text."""
        if isinstance(part, Seen):
            self.seen = part
            return ""
        self.tokens = part.tokens or self.tokens
        self.finish = part.finish or self.finish
        self.characters += len(part.text)
        self.sources |= {source.url: source for source in part.sources}
        return part.text

    @property
    def data(self) -> dict[str, Any]:
        """What the last delta says beside the usage."""
        found = {"sources": list(self.sources.values())} if self.sources else {}
        return {"finish": self.finish, **found}


async def stream(
    ability: Ability, messages: Sequence[Message], *, account: Account, max_tokens: int
) -> AsyncGenerator[Delta, None]:
    """Deltas of text, then one with the usage. Raises LanguageModelError."""
    request = await in_thread(_prepared, ability, messages, account, max_tokens)
    await _admitted(request)
    course, ended = _Course(), False
    try:
        async with aclosing(_pieces(request)) as parts:
            async for part in parts:
                text = course.take(part)
                if text:
                    request.note_first_token()
                    yield Delta(text=text, model=request.facts.id)
        ended = True
        await _noted(request.answered, course.seen, course.tokens)
    except CallFailedError as error:
        ended = True
        await _noted(request.failed, error)
        raise
    finally:
        if not ended:
            taken = (request.prompt, course.characters // CHARACTERS_PER_TOKEN)
            await _noted(request.stopped, course.seen, taken)
    yield Delta(usage=request.usage(course.tokens), model=request.facts.id, data=course.data)


def _prepared(
    ability: Ability, messages: Sequence[Message], account: Account, max_tokens: int
) -> Request:
    adapter.load()
    active, facts = needed(), facts_for(ability)
    plain = pacing.state_of(pacing.Lane(active.account, facts.id)).plain
    room = max_tokens + facts.reasoning_tokens
    return Request(active, facts, account, messages, room, plain=plain)


async def _admitted(request: Request) -> None:
    """Wait for the slot and the money. Raises LanguageModelError."""
    patience = Patience()
    try:
        for step in (partial(request.reserve, has_slot=False), request.depart):
            while wait := await to_its_end(in_thread(step)):
                patience.check(wait)
                await asyncio.sleep(wait)
    except (LanguageModelError, asyncio.CancelledError):
        if request.call is not None:
            await _noted(request.abandon)
        raise


async def _noted(write: Callable[..., object], *args: Any) -> None:
    """Write down how the call ended, cancelled or not. Its answer, or the reason of its end, must
    not be lost with what is written down of it.
    """
    try:
        await to_its_end(in_thread(write, *args))
    except (DatabaseError, InterfaceError) as error:
        logger.warning("a call is not written down", reason=str(error).strip())


def _pieces(request: Request) -> Any:
    return adapter.pieces(
        request.active,
        request.facts,
        request.messages,
        max_tokens=request.max_tokens,
        plain=request.plain,
    )
