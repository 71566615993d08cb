"""The websocket of a catalogue's activity: its queues as HTML, whenever they change."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import structlog
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import HASH_SESSION_KEY
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import DatabaseError
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


class ActivityConsumer(AsyncWebsocketConsumer):
    """Sends an out-of-band fragment when what it shows has changed.

    Looks at the cheap aggregate every second, so it needs no messages from the worker. A person who
    is no longer a member, has logged out or changed the password is let go within 30 seconds.
    """

    _loop: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        try:
            catalog = await in_thread(self._catalog)
        except GONE:
            await self.close(NOT_FOUND)
            return
        await self.accept()
        self._loop = asyncio.create_task(self._follow(catalog))

    async def disconnect(self, code: int) -> None:
        del code
        if self._loop is not None:
            self._loop.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """What a browser says here is of no interest."""

    def _catalog(self) -> Catalog:
        user: Any = self.scope["user"]
        if user.is_authenticated:
            user.refresh_from_db(fields=["is_active", "is_superuser", "password"])
            self._check_session(user)
        return selectors.catalog_for(user, self.scope["url_route"]["kwargs"]["slug"])

    def _check_session(self, user: Any) -> None:
        """Raises PermissionDenied once the session has ended, or is not of the person's password.

        Read anew: what the socket was opened with stays as it was.
        """
        opened_with = self.scope["session"]
        session = opened_with.__class__(opened_with.session_key)
        known = session.get(HASH_SESSION_KEY, "")
        if not constant_time_compare(known, user.get_session_auth_hash()):
            raise PermissionDenied

    def _fragment(self, catalog: Catalog) -> str:
        return activity_fragment(catalog, self.scope["user"])

    async def _follow(self, catalog: Catalog) -> None:
        try:
            await self._show(catalog)
        except Exception:
            # Nobody waits for this task: without an end of its own the socket would stay open mute.
            logger.exception("activity socket failed", catalog=catalog.pk)
            await self.close(FAILED)

    async def _show(self, catalog: Catalog) -> None:
        shown, checked = "", time.monotonic()
        while True:
            try:
                if time.monotonic() - checked > MEMBERSHIP_SECONDS:
                    catalog = await in_thread(self._catalog)
                    checked = time.monotonic()
                fragment = await in_thread(self._fragment, catalog)
            except GONE:
                await self.close(NOT_FOUND)
                return
            except DatabaseError:
                # Away for a moment: the page keeps what it shows, the next look may see more.
                await asyncio.sleep(LOOK_SECONDS)
                continue
            if fragment != shown:
                shown = fragment
                await self.send(text_data=fragment)
            await asyncio.sleep(LOOK_SECONDS)
