"""Texts are as long as their channel counts them, and are cut between words and characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodintel.lib.graphemes import graphemes
from tests.tools.kinds.ad_campaign.facts import PATIENT
from tools.counting import Counted, length
from tools.kinds.ad_campaign.shortening import shorten

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
COUNTED = st.sampled_from(["chars", "weighted", "utf16"])
PIECES = st.one_of(
    st.characters(codec="utf-8"), st.sampled_from([" ", ". ", FAMILY, "\u0301", "紅"])
)
TEXTS = st.lists(PIECES, max_size=100).map("".join)


@pytest.mark.parametrize(
    ("text", "counted", "expected"),
    [
        ("Soft red bag", "chars", 12),
        ("Soft red bag", "weighted", 12),
        ("紅色の鞄", "chars", 4),
        ("紅色の鞄", "weighted", 8),
        ("ｶﾊﾞﾝ", "weighted", 4),
        ("\uff21\uff22", "weighted", 4),
        ("Größe", "weighted", 5),
        ("\U0001f600", "chars", 1),
        ("\U0001f600", "utf16", 2),
        ("\U0001f600", "weighted", 2),
        ("", "weighted", 0),
    ],
)
def test_a_text_is_as_long_as_the_channel_counts(text: str, counted: Counted, expected: int):
    assert length(text, counted) == expected


@PATIENT
@given(text=TEXTS)
def test_utf16_counts_as_a_browser_does(text: str):
    assert length(text, "utf16") == len(text.encode("utf-16-le")) // 2


@PATIENT
@given(text=TEXTS, limit=st.integers(1, 150), counted=COUNTED)
def test_a_shortened_text_fits_and_is_a_beginning(text: str, limit: int, counted: Counted):
    short = shorten(text, limit, counted)
    assert length(short, counted) <= limit
    assert text.startswith(short)


@PATIENT
@given(text=TEXTS, counted=COUNTED)
def test_what_fits_stays_as_it_is(text: str, counted: Counted):
    assert shorten(text, length(text, counted), counted) == text


@PATIENT
@given(text=TEXTS)
def test_characters_one_sees_add_up_to_the_text(text: str):
    assert "".join(graphemes(text)) == text


@PATIENT
@given(words=st.lists(st.sampled_from(["soft", "leather", "bag", "紅", "e\u0301te"]), min_size=3))
def test_no_word_is_cut_where_there_are_several(words: list[str]):
    text = " ".join(words)
    short = shorten(text, length(text, "chars") - 1, "chars")
    assert short.split() == words[: len(short.split())]


def test_an_emoji_of_several_parts_is_kept_or_left_out_as_a_whole():
    assert shorten(FAMILY * 3, 17, "utf16") == FAMILY * 2


def test_an_accent_stays_with_its_letter():
    assert shorten("e\u0301" * 5, 3, "chars") == "e\u0301"


def test_a_flag_is_not_cut_in_half():
    assert shorten("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", 3, "chars") == "\U0001f1e9\U0001f1ea"


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("A bag for work and the weekend", 22, "A bag for work"),
        ("A bag, soft and light, for you", 23, "A bag, soft and light"),
        ("Tasche mit Henkeln und Reißverschluss", 22, "Tasche mit Henkeln"),
        ("Handtaschenreißverschlussschieber", 10, "Handtasche"),
        ("皮革手提包", 4, "皮革"),
        ("leather-hand-bags", 15, "leather-hand"),
    ],
)
def test_a_cut_leaves_no_word_hanging(text: str, limit: int, short: str):
    assert shorten(text, limit, "weighted") == short


def test_a_long_text_ends_with_a_sentence():
    text = "It is made of wool. " * 9
    assert shorten(text, 150, "chars").endswith("made of wool.")
