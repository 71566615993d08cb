"""A cache that may be away: whatever it does not answer is worked out anew."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import structlog
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache

logger = structlog.get_logger(__name__)
# A cache that is away can take seconds to say so; for so long it is not asked again.
REST_SECONDS = 10.0
Value = TypeVar("Value")
_MISSING = object()


@lru_cache(maxsize=1)
def _failures() -> tuple[type[Exception], ...]:
    from redis.exceptions import RedisError

    # The last three: what another version of this program left there.
    return (RedisError, OSError, pickle.PickleError, AttributeError, ImportError)


class OptionalCache:
    """One of Django's caches without its errors: a failed read is a miss, a failed write nothing.

    After a failure the cache rests for ten seconds, so that a site whose cache is away is not held
    up by every look at it.
    """

    def __init__(self, alias: str = "default") -> None:
        self._alias = alias
        self._rests_until = 0.0

    def get(self, key: str, default: Any = None) -> Any:
        """What is kept under a key, or the default."""
        return self._ask(lambda: caches[self._alias].get(key, default), default)

    def set(self, key: str, value: object, seconds: float) -> None:
        """Keep a value for so long, if the cache answers."""
        self._ask(lambda: caches[self._alias].set(key, value, seconds), None)

    def delete(self, key: str) -> None:
        """Forget a key, if the cache answers."""
        self._ask(lambda: caches[self._alias].delete(key), None)

    def count(self, key: str, seconds: float) -> int:
        """Add one to the number under a key, which is forgotten after so long; 0 where none is kept."""

        def add() -> int:
            cache = caches[self._alias]
            # What was there a moment ago may be dropped before it is counted up.
            return 1 if cache.add(key, 1, seconds) else _up(cache, key)

        return self._ask(add, 0)

    def get_or_make(self, key: str, make: Callable[[], Value], seconds: float) -> Value:
        """What is kept under a key, made and kept where it is not."""
        kept = self.get(key, _MISSING)
        if kept is _MISSING:
            kept = make()
            self.set(key, kept, seconds)
        return kept

    def _ask(self, question: Callable[[], Any], otherwise: Any) -> Any:
        if time.monotonic() < self._rests_until:
            return otherwise
        try:
            return question()
        except _failures() as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            logger.warning("cache does not answer", cache=self._alias, reason=str(error))
            return otherwise


def _up(cache: BaseCache, key: str) -> int:
    try:
        return cache.incr(key)
    except ValueError:
        return 0


CACHE = OptionalCache()
RANKINGS = OptionalCache("rankings")
