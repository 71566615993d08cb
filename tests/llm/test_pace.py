"""The arithmetic of pacing, on a clock of the tests' own."""

from __future__ import annotations

import heapq
import random

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from prodintel.llm import pace
from prodintel.llm.pace import PaceState, Wait
from prodintel.llm.rate_headers import Seen

START = 1_800_000_000.0


class Server:
    """Counts in sliding windows, strictly, and says what it counts. Groq: requests of the day."""

    def __init__(self, *, requests=None, tokens=None, per_day=None):
        self.requests, self.tokens, self.per_day = requests, tokens, per_day
        self.admitted: list[list[float]] = []
        self.refused = self.today = 0

    def ask(self, at: float, tokens: int) -> tuple[bool, Seen]:
        inside = [one for one in self.admitted if one[0] > at - 60]
        used = sum(took for _, took in inside)
        many = self.requests is not None and len(inside) >= self.requests
        much = self.tokens is not None and used + tokens > self.tokens
        if many or much or (self.per_day is not None and self.today >= self.per_day):
            self.refused += 1
            return False, Seen(retry_after=5.0)
        self.admitted.append([at, tokens])
        self.today += 1
        seen = Seen(tokens_limit=self.tokens)
        if self.tokens is not None:
            seen = Seen(tokens_limit=self.tokens, tokens_left=self.tokens - int(used + tokens))
        if self.per_day is not None:
            reset = self.today * 86_400 / self.per_day
            limit, left = self.per_day, self.per_day - self.today
        elif self.requests is not None:
            limit, left, reset = self.requests, self.requests - len(inside) - 1, 60.0
        else:
            return True, seen
        return True, Seen(limit, left, reset, seen.tokens_limit, seen.tokens_left)


def play(server, *, seconds, workers=4, tokens=1000, latency=0.4, setting=0, seed=1, fuss=0.0):
    """Workers that ask, prepare for up to `fuss` seconds, send, wait for answers; returns how many."""
    state, rng, answers = PaceState(), random.Random(seed), 0
    turn = [(START + number * 0.01, number, "ask", 0.0) for number in range(workers)]
    heapq.heapify(turn)
    while turn[0][0] < START + seconds:
        now, who, stage, sent = heapq.heappop(turn)
        if stage == "ask":
            wait = pace.grant(state, now, tokens, setting)
            soon = now + (wait.seconds + 0.003 if wait else rng.uniform(0, fuss))
            heapq.heappush(turn, (soon, who, "ask" if wait else "send", 0.0))
        elif stage == "send":
            held = pace.send(state, now, tokens, setting)
            if isinstance(held, Wait):
                heapq.heappush(turn, (now + held.seconds + 0.003, who, "send", 0.0))
            else:
                way = rng.uniform(0.001, 0.2)
                heapq.heappush(turn, (now + way, who, "arrive", held))
        else:
            admitted, seen = server.ask(now, tokens)
            then = now + latency * rng.uniform(0.5, 1.5)
            if admitted:
                answers += 1
                pace.answered(state, then, sent, seen, tokens=tokens)
            else:
                pace.limited(state, then, sent, seen, "slow down")
            heapq.heappush(turn, (then, who, "ask", 0.0))
    return answers, state


@hypothesis_settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    workers=st.integers(1, 12),
    fuss=st.sampled_from([0.0, 0.3, 4.0]),
    rpm=st.sampled_from([6, 30, 100]),
)
def test_limit_of_a_minute_is_learned_and_kept_and_used(seed, workers, fuss, rpm):
    server = Server(requests=rpm)
    answers, _ = play(server, seconds=480, workers=workers, seed=seed, fuss=fuss)
    assert server.refused == 0
    if workers > 4:  # few workers that fuss long are slower than the limit
        assert answers >= 0.9 * rpm * 8


def test_setting_is_kept_from_the_first_request_on():
    server = Server(requests=30)
    server.ask = lambda at, tokens, ask=server.ask: (ask(at, tokens)[0], Seen())
    answers, _ = play(server, seconds=600, setting=30)
    assert server.refused == 0
    assert answers >= 0.9 * 300


@pytest.mark.parametrize("tokens", [700, 2500, 6000])
def test_tokens_of_a_minute_are_kept_and_used(tokens):
    server = Server(tokens=8000)
    answers, _ = play(server, seconds=1200, tokens=tokens)
    assert server.refused == 0
    assert answers * tokens >= 0.9 * 20 * (8000 // tokens * tokens)


def test_request_larger_than_the_limit_goes_out_alone_for_the_server_to_refuse():
    state = PaceState(learned_at=START, tokens_limit=8000)
    assert pace.grant(state, START, 9000) is None
    assert pace.grant(state, START + 1, 9000).seconds == pytest.approx(60, abs=1.1)


def test_limit_of_a_day_is_no_reason_to_spread_a_few_requests_over_it():
    server = Server(per_day=1000)
    answers, state = play(server, seconds=600)
    # Groq's free plan: a thousand a day and, unsaid by its headers, thirty a minute.
    assert 0.9 * 300 <= answers <= 300
    assert state.requests_window == 86_400


def test_used_up_day_waits_for_its_refill():
    server = Server(per_day=100)
    answers, state = play(server, seconds=1800)
    assert answers == 100
    assert server.refused <= 1
    assert pace.grant(state, START + 1801, 1000).seconds > 60


def test_server_without_limits_is_only_slowed_down_by_its_refusals():
    answers, state = play(Server(), seconds=60, latency=0.4)
    assert answers > 0.85 * 60 / 0.6 * 4
    assert not state.sends[1:]
    pace.limited(state, START + 60, 0.0, Seen(retry_after=7.0), "slow down")
    wait = pace.grant(state, START + 61, 10)
    assert (wait.seconds, wait.reason) == (6.0, "slow down")
    assert pace.rate(state).count == 30


def test_first_answer_is_waited_for_alone():
    state = PaceState()
    assert pace.grant(state, START, 10) is None
    assert pace.grant(state, START, 10).seconds <= 0.25
    sent = pace.send(state, START, 10)
    pace.answered(state, START + 1, sent, Seen(), tokens=10)
    assert pace.grant(state, START + 1, 10) is None
    assert pace.grant(state, START + 1, 10) is None


def test_other_users_of_the_account_are_left_room():
    state = PaceState()
    pace.grant(state, START, 10)
    sent = pace.send(state, START, 10)
    pace.answered(state, START + 1, sent, Seen(30, 4, 60.0), tokens=10)
    granted = 0
    for second in range(2, 60):
        granted += pace.grant(state, START + second, 10) is None
    assert granted == 4


def test_slot_that_is_given_back_is_granted_again():
    state = PaceState(learned_at=START, requests_limit=30, requests_window=60.0)
    assert pace.grant(state, START, 10) is None
    assert pace.grant(state, START, 10) is not None
    pace.give_back(state)
    assert pace.grant(state, START, 10) is None


def test_refused_requests_slow_the_next_ones_down_until_it_goes_well_again():
    state = PaceState(learned_at=START, requests_limit=30, requests_window=60.0)
    pace.limited(state, START, 0.0, Seen(retry_after=2.0), "slow down")
    assert pace.rate(state).count == pytest.approx(20)
    for number in range(60):
        pace.answered(state, START + 10 + number, 0.0, Seen(), tokens=1)
    assert pace.rate(state).count == pytest.approx(30)


class TestBreaker:
    def down(self, state, times=1, code="unavailable", at=START):
        for _ in range(times):
            pace.failed(state, at, 0.0, code=code, reason="It is down.")

    def test_opens_after_some_failures_in_a_row_for_longer_and_longer(self):
        state = PaceState(learned_at=START)
        self.down(state, 4)
        assert pace.grant(state, START, 1) is None
        self.down(state)
        wait = pace.grant(state, START, 1)
        assert (wait.code, wait.reason, wait.seconds) == ("unavailable", "It is down.", 5.0)
        opened, now = [], START
        for _ in range(8):
            now = state.open_until + 0.1
            assert pace.grant(state, now, 1) is None
            self.down(state, at=now)
            opened.append(state.open_for)
        assert opened == [10, 20, 40, 80, 160, 300, 300, 300]

    def test_lets_one_probe_through_at_a_time_and_closes_when_it_goes_well(self):
        state = PaceState(learned_at=START)
        self.down(state, 5)
        later = START + 6
        assert pace.grant(state, later, 1) is None
        assert pace.grant(state, later, 1).code == "unavailable"
        pace.answered(state, later + 1, pace.send(state, later, 1), Seen(), tokens=1)
        assert pace.grant(state, later + 1, 1) is None
        assert pace.grant(state, later + 1, 1) is None

    def test_probe_that_never_came_back_is_followed_by_another(self):
        state = PaceState(learned_at=START)
        self.down(state, 5)
        assert pace.grant(state, START + 6, 1) is None
        assert pace.grant(state, START + 100, 1) is not None
        assert pace.grant(state, START + 127, 1) is None

    @pytest.mark.parametrize("code", ["unauthorised", "unknown_model"])
    def test_opens_at_once_for_what_only_a_person_can_mend(self, code):
        state = PaceState(learned_at=START)
        self.down(state, code=code)
        assert pace.grant(state, START + 299, 1).code == code
        assert pace.grant(state, START + 301, 1) is None

    def test_success_in_between_starts_the_count_anew(self):
        state = PaceState(learned_at=START)
        for _ in range(3):
            self.down(state, 4)
            pace.answered(state, START, 0.0, Seen(), tokens=1)
        assert pace.grant(state, START, 1) is None

    def test_granted_request_is_held_when_the_breaker_opened_meanwhile(self):
        state = PaceState(learned_at=START)
        assert pace.grant(state, START, 1) is None
        self.down(state, 5)
        assert pace.send(state, START, 1).code == "unavailable"


def test_state_survives_being_kept_by_another_version():
    values = PaceState(way="object").values()
    assert PaceState.read(values | {"added_later": 1}) == PaceState(way="object")
