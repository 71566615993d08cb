"""Until when the caller of an engine waits.

A caller that has given up says the same again later, and other things meanwhile: a write that
lands after that would undo them. So a write that nobody waits for any more is dropped.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from prodintel.engine.errors import EngineUnavailable

_until: ContextVar[float | None] = ContextVar("until", default=None)


@contextmanager
def until(moment: float | None) -> Iterator[None]:
    """Somebody waits for what happens in this block, until `moment` on the monotonic clock.

    That clock is the same in all processes of a machine, and the engine's callers are on its own.
    """
    token = _until.set(moment)
    try:
        yield
    finally:
        _until.reset(token)


def check() -> None:
    """Raises EngineUnavailable when nobody waits any more."""
    moment = _until.get()
    if moment is not None and time.monotonic() > moment:
        raise EngineUnavailable("The engine came to this call too late, and left it.")
