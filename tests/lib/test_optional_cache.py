"""A cache that may be away."""

from __future__ import annotations

import pytest

from prodintel.lib import optional_cache
from prodintel.lib.optional_cache import OptionalCache


@pytest.fixture
def away(settings) -> OptionalCache:
    """A Redis that nobody serves."""
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    return OptionalCache()


@pytest.fixture
def broken(monkeypatch) -> list[str]:
    """A cache whose every call fails; the calls it got."""
    calls: list[str] = []

    class Broken:
        def get(self, *_):
            calls.append("get")
            raise ConnectionResetError

        def set(self, *_):
            calls.append("set")
            raise ConnectionResetError

    monkeypatch.setattr(optional_cache, "caches", {"default": Broken()})
    return calls


def test_kept_value_is_found_until_it_is_forgotten():
    cache = OptionalCache()
    cache.set("a", 1, 60)
    assert cache.get("a") == 1
    cache.delete("a")
    assert cache.get("a", "none") == "none"


def test_value_is_made_once_while_it_is_kept():
    made = []
    cache = OptionalCache()
    for _ in range(2):
        assert cache.get_or_make("a", lambda: made.append(1), 60) is None
    assert made == [1]


def test_cache_that_is_away_is_a_miss_and_no_error(away):
    away.set("a", 1, 60)
    assert away.get("a", "none") == "none"
    away.delete("a")
    assert away.get_or_make("a", lambda: "made", 60) == "made"


def test_cache_that_failed_rests_before_it_is_asked_again(broken, monkeypatch):
    cache = OptionalCache()
    for _ in range(3):
        cache.get("a")
        cache.set("a", 1, 60)
    assert broken == ["get"]
    monkeypatch.setattr(optional_cache, "REST_SECONDS", 0.0)
    cache._rests_until = 0.0
    cache.get("a")
    cache.get("a")
    assert broken == ["get"] * 3


def test_defect_of_the_maker_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        OptionalCache().get_or_make("a", lambda: 1 // 0, 60)
