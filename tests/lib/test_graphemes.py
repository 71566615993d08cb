"""Texts are cut between words, and never within what one sees as a character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodintel.lib.graphemes import cut, graphemes

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 10, "short"),
        ("a red mug", 6, "a red"),
        ("a red mug", 5, "a red"),
        ("a red mug", 4, "a"),
        ("unbreakable", 4, "unbr"),
        ("日本語のマグ", 3, "日本語"),
        (f"{FAMILY}{FAMILY}", 6, FAMILY),
        (FAMILY, 3, ""),
        ("cafe\u0301", 4, "caf"),
    ],
)
def test_text_is_cut(text, limit, expected):
    assert cut(text, limit) == expected


@given(st.text(), st.integers(1, 20))
def test_cut_text_is_a_beginning_that_fits(text, limit):
    short = cut(text, limit)
    assert text.startswith(short)
    assert len(short) <= limit
    assert list(graphemes(text))[: len(list(graphemes(short)))] == list(graphemes(short))
