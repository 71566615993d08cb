"""Having runs performed, stopped and followed in this process."""

from __future__ import annotations

from django.db import transaction

from tools import selectors
from tools.models import ToolRun
from tools.runs import hub
from tools.runs.course import Course
from tools.runs.loop import owner_prefix, run_loop
from tools.services import runs as services


def start(run: ToolRun) -> None:
    """Have a queued run performed by this process, once its transaction is committed."""
    transaction.on_commit(lambda: run_loop().perform(run.pk))


def stop(run: ToolRun) -> None:
    """Stop a run, whoever performs it."""
    services.run_stop(run=run)
    run_loop().stop_run(run.pk)
    hub.tell_here(run.pk)


def course_of(run_id: int) -> Course:
    """The run as far as it is written, from memory where this process performs it.

    Raises Http404 when it is gone.
    """
    return run_loop().course_of(run_id) or selectors.course_by_id(run_id)


def take_over() -> None:
    """At the start of a process: what its predecessor performed is interrupted."""
    services.runs_interrupt(owner_prefix=owner_prefix())
    run_loop()


def end() -> None:
    """At the end of a process: what it performs is interrupted, and can be resumed."""
    if run_loop.cache_info().currsize:
        run_loop().end()
