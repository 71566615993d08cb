"""Keeps claims alive while somebody works on them."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import structlog
from django.db import DatabaseError, InterfaceError, connection

from prodintel.lib.work import LEASE, WorkQuerySet

logger = structlog.get_logger(__name__)
BEAT_SECONDS = LEASE.total_seconds() / 3


@contextmanager
def kept_alive(rows: WorkQuerySet, tokens: Collection[uuid.UUID]) -> Iterator[None]:
    """Renew the leases of all `tokens` from a thread of its own for as long as the block takes.

    `tokens` may change meanwhile: what is in it at a beat is renewed.
    """
    done = threading.Event()

    def beat() -> None:
        while not done.wait(BEAT_SECONDS):
            try:
                for token in tuple(tokens):
                    rows.all().renew(token)
            except (DatabaseError, InterfaceError) as error:
                # The next beat comes before the lease ends.
                logger.warning("leases not renewed", reason=str(error).strip())
                connection.close()
        connection.close()

    heart = threading.Thread(target=beat, name="heartbeat", daemon=True)
    heart.start()
    try:
        yield
    finally:
        done.set()
        heart.join()
