"""What headers say of limits, as real servers write them."""

from __future__ import annotations

import pytest

from prodintel.llm.rate_headers import DAY, MINUTE, Seen, duration, read, retry_after, window


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2m59.56s", 179.56),
        ("7.66s", 7.66),
        ("120ms", 0.12),
        ("1h0m5s", 3605),
        ("1d", DAY),
        ("3", 3),
        ("0", 0),
        ("999d", DAY),
        ("-3", None),
        ("soon", None),
        ("3 apples", None),
        ("", None),
        (None, None),
        ("nan", None),
    ],
)
def test_duration(text, seconds):
    assert duration(text) == (pytest.approx(seconds) if seconds is not None else None)


def test_retry_after_may_be_a_date():
    now = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT
    assert retry_after("Fri, 15 Jan 2027 08:00:20 GMT", now=now) == 20
    assert retry_after("Fri, 15 Jan 2027 07:00:00 GMT", now=now) == 0
    assert retry_after("tomorrow", now=now) is None


@pytest.mark.parametrize(
    ("limit", "left", "reset", "seconds"),
    [
        (14400, 14370, 179.56, DAY),  # Groq: a bucket of a day
        (1000, 999, 86.4, DAY),
        (30, 29, 2.0, MINUTE),  # a bucket of a minute
        (30, 29, 59.6, MINUTE),  # a window that ends
        (30, 12, 41.0, MINUTE),
        (500, 499, 0.12, MINUTE),
        (30, 30, 0.0, None),
        (None, None, None, None),
    ],
)
def test_window_is_worked_out(limit, left, reset, seconds):
    assert window(Seen(limit, left, reset)) == seconds


def test_headers_that_make_no_sense_say_nothing():
    headers = {
        "x-ratelimit-limit-requests": "many",
        "x-ratelimit-remaining-requests": "-1",
        "x-ratelimit-limit-tokens": "inf",
        "retry-after": "\x00",
    }
    assert read(headers, now=0.0) == Seen()
