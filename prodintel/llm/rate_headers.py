"""What an answer's headers say of the limits: `x-ratelimit-*` and `retry-after`.

Groq's request headers are about the day and its token headers about the minute; other servers of
the kind count requests by the minute. The headers name no window, so it is worked out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
WINDOWS = (1.0, MINUTE, HOUR, DAY)
# Servers round what they say.
TOLERANCE = 0.15
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|d|h|m|s)")
_SECONDS = {
    "d": DAY,
    "h": HOUR,
    "m": MINUTE,
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "µs": 1e-6,
    "ns": 1e-9,
}
MAX_WAIT = DAY


@dataclass(frozen=True)
class Seen:
    """The limits as one answer named them; None where it did not."""

    requests_limit: int | None = None
    requests_left: int | None = None
    requests_reset: float | None = None
    tokens_limit: int | None = None
    tokens_left: int | None = None
    retry_after: float | None = None


def read(headers: Mapping[str, str], *, now: float) -> Seen:
    """The limits that an answer's headers name. `now` in seconds since 1970."""
    return Seen(
        requests_limit=_number(headers.get("x-ratelimit-limit-requests")),
        requests_left=_number(headers.get("x-ratelimit-remaining-requests")),
        requests_reset=duration(headers.get("x-ratelimit-reset-requests")),
        tokens_limit=_number(headers.get("x-ratelimit-limit-tokens")),
        tokens_left=_number(headers.get("x-ratelimit-remaining-tokens")),
        retry_after=retry_after(headers.get("retry-after"), now=now),
    )


def duration(text: str | None) -> float | None:
    """Seconds of "2m59.56s", "120ms", "7.66"; None for anything else."""
    text = (text or "").strip()
    try:
        return _bounded(float(text))
    except ValueError:
        pass
    if not text or _PART.sub("", text):
        return None
    return _bounded(sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text)))


def retry_after(text: str | None, *, now: float) -> float | None:
    """Seconds to wait, whether given as a number or as a date."""
    seconds = duration(text)
    if seconds is not None or not text:
        return seconds
    try:
        when = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return _bounded(max((when - datetime.fromtimestamp(now, UTC)).total_seconds(), 0.0))


def window(seen: Seen) -> float | None:
    """Over how many seconds the limit on requests counts; None where it cannot be told.

    A bucket that fills steadily gets the `limit - left` requests that it lacks back in `reset`
    seconds. Where that makes no usual window, `reset` is taken for the end of one.
    """
    limit, left, reset = seen.requests_limit, seen.requests_left, seen.requests_reset
    if not limit or left is None or not reset or left >= limit:
        return None
    usual = _usual(limit * reset / (limit - left)) or _usual(reset)
    if usual is not None:
        return usual
    return next((length for length in WINDOWS[1:] if reset <= length), DAY)


def _usual(seconds: float) -> float | None:
    near = (length for length in WINDOWS if abs(seconds / length - 1) <= TOLERANCE)
    return next(near, None)


def _number(text: str | None) -> int | None:
    try:
        number = float(text or "")
        return int(number) if number >= 0 else None
    except (ValueError, OverflowError):
        return None


def _bounded(seconds: float) -> float | None:
    """Nobody is kept waiting for longer than a day, whatever a server says."""
    return min(seconds, MAX_WAIT) if seconds >= 0 else None
