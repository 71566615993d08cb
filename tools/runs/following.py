"""A run as server-sent events."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import DatabaseError, InterfaceError
from django.http import Http404

from prodintel.lib.threads import in_thread
from tools import selectors
from tools.runs import hub, running
from tools.runs.course import Step

AT_ONCE = 200
LOOK_SECONDS = 1.0
# Whoever stands between keeps a connection open on which something is said now and then.
SILENCE_SECONDS = 15.0
MEMBERSHIP_SECONDS = 30.0
COMMENT = b": still here\n\n"


async def followed(run_id: int, after: int, admit: Callable[[], object]) -> AsyncIterator[bytes]:
    """The run's events after a number, as they are written, to its end.

    `admit` raises once the listener may not see the run any more; it is asked now and then.
    """
    spoke = admitted = time.monotonic()
    async with hub.watching(run_id) as watch:
        while True:
            try:
                if time.monotonic() - admitted > MEMBERSHIP_SECONDS:
                    await in_thread(admit)
                    admitted = time.monotonic()
                over = await in_thread(running.is_over, run_id)
                steps = await in_thread(selectors.steps_after, run_id, after, AT_ONCE)
            except (Http404, PermissionDenied, ObjectDoesNotExist):
                return
            except (DatabaseError, InterfaceError):
                # Away for a moment: the next look may see more.
                over, steps = False, []
            for step in steps:
                yield as_event(step)
                after, spoke = step.number, time.monotonic()
            if over and len(steps) < AT_ONCE:
                return
            if time.monotonic() - spoke > SILENCE_SECONDS:
                yield COMMENT
                spoke = time.monotonic()
            if len(steps) < AT_ONCE:
                await watch.wait(LOOK_SECONDS)


def as_event(step: Step) -> bytes:
    data = json.dumps(step.data, ensure_ascii=False)
    return f"id: {step.number}\nevent: {step.kind}\ndata: {data}\n\n".encode()
