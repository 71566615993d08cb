"""A run under way: what its tool is given to work with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, replace
from typing import Any, ParamSpec, TypeVar

import structlog
from django.db import InterfaceError, OperationalError
from pydantic import BaseModel

from catalog.models import Catalog
from prodintel.lib.threads import Threads
from prodintel.llm.facts import abilities
from prodintel.llm.gateway import gateway
from prodintel.llm.types import Ability, Account, LanguageModelError, Message
from tools.kinds.base import DONE, FAILED, RESULT, RUNNING, Block, Data, Evidence, Found
from tools.models import ToolRun, Writer
from tools.runs.course import BLOCK, DATA, TEXT, as_json, storable
from tools.runs.journal import Journal, Live
from tools.services.runs import ref_of

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
logger = structlog.get_logger(__name__)
# A call that fails for reasons outside is tried again, as long as somebody would wait for it.
TRIES = 3
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
HOPELESS = frozenset({"not_configured", "unauthorised", "unknown_model", "over_budget"})
# More than anybody reads: a model that has not ended by then never will.
LONGEST_TEXT = 100_000
NO_DATABASE = "The database of the site could not be reached."
ENDLESS = "The language model did not come to an end, and was stopped."
# A half-written answer has any shape: what a tool makes of it may fail, and the next has more.
HALF_WRITTEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
# What tools do to photos and ask the engine takes its time, and keeps no page waiting.
in_tool_thread = Threads("tools", 8)


class Performance:
    """The `Run` of tools. Used in one event loop only."""

    options: Any

    def __init__(self, run: ToolRun, live: Live, journal: Journal) -> None:
        self.run_id = run.pk
        self.product_id = run.product_id
        self.catalog: Catalog = run.catalog
        self.evidence = Evidence({})
        self.has_model = run.writer == Writer.GROQ
        self.output: Data = dict(run.output)
        self.model = ""
        self.first_token_ms: int | None = None
        self.failures: list[LanguageModelError] = []
        self.error_code = ""
        self._live = live
        self._journal = journal
        self._began = time.monotonic()
        self._finished = {
            block["id"]: block["data"]
            for block in live.course.blocks.values()
            if block["state"] == DONE and block["part"] == RESULT
        }
        self._account = Account(
            run.tool, f"catalog:{run.catalog_id}", run.created_by_id, ref_of(run.pk)
        )
        self._data: dict[str, Data] = {}

    # --- What tools call ------------------------------------------------------------------------

    async def show(self, block: Block) -> None:
        self._show(block)

    def finished(self, block_id: str) -> Data | None:
        return self._finished.get(block_id)

    async def say(self, block: Block, messages: Sequence[Message], *, max_tokens: int) -> str:
        found = await self._said(block, messages, max_tokens, Ability.TEXT)
        self._show(replace(block, state=DONE, data={**block.data, "text": found.text}))
        return found.text

    async def search(self, block: Block, messages: Sequence[Message], *, max_tokens: int) -> Found:
        found = await self._said(block, messages, max_tokens, Ability.SEARCH)
        sources = [asdict(source) for source in found.sources]
        data = {**block.data, "text": found.text, "sources": sources}
        self._show(replace(block, state=DONE, data=data))
        return found

    async def fill(
        self,
        block: Block,
        messages: Sequence[Message],
        schema: type[M],
        *,
        max_tokens: int,
        shown: Callable[[Data], Data] | None = None,
    ) -> M:
        def grown(partial: Data) -> Data:
            return shown(partial) if shown else {**block.data, **partial}

        async def once() -> M:
            self._show(replace(block, state=RUNNING))
            return await self._grown(
                messages,
                schema,
                max_tokens,
                Ability.TEXT,
                lambda part: self._grow(block, grown, part),
            )

        value = await self._patiently(
            once, lambda: replace(block, data=self._data.get(block.id, block.data))
        )
        self._grow(block, grown, value.model_dump(mode="json"))
        return value

    async def ask(
        self,
        messages: Sequence[Message],
        schema: type[M],
        *,
        max_tokens: int,
        vision: bool = False,
    ) -> M:
        ability = Ability.VISION if vision else Ability.TEXT
        return await self._patiently(
            lambda: self._grown(messages, schema, max_tokens, ability, lambda _part: None)
        )

    async def in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await in_tool_thread(call, *args, **kwargs)

    async def together(self, *parts: Awaitable[Any]) -> list[Any]:
        tasks = [asyncio.ensure_future(self._by_itself(part)) for part in parts]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            # Where one raises what is not a model's, nobody wants the others any more.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def put(self, **output: Any) -> None:
        self.output.update(output)

    @property
    def can_search(self) -> bool:
        return self.has_model and Ability.SEARCH in abilities()

    # --- Of its own -----------------------------------------------------------------------------

    async def _by_itself(self, part: Awaitable[T]) -> T | None:
        try:
            return await part
        except LanguageModelError as error:
            self.failures.append(error)
            return None

    async def _said(
        self, block: Block, messages: Sequence[Message], max_tokens: int, ability: Ability
    ) -> Found:
        """Markdown as it is written into the block. Raises LanguageModelError."""
        pieces: list[str] = []

        async def once() -> Found:
            pieces.clear()
            length, sources = 0, []
            self._show(replace(block, state=RUNNING, data={**block.data, "text": ""}))
            stream = gateway().stream(
                ability, messages, account=self._account, max_tokens=max_tokens
            )
            async with aclosing(stream) as deltas:
                async for delta in deltas:
                    self._note_answer(delta.model)
                    sources = delta.data.get("sources", [])
                    if delta.text:
                        pieces.append(storable(delta.text))
                        self._note(TEXT, {"block": block.id, "text": pieces[-1]})
                        length += len(pieces[-1])
                    if length > LONGEST_TEXT:
                        raise LanguageModelError(ENDLESS, code="bad_answer")
            return Found("".join(pieces), sources)

        return await self._patiently(
            once, lambda: replace(block, data={**block.data, "text": "".join(pieces)})
        )

    async def _patiently(
        self, once: Callable[[], Awaitable[T]], failed: Callable[[], Block] | None = None
    ) -> T:
        """One call, tried again where the cause lies outside. Raises LanguageModelError."""
        wait = FIRST_WAIT
        for left in reversed(range(TRIES)):
            try:
                return await _reached(once)
            except LanguageModelError as error:
                wait = error.retry_after or wait
                if not left or not _is_worth_waiting(error, wait):
                    if failed is not None:
                        self._show(replace(failed(), state=FAILED), error=str(error))
                    raise
                logger.info("a tool waits for its model", run=self.run_id, seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        raise AssertionError

    async def _grown(
        self,
        messages: Sequence[Message],
        schema: type[M],
        max_tokens: int,
        ability: Ability,
        take: Callable[[Data], None],
    ) -> M:
        """The answer at its end; `take` is given what there is of it meanwhile."""
        stream = gateway().grow(
            ability, messages, schema, account=self._account, max_tokens=max_tokens
        )
        async with aclosing(stream) as growths:
            async for growth in growths:
                self._note_answer(growth.model)
                if growth.value is not None:
                    return growth.value
                take(growth.partial)
        raise LanguageModelError("The language model said nothing.", code="bad_answer")

    def _grow(self, block: Block, grown: Callable[[Data], Data], partial: Data) -> None:
        """Show what there is of an answer: those of the block's data that have changed."""
        try:
            data = grown(partial)
        except HALF_WRITTEN:
            return
        known = self._data[block.id]
        changed = {key: value for key, value in data.items() if known.get(key) != value}
        if changed:
            self._data[block.id] = {**known, **changed}
            self._note(DATA, {"block": block.id, "data": changed})

    def _show(self, block: Block, error: str = "") -> None:
        self._data[block.id] = dict(block.data)
        self._note(BLOCK, as_json(block, error))

    def _note(self, kind: str, data: Mapping[str, Any]) -> None:
        self._journal.note(self._live, kind, dict(data))

    def _note_answer(self, model: str) -> None:
        self.model = model or self.model
        if self.first_token_ms is None:
            self.first_token_ms = round((time.monotonic() - self._began) * 1000)


async def _reached(once: Callable[[], Awaitable[T]]) -> T:
    """One call. Raises LanguageModelError also where the books of calls cannot be opened."""
    try:
        return await once()
    except (OperationalError, InterfaceError):
        raise LanguageModelError(NO_DATABASE, code="unavailable", outside=True) from None


def _is_worth_waiting(error: LanguageModelError, seconds: float) -> bool:
    return (
        error.outside
        and not error.permanent
        and error.code not in HOPELESS
        and seconds <= LONGEST_WAIT
    )
