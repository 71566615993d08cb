"""The websocket of a run: its blocks as HTML, whenever they have grown."""

from __future__ import annotations

import asyncio
import time
from urllib.parse import parse_qs

from django.db import DatabaseError, InterfaceError

from catalog import selectors as catalog_selectors
from catalog.consumers import MemberConsumer
from catalog.views.http import number
from prodintel.lib.threads import in_thread
from tools import selectors
from tools.models import ToolRun
from tools.runs import hub, running
from tools.runs.course import Course
from tools.views.live import news, standing

# A browser is told at most so often, and less often the more there are to tell.
SHORTEST_PAUSE, PAUSE_A_SOCKET, LONGEST_PAUSE = 0.05, 0.003, 1.0
# Without a word from whoever performs the run, it is looked at so often.
LOOK_SECONDS = 1.0


class RunConsumer(MemberConsumer):
    """Sends the blocks that have changed after event `after` of the address, whole: each message
    brings any older page up to date. Closes when the run has ended and all of it is sent.
    """

    def find(self) -> tuple[ToolRun, bool]:
        pk = self.scope["url_route"]["kwargs"]["pk"]
        run = selectors.run_for(self.scope["user"], pk)
        return run, catalog_selectors.may(self.scope["user"], run.catalog)

    async def show(self, found: tuple[ToolRun, bool]) -> None:
        run = found[0]
        query = parse_qs(self.scope["query_string"].decode("ascii", "replace"))
        shown = number(query.get("after", [""])[0], 0)
        told: tuple[str, ...] = ()
        async with hub.watching(run.pk) as watch:
            while True:
                began = time.monotonic()
                try:
                    run, may_edit = found = await self.admitted(found)
                    html, course, told = await in_thread(_news, run, shown, told, may_edit=may_edit)
                    if html:
                        await self.send(text_data=html)
                        shown = course.number
                    if course.is_over:
                        await self.close()
                        return
                except (DatabaseError, InterfaceError):
                    # Away for a moment: the page keeps what it shows, the next look may see more.
                    pass
                await asyncio.sleep(_pause(time.monotonic() - began))
                await watch.wait(LOOK_SECONDS)


def _news(
    run: ToolRun, shown: int, told: tuple[str, ...], *, may_edit: bool
) -> tuple[str, Course, tuple[str, ...]]:
    """What there is to tell after event `shown`, the run as it is, and what its head says now."""
    run, course = running.as_it_is(run)
    if course.number <= shown:
        return "", course, told
    stands = standing(run, course)
    html = news(run, course, shown, may_edit=may_edit, with_head=stands != told)
    return html, course, stands


def _pause(took: float) -> float:
    """How long to let a run grow before telling again: by the sockets and by how long that takes."""
    crowd = SHORTEST_PAUSE + hub.watchers() * PAUSE_A_SOCKET
    return min(max(crowd, took), LONGEST_PAUSE)
