"""The event loop that performs runs: a thread of its own, one a process."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import threading
from concurrent.futures import Future
from contextlib import suppress
from functools import lru_cache
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import DatabaseError, InterfaceError, OperationalError
from pydantic import ValidationError as InvalidOptions

from catalog.models import Product
from catalog.selectors import with_details
from prodintel.lib.threads import to_its_end
from prodintel.llm import adapter
from prodintel.llm.gateway import gateway
from prodintel.llm.types import LanguageModelError
from tools import selectors
from tools.kinds.base import Evidence, Tool
from tools.models import RunState, ToolRun, Writer
from tools.registry import tools
from tools.runs import hub
from tools.runs.course import STATE, Course
from tools.runs.journal import Journal, Live, at_the_books, insisted
from tools.runs.performing import NO_DATABASE, Performance, in_tool_thread
from tools.services.runs import (
    LEASE,
    Ending,
    evidence_keep,
    leases_renew,
    run_claim,
    run_end,
    runs_interrupt,
)

logger = structlog.get_logger(__name__)
OWNER_VARIABLE = "PRODINTEL_OWNER"
# Runs that are performed at once; more wait their turn.
MOST_AT_ONCE = 256
STOP_LOOK_SECONDS = 0.4
BEAT_SECONDS = LEASE.total_seconds() / 4
END_SECONDS = 8.0
RESTARTED = "The site was stopped meanwhile. What was written is kept."
OUTDATED = "The options of this run are not those of the tool any more. Start a new one."
WENT_WRONG = "Something went wrong in this tool. The log of the site says what."


def owner_prefix() -> str:
    """What the owner names of this process begin with, and those of its predecessors.

    Empty where no supervisor has said who this process is: nobody then knows who is dead.
    """
    slot = os.environ.get(OWNER_VARIABLE, "")
    return f"{slot}/" if slot else ""


class RunLoop(threading.Thread):
    """Performs the runs that it is given. Its methods are called from any other thread."""

    def __init__(self) -> None:
        super().__init__(name="runs", daemon=True)
        self._owner = (
            f"{owner_prefix() or socket.gethostname() + '/'}{os.getpid()}/{secrets.token_hex(4)}"
        )
        self._loop = asyncio.new_event_loop()
        self._journal = Journal(self._owner, self._lose)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._asked_to_stop: set[int] = set()
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._ending = False
        self.start()

    def run(self) -> None:
        asyncio.set_event_loop(self._loop)
        keepers = [
            self._loop.create_task(each)
            for each in (self._journal.keep(), self._beat(), self._look())
        ]
        self._loop.run_forever()
        # The keepers, and what could not be ended in time.
        left = asyncio.all_tasks(self._loop) | set(keepers)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.run_until_complete(adapter.aclose())
        self._loop.close()

    def perform(self, run_id: int) -> Future[None]:
        """Perform a run that is queued; the future is done when it has ended."""
        if self._ending:
            # It stays queued, and is interrupted when its lease ends.
            nothing: Future[None] = Future()
            nothing.set_result(None)
            return nothing
        return asyncio.run_coroutine_threadsafe(self._begin(run_id), self._loop)

    def stop_run(self, run_id: int) -> None:
        """Stop a run of this process at once, if it is one."""
        self._loop.call_soon_threadsafe(self._cancel, run_id)

    def course_of(self, run_id: int) -> Course | None:
        """The course of a run that this process performs, as far as it is written."""
        return self._journal.course_of(run_id)

    def end(self) -> None:
        """End all runs as interrupted, and the thread; no more are begun."""
        if not self.is_alive():
            return
        self._ending = True
        ending = asyncio.run_coroutine_threadsafe(self._end_all(), self._loop)
        with suppress(TimeoutError):
            ending.result(END_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self.join(END_SECONDS)

    # --- In the loop ----------------------------------------------------------------------------

    async def _begin(self, run_id: int) -> None:
        while (before := self._tasks.get(run_id)) is not None:
            # It has just ended and is resumed, or was begun by somebody else as well.
            await asyncio.wait([before])
        task = self._tasks[run_id] = asyncio.ensure_future(self._in_turn(run_id))
        await asyncio.wait([task])

    async def _in_turn(self, run_id: int) -> None:
        try:
            async with self._places:
                await self._claim_and_perform(run_id)
        except Exception:
            # Nobody renews its lease: when that ends, the run is interrupted and can be resumed.
            logger.exception("a run cannot be performed", run=run_id)
        finally:
            del self._tasks[run_id]
            self._asked_to_stop.discard(run_id)

    async def _claim_and_perform(self, run_id: int) -> None:
        claiming = asyncio.ensure_future(self._claimed(run_id))
        try:
            claimed = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            # It is claimed all the same, and nobody would perform it.
            claimed = await claiming
            if claimed is not None:
                await self._close(claimed[1], Ending(*self._broken_off(run_id)))
            raise
        if claimed is not None:
            await self._perform(*claimed)

    async def _claimed(self, run_id: int) -> tuple[ToolRun, Live] | None:
        """The run, this process's now, and what it is told of in; None when it is not to be had."""
        claimed = await insisted(_claim, run_id, self._owner)
        if claimed is None:
            return None
        run, course = claimed
        return run, self._journal.open(run.pk, course)

    def _broken_off(self, run_id: int) -> tuple[str, str]:
        """The state of a run that was cancelled, and why."""
        if run_id in self._asked_to_stop:
            return RunState.STOPPED, ""
        return RunState.INTERRUPTED, RESTARTED

    async def _perform(self, run: ToolRun, live: Live) -> None:
        self._journal.note(live, STATE, {"state": RunState.RUNNING, "error": ""})
        performance = Performance(run, live, self._journal)
        try:
            state, error = await self._performed(run, performance)
        except asyncio.CancelledError:
            state, error = self._broken_off(run.pk)
        ending = Ending(
            state,
            error,
            performance.error_code,
            output=performance.output,
            model=performance.model,
            first_token_ms=performance.first_token_ms,
        )
        # A second stop does not keep the first from being written down.
        await to_its_end(self._close(live, ending))

    async def _performed(self, run: ToolRun, performance: Performance) -> tuple[str, str]:
        """The state in which the run ended, and why."""
        try:
            tool = tools()[run.tool]
            performance.options = tool.options.model_validate(run.options)
        except (InvalidOptions, KeyError) as error:
            logger.warning("a run does not fit its tool", run=run.pk, reason=type(error).__name__)
            return RunState.FAILED, OUTDATED
        try:
            await self._gather(tool, run, performance)
            await tool.perform(performance)
        except (LanguageModelError, ValidationError, OperationalError, InterfaceError) as error:
            message, performance.error_code = _in_words(error)
            return RunState.FAILED, message
        except Exception:
            # A fault of one tool must not look like work that goes on for ever.
            logger.exception("a tool failed", tool=run.tool, run=run.pk)
            return RunState.FAILED, WENT_WRONG
        if performance.failures:
            performance.error_code = performance.failures[0].code
            return RunState.FAILED, str(performance.failures[0])
        return RunState.DONE, ""

    async def _gather(self, tool: Tool, run: ToolRun, performance: Performance) -> None:
        """The evidence, shown and kept before any model is asked."""
        found = await in_tool_thread(_gathered, tool, run, performance.options)
        performance.evidence = found
        for block in found.blocks:
            await performance.show(block)
        await insisted(evidence_keep, run_id=run.pk, owner=self._owner, facts=found.facts)

    async def _close(self, live: Live, ending: Ending) -> None:
        await self._journal.flushed(live)
        wrong = Ending(RunState.FAILED, WENT_WRONG)
        try:
            await self._write_end(live, wrong if live.refused else ending)
        except Exception:
            logger.exception("what a run leaves cannot be written", run=live.run_id)
            await self._write_end(live, wrong)
        finally:
            self._journal.close(live)
            await hub.publish(live.run_id)

    async def _write_end(self, live: Live, ending: Ending) -> None:
        await insisted(run_end, run_id=live.run_id, owner=self._owner, ending=ending)

    def _cancel(self, run_id: int) -> None:
        if run_id in self._tasks and run_id not in self._asked_to_stop:
            self._asked_to_stop.add(run_id)
            self._tasks[run_id].cancel()

    def _lose(self, run_id: int) -> None:
        if run_id in self._tasks:
            logger.warning("a run is lost", run=run_id)
            self._tasks[run_id].cancel()

    async def _end_all(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _beat(self) -> None:
        """Renew the leases of the runs that are performed here; end runs whose own have ended."""
        while True:
            if self._tasks:
                await self._ask(leases_renew, owner=self._owner, run_ids=list(self._tasks))
            for run_id in await self._ask(runs_interrupt) or ():
                await hub.publish(run_id)
            await asyncio.sleep(BEAT_SECONDS)

    async def _look(self) -> None:
        """Stop the runs of which other processes ask it."""
        while True:
            await asyncio.sleep(STOP_LOOK_SECONDS)
            if self._tasks:
                for run_id in await self._ask(selectors.stops_asked, list(self._tasks)) or ():
                    self._cancel(run_id)

    @staticmethod
    async def _ask(call: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await at_the_books(call, *args, **kwargs)
        except (DatabaseError, InterfaceError) as error:
            # The next look comes soon, and before a lease ends.
            logger.warning("runs cannot be looked after", reason=str(error).strip())
        except Exception:
            # A fault in one run must not end the looking after all.
            logger.exception("runs cannot be looked after")
        return None


def _claim(run_id: int, owner: str) -> tuple[ToolRun, Course] | None:
    writer = Writer.GROQ if gateway().is_configured() else Writer.DRAFT
    run = run_claim(run_id=run_id, owner=owner, writer=writer)
    return None if run is None else (run, selectors.course_of(run))


def _in_words(error: Exception) -> tuple[str, str]:
    """What people are told of a failure, and its code as `ToolRun.error_code` has it."""
    if isinstance(error, LanguageModelError):
        return str(error), error.code
    if isinstance(error, ValidationError):
        return " ".join(error.messages), ""
    return NO_DATABASE, "unavailable"


def _gathered(tool: Tool, run: ToolRun, options: Any) -> Evidence:
    product = with_details(Product.objects.alive().filter(pk=run.product_id)).first()
    if product is None:
        raise ValidationError("The product was deleted.")
    return tool.gather(product, options)


_making = threading.Lock()


@lru_cache(maxsize=1)
def _made() -> RunLoop:
    return RunLoop()


def run_loop() -> RunLoop:
    """The loop of this process, started when it is first wanted."""
    # Two threads that want it first would else start one each.
    with _making:
        return _made()


def has_run_loop() -> bool:
    """Whether it was started."""
    return bool(_made.cache_info().currsize)


def forget_run_loop() -> None:
    """Another is started when it is next wanted; the one there is has been ended."""
    _made.cache_clear()
