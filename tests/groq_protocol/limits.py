"""Rate limits as Groq keeps them: for each model, in sliding windows; and the headers that tell."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

MINUTE = 60.0
DAY = 86_400.0


@dataclass
class Spent:
    """One admitted request; the tokens are those reserved, then those used."""

    at: float
    tokens: int


@dataclass(frozen=True)
class Refusal:
    """Why a request is over a limit, and the seconds until it would be granted."""

    kind: str
    limit: int
    used: int
    wait: float


class Limits:
    """One model's. None is no limit. `minute` is how many seconds the minute has, for quick tests.

    Groq's headers speak of requests a day and tokens a minute. Other servers that speak the protocol
    say requests a minute: `headers_say_minute`.
    """

    def __init__(
        self,
        *,
        requests_per_minute: int | None,
        tokens_per_minute: int | None,
        requests_per_day: int | None,
        minute: float,
        headers_say_minute: bool,
    ) -> None:
        self._requests = requests_per_minute
        self._tokens = tokens_per_minute
        self._daily = requests_per_day
        self._minute = minute
        self._headers_say_minute = headers_say_minute
        self._window: deque[Spent] = deque()
        self._today = 0

    def admit(self, now: float, tokens: int) -> Spent | Refusal:
        """Grant a request that reserves so many tokens, or say why not; only what is granted counts."""
        self._forget(now)
        used = sum(one.tokens for one in self._window)
        if self._daily is not None and self._today >= self._daily:
            return Refusal("requests per day (RPD)", self._daily, self._today, DAY / self._daily)
        if self._requests is not None and len(self._window) >= self._requests:
            wait = self._window[-self._requests].at + self._minute - now
            return Refusal("requests per minute (RPM)", self._requests, len(self._window), wait)
        if self._tokens is not None and used + tokens > self._tokens:
            wait = self._until_free(now, used + tokens - self._tokens)
            return Refusal("tokens per minute (TPM)", self._tokens, used, wait)
        spent = Spent(now, tokens)
        self._window.append(spent)
        self._today += 1
        return spent

    def too_large(self, tokens: int) -> bool:
        """Whether a request could never be granted."""
        return self._tokens is not None and tokens > self._tokens

    def headers(self, now: float) -> dict[str, str]:
        self._forget(now)
        said: dict[str, str] = {}
        if self._headers_say_minute and self._requests is not None:
            full = self._window[-1].at + self._minute - now if self._window else 0.0
            said |= _three("requests", self._requests, len(self._window), full)
        elif self._daily is not None:
            full = self._today * DAY / self._daily
            said |= _three("requests", self._daily, self._today, full)
        if self._tokens is not None:
            used = sum(one.tokens for one in self._window)
            said |= _three("tokens", self._tokens, used, used * self._minute / self._tokens)
        return said

    def _forget(self, now: float) -> None:
        while self._window and self._window[0].at <= now - self._minute:
            self._window.popleft()

    def _until_free(self, now: float, tokens: int) -> float:
        for one in self._window:
            tokens -= one.tokens
            if tokens <= 0:
                return one.at + self._minute - now
        return self._minute


def _three(what: str, limit: int, used: int, full: float) -> dict[str, str]:
    return {
        f"x-ratelimit-limit-{what}": str(limit),
        f"x-ratelimit-remaining-{what}": str(max(limit - used, 0)),
        f"x-ratelimit-reset-{what}": duration(full),
    }


def duration(seconds: float) -> str:
    """As Groq writes it: "2m59.56s", "7.66s", "120ms", "1h0m5s"."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    text = f"{hours:.0f}h" if hours else ""
    text += f"{minutes:.0f}m" if minutes or hours else ""
    return f"{text}{rest:.4g}s"
