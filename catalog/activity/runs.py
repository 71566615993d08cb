"""How far runs of descriptions are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from catalog.models import DescribeRun, DescribeRunState, TrialResult, VisionTask
from catalog.services.describe_runs import queueing_jobs
from prodintel.lib.work import WorkState


@dataclass(frozen=True)
class Progress:
    """How many of a run's products are in which state; of a trial, only those it is tried on.

    `left_out` are those that are described only if somebody says so: what comes after a trial, or
    what a stop took back.
    """

    total: int
    waiting: int
    running: int
    failed: int
    left_out: int
    done: int

    @property
    def unfinished(self) -> int:
        return self.waiting + self.running

    @property
    def percent(self) -> int:
        return 100 if not self.total else int(100 * self.done / self.total)


def progress_of(runs: Sequence[DescribeRun]) -> dict[int, Progress]:
    """The progress of each run by its id, in three queries."""
    states: dict[int, dict[str, int]] = {run.pk: {} for run in runs}
    tasks = VisionTask.objects.filter(run__in=states, product__deleted_at=None).order_by()
    for run_id, state, count in tasks.values_list("run_id", "state").annotate(Count("pk")):
        states[run_id][state] = count
    for job in queueing_jobs(runs):
        # Their products wait to be queued.
        own = states[job.arguments["run"]]
        waiting = own.get(WorkState.PENDING, 0) + job.progress_total - job.progress_done
        own[WorkState.PENDING] = waiting
    trials = TrialResult.objects.filter(run__in=states).order_by()
    answered = dict(trials.values_list("run_id").annotate(Count("pk")))
    return {run.pk: _progress(run, states[run.pk], answered.get(run.pk, 0)) for run in runs}


def _progress(run: DescribeRun, states: dict[str, int], answered: int) -> Progress:
    waiting, running, failed = (
        states.get(state, 0) for state in (WorkState.PENDING, WorkState.RUNNING, WorkState.FAILED)
    )
    left_out = len(run.product_ids)
    total = run.product_count - left_out
    is_trial = run.state in {DescribeRunState.TRIAL, DescribeRunState.DISCARDED}
    done = answered if is_trial else max(total - waiting - running - failed, 0)
    return Progress(total, waiting, running, failed, left_out, min(done, total))
