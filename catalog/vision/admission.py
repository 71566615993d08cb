"""How many pixels this process decodes at once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from catalog.vision.limits import MEGAPIXEL

# A pixel costs up to 15 bytes while a WebP is decoded: one and a half gigabytes for all of these.
PIXELS_AT_ONCE = 100 * MEGAPIXEL


class PixelBudget:
    """Lets threads decode while the sum of their pixels stays within `capacity`.

    Whoever comes first is let in first, so that a large photo is not passed over for ever by small
    ones. One photo above the whole capacity is let in alone.
    """

    def __init__(self, capacity: int = PIXELS_AT_ONCE) -> None:
        self.capacity = capacity
        self.in_use = 0
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """How many threads wait to be let in."""
        return len(self._queue)

    @contextmanager
    def share(self, count: int) -> Iterator[None]:
        """Hold `count` pixels for the block, after waiting until they are free."""
        weight = max(1, min(count, self.capacity))
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                self._changed.wait_for(
                    lambda: self._queue[0] is ticket and self.in_use + weight <= self.capacity
                )
                self.in_use += weight
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self.in_use -= weight
                self._changed.notify_all()


DECODING = PixelBudget()
