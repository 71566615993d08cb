"""When the next request may go out: pure arithmetic over what is known of one model's limits.

Requests are spaced evenly (the generic cell rate algorithm without bursts), and no 60 seconds get
more requests or tokens than the limit: that keeps the rules of servers that count by sliding
windows, by fixed ones, and by buckets alike. A slot is taken twice: granted, when work is claimed for
it, and stamped anew at the moment the request goes out, since preparing may take a while.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from prodintel.llm.rate_headers import MINUTE, Seen, window

GRANTED, SENT, ANSWERED = 0, 1, 2
# Requests of equal spacing may be quicker or slower on their way; the margin keeps the 31st of them
# from overtaking into the minute of the first.
SLOT_MARGIN, SENDING_MARGIN = 1.05, 1.03
WINDOW_MARGIN = 61 / 60
_TOKEN_WINDOW = MINUTE * WINDOW_MARGIN
GUESS = 30
MAX_GUESS = 600
PROBE_SECONDS = 120.0
FAILURES_TO_OPEN = 5
FIRST_OPEN, LONGEST_OPEN, MISCONFIGURED_OPEN = 5.0, 300.0, 300.0
UNEXPLAINED_BLOCK = 5.0
MAX_SLOWNESS = 8.0
LET_GO, FORGET = 120.0, 300.0


@dataclass
class PaceState:
    """What is known; times are seconds since 1970, 0 for never."""

    learned_at: float = 0.0
    requests_limit: int = 0
    requests_window: float = 0.0
    requests_left: int = 0
    requests_refill: float = 0.0
    tokens_limit: int = 0
    others_requests: int = 0
    others_tokens: int = 0
    others_at: float = 0.0
    guess: float = 0.0
    slowness: float = 1.0
    next_slot: float = 0.0
    probing_until: float = 0.0
    blocked_until: float = 0.0
    blocked_reason: str = ""
    failures: int = 0
    open_for: float = 0.0
    open_until: float = 0.0
    open_code: str = ""
    open_reason: str = ""
    way: str = ""
    way_until: float = 0.0
    plain: bool = False
    # [when, tokens, GRANTED | SENT | ANSWERED] of the last minutes.
    sends: list[list[float]] = field(default_factory=list)

    @classmethod
    def read(cls, values: dict[str, Any]) -> Self:
        """The state that was kept; what another version of the program added is left out."""
        names = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in names})

    def values(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Rate:
    """So many requests in so many seconds. `count` 0: no limit is known."""

    count: float = 0.0
    seconds: float = MINUTE

    @property
    def interval(self) -> float:
        return self.seconds / self.count if self.count else 0.0


@dataclass(frozen=True)
class Wait:
    """How long until it is worth asking again, and why; `code` as of LanguageModelError."""

    seconds: float
    reason: str
    code: str = "rate_limited"


def rate(state: PaceState, setting: int = 0) -> Rate:
    """The requests that may go out, by the setting where there is one, else as learned."""
    if setting:
        return Rate(setting / state.slowness)
    if state.requests_limit and state.requests_window:
        if state.requests_window <= MINUTE:
            return Rate(state.requests_limit / state.slowness, state.requests_window)
        return Rate(_short_term(state) / state.slowness)
    if state.requests_limit:
        return Rate(min(state.requests_limit, GUESS) / state.slowness)
    return Rate(state.guess)


def _short_term(state: PaceState) -> float:
    """Requests a minute where only the day's are known: every plan has 30, larger ones more."""
    average = state.requests_limit * MINUTE / state.requests_window
    return max(float(GUESS), 2 * average)


def grant(state: PaceState, now: float, tokens: int, setting: int = 0) -> Wait | None:
    """Take a slot for a request of so many tokens, or say how long to wait for one."""
    _forget(state, now)
    wait = held_up(state, now) or _paced(state, now, tokens, rate(state, setting))
    if wait is not None:
        return wait
    if state.open_for or not state.learned_at:
        state.probing_until = now + PROBE_SECONDS
    limit = rate(state, setting)
    if limit.count:
        # Who asks a little late does not lose what he was late.
        step = limit.interval * SLOT_MARGIN
        state.next_slot = max(state.next_slot, now - step / 2) + step
    if _is_counted(state, limit):
        state.sends.append([now, tokens, GRANTED])
    return None


def held_up(state: PaceState, now: float) -> Wait | None:
    """What stands in the way of any request now: the breaker, a block, the first call's answer."""
    if state.open_until > now:
        return Wait(state.open_until - now, state.open_reason, state.open_code or "unavailable")
    if state.blocked_until > now:
        return Wait(state.blocked_until - now, state.blocked_reason)
    if state.probing_until > now and (state.open_for or not state.learned_at):
        reason = state.open_reason or "The first answer will say how quickly calls may follow."
        code = (state.open_code or "unavailable") if state.open_for else "rate_limited"
        return Wait(min(0.25, state.probing_until - now), reason, code)
    return None


def _paced(state: PaceState, now: float, tokens: int, limit: Rate) -> Wait | None:
    return (
        _spaced(state, now, limit)
        or _counted(state, now, limit, least=GRANTED)
        or _left(state)
        or _afforded(state, now, tokens)
    )


def _spaced(state: PaceState, now: float, limit: Rate) -> Wait | None:
    if limit.count and state.next_slot > now:
        return Wait(state.next_slot - now, f"{_a_minute(limit)} requests a minute are allowed.")
    return None


def _counted(state: PaceState, now: float, limit: Rate, *, least: int) -> Wait | None:
    if not limit.count:
        return None
    length = limit.seconds * WINDOW_MARGIN
    inside = sorted(at for at, _, stage in state.sends if stage >= least and at > now - length)
    others = state.others_requests if state.others_at > now - length else 0
    over = len(inside) + others + 1 - max(int(limit.count), 1)
    if over <= 0:
        return None
    frees = [at + length for at in inside] + [state.others_at + length] * others
    wait = sorted(frees)[min(over, len(frees)) - 1] - now if frees else limit.interval
    return Wait(max(wait, 0.01), f"{_a_minute(limit)} requests a minute are allowed.")


def _left(state: PaceState) -> Wait | None:
    """Whether the long window, a day at Groq, has requests left."""
    if state.requests_window <= MINUTE or not state.requests_limit:
        return None
    if state.requests_left - _in_flight(state) > 0:
        return None
    wait = max(state.requests_refill, 1.0)
    return Wait(wait, f"The account's {state.requests_limit:,} requests of a day are used up.")


def _afforded(state: PaceState, now: float, tokens: int) -> Wait | None:
    limit = state.tokens_limit
    if not limit:
        return None
    recent = sorted((at, int(took)) for at, took, _ in state.sends if at > now - _TOKEN_WINDOW)
    if state.others_tokens and state.others_at > now - _TOKEN_WINDOW:
        recent = sorted([*recent, (state.others_at, state.others_tokens)])
    used = sum(took for _, took in recent)
    for at, took in recent:
        # One that is larger than the limit goes out alone: the server has the last word.
        if used + tokens <= limit or used <= 0:
            return None
        used -= took
        wait = at + _TOKEN_WINDOW - now
        if used + tokens <= limit or used <= 0:
            return Wait(max(wait, 0.01), f"{limit:,} tokens a minute are allowed.")
    return None


def send(state: PaceState, now: float, tokens: int, setting: int = 0) -> Wait | float:
    """A granted request goes out: the moment that names it, or how long to hold it back."""
    _forget(state, now)
    if state.open_until > now or state.blocked_until > now:
        return held_up(state, now) or now
    limit = rate(state, setting)
    if limit.count:
        last = max((at for at, _, stage in state.sends if stage >= SENT), default=0.0)
        due = last + limit.interval * SENDING_MARGIN
        if due > now:
            return Wait(due - now, f"{_a_minute(limit)} requests a minute are allowed.")
        crowded = _counted(state, now, limit, least=SENT)
        if crowded is not None:
            return crowded
    if _is_counted(state, limit):
        waiting = [one for one in state.sends if one[2] == GRANTED]
        one = min(waiting, default=None)
        if one is None:
            one = [now, tokens, SENT]
            state.sends.append(one)
        one[:] = [now, tokens, SENT]
    return now


def answered(state: PaceState, now: float, sent: float, seen: Seen, *, tokens: int | None) -> None:
    """A request was answered: it took so many tokens, None if that is not known."""
    _learn(state, now, sent, seen, tokens=tokens)
    if not state.learned_at:
        # The request that told the limit counts, too.
        state.next_slot = max(state.next_slot, sent + rate(state).interval * SLOT_MARGIN)
    state.learned_at = state.learned_at or now
    state.probing_until = 0.0
    state.failures, state.open_for, state.open_until = 0, 0.0, 0.0
    state.open_code = state.open_reason = ""
    if state.blocked_until <= now:
        state.blocked_reason = ""
        state.slowness = _less(state.slowness)
    if state.guess:
        state.guess = state.guess * 1.02 if state.guess < MAX_GUESS else 0.0


def _less(slowness: float) -> float:
    faster = slowness * 0.97
    return faster if faster > 1.01 else 1.0  # noqa: PLR2004 -- as good as one


def limited(state: PaceState, now: float, sent: float, seen: Seen, reason: str) -> None:
    """The server refused a request for coming too soon."""
    _learn(state, now, sent, seen, tokens=None)
    state.learned_at = state.learned_at or now
    state.probing_until = 0.0
    wait = UNEXPLAINED_BLOCK * state.slowness if seen.retry_after is None else seen.retry_after
    state.blocked_until = max(state.blocked_until, now + wait)
    state.blocked_reason = reason
    state.slowness = min(state.slowness * 1.5, MAX_SLOWNESS)
    if not state.requests_limit:
        state.guess = max(state.guess * 0.7, 1.0) if state.guess else float(GUESS)


def failed(state: PaceState, now: float, sent: float, *, code: str, reason: str) -> None:
    """A request failed for a cause outside: after some in a row nobody calls for a while.

    A refused key or an unknown model stays so until somebody changes the settings, which makes a
    new state; until then it is tried again every five minutes.
    """
    _mark(state, sent, tokens=None)
    state.probing_until = 0.0
    state.failures += 1
    if code in {"unauthorised", "unknown_model"}:
        state.open_for = MISCONFIGURED_OPEN
    elif state.open_for or state.failures >= FAILURES_TO_OPEN:
        state.open_for = min(max(state.open_for * 2, FIRST_OPEN), LONGEST_OPEN)
    else:
        return
    state.open_until = now + state.open_for
    state.open_code, state.open_reason = code, reason


def give_back(state: PaceState, setting: int = 0) -> None:
    """A granted slot is not needed after all."""
    waiting = [one for one in state.sends if one[2] == GRANTED]
    if waiting:
        state.sends.remove(max(waiting))
        state.next_slot -= rate(state, setting).interval * SLOT_MARGIN
    state.probing_until = 0.0


def let_go(state: PaceState, sent: float) -> None:
    """A request was ended by us, or refused for what it says: that tells nothing of the server."""
    _mark(state, sent, tokens=None)
    state.probing_until = 0.0


def _learn(state: PaceState, now: float, sent: float, seen: Seen, *, tokens: int | None) -> None:
    _mark(state, sent, tokens=tokens)
    if seen.requests_limit:
        if seen.requests_limit != state.requests_limit:
            state.requests_window = 0.0
        state.requests_limit = seen.requests_limit
        state.requests_window = state.requests_window or window(seen) or 0.0
    if seen.tokens_limit:
        state.tokens_limit = seen.tokens_limit
    if seen.requests_limit and seen.requests_left is not None:
        state.requests_left = seen.requests_left
        lacking = max(seen.requests_limit - seen.requests_left, 1)
        state.requests_refill = (seen.requests_reset or 0.0) / lacking
    _learn_of_others(state, now, seen)


def _learn_of_others(state: PaceState, now: float, seen: Seen) -> None:
    """What the server counted beyond our own requests: somebody else uses the account, too."""
    recent = [one for one in state.sends if one[0] > now - MINUTE and one[2] >= SENT]
    state.others_requests = state.others_tokens = 0
    if not recent:
        # Nothing was counted before the limits were known.
        return
    if seen.requests_left is not None and 0 < state.requests_window <= MINUTE:
        counted = state.requests_limit - seen.requests_left
        state.others_requests = max(counted - len(recent), 0)
    if seen.tokens_left is not None and state.tokens_limit:
        counted = state.tokens_limit - seen.tokens_left
        state.others_tokens = max(counted - int(sum(took for _, took, _ in recent)), 0)
    state.others_at = now if state.others_requests or state.others_tokens else 0.0


def _mark(state: PaceState, sent: float, *, tokens: int | None) -> None:
    for one in state.sends:
        if one[0] == sent and one[2] == SENT:
            one[2] = ANSWERED
            if tokens is not None:
                one[1] = tokens
            return


def _in_flight(state: PaceState) -> int:
    return sum(stage != ANSWERED for _, _, stage in state.sends)


def _is_counted(state: PaceState, limit: Rate) -> bool:
    """Until anything is known every request is written down; later, only where it is limited."""
    return bool(limit.count or state.tokens_limit or not state.learned_at)


def _forget(state: PaceState, now: float) -> None:
    keep = {GRANTED: LET_GO, SENT: FORGET, ANSWERED: _TOKEN_WINDOW + 1}
    if any(at < now - keep[int(stage)] for at, _, stage in state.sends):
        state.sends = [one for one in state.sends if one[0] >= now - keep[int(one[2])]]


def _a_minute(limit: Rate) -> str:
    number = limit.count * MINUTE / limit.seconds
    return f"{number:,.0f}" if number >= 1 else f"{number:.2f}"
