"""How often something may be asked for, counted in windows of time in the site's cache.

Several web processes without a shared cache each count for themselves, and a cache that is away
counts nothing: what is throttled is load, never access.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from prodintel.lib.optional_cache import CACHE


@dataclass(frozen=True)
class Throttle:
    """At most `limit` times in `seconds`, each key for itself."""

    name: str
    limit: int
    seconds: int

    def count(self, key: str) -> int:
        """Count one more; returns in how many seconds to come again, 0 for who may go on."""
        window, passed = divmod(time.time(), self.seconds)
        if CACHE.count(f"throttle:{self.name}:{key}:{window:.0f}", self.seconds) <= self.limit:
            return 0
        return max(math.ceil(self.seconds - passed), 1)
