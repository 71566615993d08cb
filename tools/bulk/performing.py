"""The worker's part of running a tool over many products: a few runs at once, until all have ended.

Whatever ends this process loses nothing: runs are looked up by the job, those that are done are
not made again, and those that were broken off are resumed.
"""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils import timezone

from catalog.ingest.jobs import JobFailed, JobStopped, JobWaits
from catalog.models import Job, JobStep, Product
from catalog.services.bulk import bulk_step
from prodintel.lib.runner import Stopping, never
from prodintel.lib.work import WorkState
from prodintel.llm import budgets
from prodintel.llm.gateway import gateway
from tools.bulk.act import ACT, KIND, OPTIONS, TOOL, WRITER, runs_of
from tools.models import RunEvent, RunState, ToolRun, Writer
from tools.registry import tools
from tools.runs import running
from tools.runs.course import STATE
from tools.runs.loop import run_loop
from tools.services.runs import run_create, run_resume

# Codes of failures that say nothing of the product: the run goes on when they are over.
OUTSIDE = frozenset(
    {
        "not_configured",
        "unauthorised",
        "unknown_model",
        "rate_limited",
        "over_budget",
        "unavailable",
        "asked_already",
    }
)
# Nothing is tried for ever: a run that failed so often is taken for the cause itself.
SETBACKS = 12
WAIT = timedelta(seconds=30)
WAIT_FOR_BUDGET = timedelta(minutes=5)
TICK_SECONDS = 0.25
# So long one job goes on before another of its kind gets a turn.
TURN_SECONDS = 60.0
NO_MODEL = "No language model is connected any more."


def runs_at_once() -> int:
    """How many runs of one worker are under way: half of its calls, so that people who wait for an
    answer share the account's pace with few others.
    """
    return max(settings.LLM_CONCURRENCY // 2, 1)


def perform(job: Job, stopping: Stopping = never) -> None:
    """Go on with a job until it has ended. Raises JobStopped, JobWaits and JobFailed."""
    if job.arguments[TOOL] not in tools():
        raise JobFailed("This tool is no longer there.", permanent=True)
    _take_over()
    _Bulk(job, stopping).go()


@lru_cache(maxsize=1)
def _take_over() -> None:
    """Once a process, before its first run: what its predecessor performed is interrupted."""
    running.take_over()


@dataclass(frozen=True)
class _UnderWay:
    """A step whose run this process performs."""

    step: JobStep
    run_id: int
    future: Future[None]


class _Bulk:
    """One job under way in one process."""

    def __init__(self, job: Job, stopping: Stopping) -> None:
        self._job = job
        self._stopping = stopping
        self._under_way: list[_UnderWay] = []
        self._trouble: JobWaits | None = None
        self._has_ended = False

    def go(self) -> None:
        turn_ends = time.monotonic() + TURN_SECONDS
        while not self._has_ended:
            if self._stopping():
                running.end()
                raise JobStopped
            if not Job.objects.held(self._token).filter(pk=self._job.pk).exists():
                break
            self._take_what_ended()
            others = time.monotonic() > turn_ends and self._others_wait()
            if self._trouble is None and not others and not self._has_ended:
                self._begin_more()
            if not self._under_way and not self._has_ended:
                self._leave(others=others)
            wait([each.future for each in self._under_way], TICK_SECONDS, FIRST_COMPLETED)
        # Stopped by somebody, or lost to another worker: what is under way is of no use any more.
        for each in self._under_way:
            run = ToolRun.objects.filter(pk=each.run_id).first()
            if run is not None:
                running.stop(run)

    @property
    def _token(self) -> Any:
        assert self._job.token is not None
        return self._job.token

    def _leave(self, *, others: bool) -> None:
        """Nothing is under way: the job has ended, or waits, or runs of it are another process's."""
        if self._trouble is not None:
            raise self._trouble
        if others:
            raise JobStopped
        if self._open_steps().exists():
            time.sleep(TICK_SECONDS)
        else:
            self._has_ended = not bulk_step(act=ACT, job=self._job)

    def _others_wait(self) -> bool:
        due = Job.objects.filter(kind=KIND, state=WorkState.PENDING)
        return due.filter(next_try_at__lte=timezone.now()).exists()

    def _open_steps(self) -> Any:
        return JobStep.objects.filter(job=self._job.pk, did__isnull=True).order_by("number")

    def _begin_more(self) -> None:
        free = runs_at_once() - len(self._under_way)
        known = [each.step.number for each in self._under_way]
        for step in self._open_steps().exclude(number__in=known)[: max(free, 0)]:
            self._trouble = self._trouble or self._why_not()
            if self._trouble is not None or self._has_ended:
                return
            self._begin(step)

    def _why_not(self) -> JobWaits | None:
        """What keeps the model from being asked at all, known before anything is begun."""
        if self._job.arguments[WRITER] != Writer.GROQ:
            return None
        if not gateway().is_configured():
            return JobWaits(NO_MODEL, delay=WAIT)
        spent = budgets.exhausted(user_id=self._job.created_by_id)
        return JobWaits(spent, delay=WAIT_FOR_BUDGET) if spent else None

    def _begin(self, step: JobStep) -> None:
        run = runs_of(self._job.pk, step.product_ids[0]).first() or self._made(step)
        if run is None or _is_settled(run):
            self._take(step)
            return
        if run.state not in {RunState.QUEUED, RunState.RUNNING}:
            run = run_resume(run=run)
        if run.state == RunState.QUEUED:
            self._under_way.append(_UnderWay(step, run.pk, run_loop().perform(run.pk)))

    def _made(self, step: JobStep) -> ToolRun | None:
        """A run of the step's product; None if that was deleted."""
        products = Product.objects.alive().select_related("catalog")
        product = products.filter(pk=step.product_ids[0]).first()
        if product is None:
            return None
        key, options = self._job.arguments[TOOL], self._job.arguments[OPTIONS]
        return run_create(
            product=product,
            tool=key,
            options=options,
            actor=self._job.created_by,
            prompt_version=tools()[key].prompt_version,
            job=self._job,
        )

    def _take_what_ended(self) -> None:
        ended = [each for each in self._under_way if each.future.done()]
        self._under_way = [each for each in self._under_way if not each.future.done()]
        for each in ended:
            run = ToolRun.objects.filter(pk=each.run_id).first()
            if run is None or _is_settled(run):
                self._take(each.step)
            elif run.state == RunState.FAILED:
                delay = WAIT_FOR_BUDGET if run.error_code == "over_budget" else WAIT
                self._trouble = JobWaits(run.error, delay=delay)

    def _take(self, step: JobStep) -> None:
        """Have what came of a step's run suggested, and the step done."""
        if not self._has_ended:
            self._has_ended = not bulk_step(act=ACT, job=self._job, number=step.number)


def _is_settled(run: ToolRun) -> bool:
    """Whether the run has come to an end that it is not to be resumed from."""
    if run.state == RunState.FAILED:
        return run.error_code not in OUTSIDE or _setbacks(run) >= SETBACKS
    return run.state in {RunState.DONE, RunState.STOPPED}


def _setbacks(run: ToolRun) -> int:
    """How often the run has failed."""
    return RunEvent.objects.filter(run=run, kind=STATE, data__state=RunState.FAILED).count()
