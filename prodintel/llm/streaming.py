"""Text as a model writes it, for code that runs in an event loop.

The database is asked in threads. However the stream ends (by itself, by an error, because nobody
wants more of it) the request to the provider is closed and the call written down.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from prodintel.lib.threads import in_thread
from prodintel.llm import adapter, pacing
from prodintel.llm.adapter import CallFailedError
from prodintel.llm.facts import CHARACTERS_PER_TOKEN
from prodintel.llm.rate_headers import Seen
from prodintel.llm.requests import Patience, Request, facts_for, needed
from prodintel.llm.types import Ability, Account, Delta, LanguageModelError, Message, WebSource


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
        usage = await _to_the_end(partial(request.answered, course.seen, course.tokens))
    except CallFailedError as error:
        ended = True
        await _to_the_end(partial(request.failed, error))
        raise
    finally:
        if not ended:
            taken = (request.prompt, course.characters // CHARACTERS_PER_TOKEN)
            await _to_the_end(partial(request.stopped, course.seen, taken))
    yield Delta(usage=usage, model=request.facts.id, data=course.data)


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
    while wait := await in_thread(request.reserve, has_slot=False):
        patience.check(wait)
        await asyncio.sleep(wait)
    try:
        while wait := await in_thread(request.depart):
            patience.check(wait)
            await asyncio.sleep(wait)
    except (LanguageModelError, asyncio.CancelledError):
        await _to_the_end(request.abandon)
        raise


def _pieces(request: Request) -> Any:
    return adapter.pieces(
        request.active,
        request.facts,
        request.messages,
        max_tokens=request.max_tokens,
        plain=request.plain,
    )


async def _to_the_end(write: Callable[[], Any]) -> Any:
    """Written down even if the task is cancelled meanwhile."""
    writing: Coroutine[Any, Any, Any] = in_thread(write)
    return await asyncio.shield(asyncio.ensure_future(writing))
