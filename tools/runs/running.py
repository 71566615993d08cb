"""Having runs performed, stopped and followed in this process."""

from __future__ import annotations

import structlog
from django.db import DatabaseError, InterfaceError, transaction

from tools import selectors
from tools.models import UNFINISHED, ToolRun
from tools.runs import hub
from tools.runs.course import Course
from tools.runs.loop import has_run_loop, owner_prefix, run_loop
from tools.services import runs as services

logger = structlog.get_logger(__name__)


def start(run: ToolRun) -> None:
    """Have a queued run performed by this process, once its transaction is committed."""
    transaction.on_commit(lambda: run_loop().perform(run.pk))


def stop(run: ToolRun) -> None:
    """Stop a run, whoever performs it."""
    services.run_stop(run=run)
    if has_run_loop():
        run_loop().stop_run(run.pk)
    hub.tell_here(run.pk)


def course_of(run_id: int) -> Course:
    """The run as far as it is written, from memory where this process performs it.

    Raises Http404 when it is gone.
    """
    here = run_loop().course_of(run_id) if has_run_loop() else None
    return here or selectors.course_by_id(run_id)


def as_it_is(run: ToolRun) -> tuple[ToolRun, Course]:
    """The run's course, and its row no older than that. Raises Http404 when it is gone."""
    course = course_of(run.pk)
    if course.is_over and run.state in UNFINISHED:
        # It has ended since it was read: what came of it is in its row.
        run = ToolRun.objects.select_related("catalog", "product", "created_by").get(pk=run.pk)
    return run, course


def is_over(run_id: int) -> bool:
    """Whether nothing more is written of a run, because it has ended or is gone."""
    return not ToolRun.objects.filter(pk=run_id, state__in=UNFINISHED).exists()


def take_over() -> None:
    """At the start of a process: what its predecessor performed is interrupted."""
    try:
        services.runs_interrupt(owner_prefix=owner_prefix())
    except (DatabaseError, InterfaceError) as error:
        # They are when their leases end; whoever can say so must be able to start.
        logger.warning("runs cannot be taken over", reason=str(error).strip())
    run_loop()


def end() -> None:
    """At the end of a process: what it performs is interrupted, and can be resumed."""
    if has_run_loop():
        run_loop().end()
