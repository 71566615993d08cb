"""Sockets: open to members, and only for as long as they are. The activity of a catalogue on one."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import structlog
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import HASH_SESSION_KEY
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import DatabaseError, InterfaceError
from django.http import Http404
from django.utils.crypto import constant_time_compare

from catalog import selectors
from catalog.models import Catalog
from catalog.views.activity import activity_fragment
from prodintel.lib.threads import in_thread

LOOK_SECONDS = 1.0
MEMBERSHIP_SECONDS = 30.0
NOT_FOUND = 4404
FAILED = 1011
# The last: a person who was deleted.
GONE = (Http404, PermissionDenied, ObjectDoesNotExist)
logger = structlog.get_logger(__name__)


class MemberConsumer(AsyncWebsocketConsumer):
    """A socket that shows something of a catalogue: what `find` gives, by `show`.

    A person who is no longer a member, has logged out or changed the password is let go within 30
    seconds, as long as `show` asks `admitted` now and then.
    """

    # Whatever it shows it looks at itself: nobody sends to a channel of its own.
    channel_layer_alias = "none"
    _loop: asyncio.Task[None] | None = None
    _checked = 0.0

    def find(self) -> Any:
        """What the address names, for `self.scope["user"]`. Raises Http404 or PermissionDenied."""
        raise NotImplementedError

    async def show(self, found: Any) -> None:
        """Send what there is to see until there is no more."""
        raise NotImplementedError

    async def admitted(self, found: Any) -> Any:
        """What the address names: `found`, or looked up anew every 30 seconds. Raises as `find`."""
        if time.monotonic() - self._checked > MEMBERSHIP_SECONDS:
            found = await in_thread(self._admit)
            self._checked = time.monotonic()
        return found

    async def connect(self) -> None:
        try:
            found = await in_thread(self._admit)
        except GONE:
            await self.close(NOT_FOUND)
            return
        self._checked = time.monotonic()
        await self.accept()
        self._loop = asyncio.create_task(self._follow(found))

    async def disconnect(self, code: int) -> None:
        del code
        if self._loop is not None:
            self._loop.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """What a browser says here is of no interest."""

    def _admit(self) -> Any:
        user: Any = self.scope["user"]
        if user.is_authenticated:
            user.refresh_from_db(fields=["is_active", "is_superuser", "password"])
            self._check_session(user)
        return self.find()

    def _check_session(self, user: Any) -> None:
        """Raises PermissionDenied once the session has ended, or is not of the person's password.

        Read anew: what the socket was opened with stays as it was.
        """
        opened_with = self.scope["session"]
        session = opened_with.__class__(opened_with.session_key)
        known = session.get(HASH_SESSION_KEY, "")
        if not constant_time_compare(known, user.get_session_auth_hash()):
            raise PermissionDenied

    async def _follow(self, found: Any) -> None:
        try:
            await self.show(found)
        except GONE:
            await self.close(NOT_FOUND)
        except Exception:
            # Nobody waits for this task: without an end of its own the socket would stay open mute.
            logger.exception("socket failed", path=self.scope["path"])
            await self.close(FAILED)


class ActivityConsumer(MemberConsumer):
    """Sends an out-of-band fragment when what it shows has changed.

    Looks at the cheap aggregate every second, so it needs no messages from the worker.
    """

    def find(self) -> Catalog:
        return selectors.catalog_for(self.scope["user"], self.scope["url_route"]["kwargs"]["slug"])

    def _fragment(self, catalog: Catalog) -> str:
        return activity_fragment(catalog, self.scope["user"])

    async def show(self, found: Catalog) -> None:
        shown = ""
        while True:
            try:
                found = await self.admitted(found)
                fragment = await in_thread(self._fragment, found)
            except (DatabaseError, InterfaceError):
                # Away for a moment: the page keeps what it shows, the next look may see more.
                await asyncio.sleep(LOOK_SECONDS)
                continue
            if fragment != shown:
                shown = fragment
                await self.send(text_data=fragment)
            await asyncio.sleep(LOOK_SECONDS)
