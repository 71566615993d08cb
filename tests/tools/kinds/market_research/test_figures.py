"""Every figure of a text is one of what it cites, or is flagged where it stands."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.kinds.market_research.analysis import GENERAL_NOTE, NOTHING_CITED, WEB_NOTE, Sources
from tools.kinds.market_research.figures import (
    UNCHECKED,
    UNCITED,
    WRONG,
    checked,
    normal,
    numbers_in,
)

KNOWN = {
    "r1": normal([Decimal("24.90"), 2026, 500]),
    "r2": normal([Decimal(1299)]),
    "e1": normal([3, 14]),
}


def flagged(text, *cites, general=False, words=True):
    parts = checked(text, cites, KNOWN, general=general, words=words)
    assert "".join(part.text for part in parts) == text
    return [(part.text, part.why) for part in parts if part.why]


@pytest.mark.parametrize(
    ("text", "cites"),
    [
        ("It costs 24.90 EUR.", ["r1"]),
        ("Es kostet 24,90 €.", ["r1"]),
        ("It holds 500ml [r1] since 2026.", ["r1"]),
        ("At 1,299.00 it is the dearest.", ["r2"]),
        ("At 1.299 it is the dearest.", ["r2"]),
        ("Cheaper are 3 of 14.", ["e1"]),
        ("Both [r1] and [r2], two offers, are above.", ["r1", "r2"]),
        ("1. Lower the price.", ["r1"]),
        ("A two-tone mug in H2O blue.", ["r1"]),
        ("No figure at all.", []),
    ],
)
def test_figures_that_are_in_what_is_cited_pass(text, cites):
    assert flagged(text, *cites) == []


@pytest.mark.parametrize(
    ("text", "cites", "found"),
    [
        ("It costs 25 EUR.", ["r1"], [("25 EUR", WRONG)]),
        ("It costs 24.90 and 19.90 EUR.", ["r1"], [("19.90 EUR", WRONG)]),
        ("It costs 24.90 EUR.", ["r2"], [("24.90 EUR", WRONG)]),
        ("It costs 24.90 EUR.", [], [("24.90 EUR", UNCITED)]),
        ("Five rivals are cheaper.", ["e1"], [("Five", WRONG)]),
        ("20% cheaper", ["r1", "e1"], [("20%", WRONG)]),
    ],
)
def test_other_figures_are_flagged_where_they_stand(text, cites, found):
    assert flagged(text, *cites) == found


def test_general_knowledge_has_no_figures():
    assert flagged("About 40 percent own one.", general=True) == [("40 percent", UNCHECKED)]


def test_number_words_count_where_the_text_is_english():
    assert flagged("Five of them", "r1", words=False) == []


@given(st.text(max_size=60), st.lists(st.sampled_from(["r1", "e1", "x9"]), max_size=3))
def test_a_text_is_the_sum_of_its_parts(text, cites):
    flagged(text, *cites)


@given(st.decimals(min_value=0, max_value=10**8, places=2))
def test_a_price_is_found_however_it_is_written(amount):
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert amount.normalize() in numbers_in(english)
    assert amount.normalize() in numbers_in(f"{german} €")


@pytest.fixture
def sources():
    keys = {
        "r1": {"label": "Mug", "url": "/c/shop/", "numbers": ["24.9"]},
        "w1": {"label": "w1: Offers", "url": "", "numbers": ["30"]},
    }
    return Sources(keys, english=True)


def test_a_statement_shows_what_it_rests_on(sources):
    point = sources.point({"text": "It costs 24.90.", "cites": ["[r1]"], "basis": "rows"})
    assert point["cites"] == [{"label": "Mug", "url": "/c/shop/"}]
    assert (point["notes"], point["tone"]) == ([], "")


def test_a_statement_that_cites_nothing_says_so(sources):
    point = sources.point({"text": "It is cheap.", "cites": [], "basis": "rows"})
    assert (point["notes"], point["tone"]) == ([NOTHING_CITED], "warning")


def test_what_is_cited_and_not_there_is_said(sources):
    point = sources.point({"text": "It costs 24.90.", "cites": ["r9"], "basis": "rows"})
    assert point["notes"][1:] == ["It cites what is not there: r9.", f"“24.90”: {UNCITED}."]


def test_general_knowledge_is_marked_as_such(sources):
    point = sources.point({"text": "Mugs sell.", "cites": [], "basis": "general knowledge"})
    assert (point["notes"], point["tone"]) == ([GENERAL_NOTE], "")


def test_what_a_web_source_says_is_marked_as_from_the_web_whatever_it_calls_itself(sources):
    point = sources.point({"text": "Others ask 30.", "cites": ["w1"], "basis": "rows"})
    assert (point["notes"], point["basis"]) == ([WEB_NOTE], "web")


def test_a_statement_that_is_still_being_written_is_not_judged(sources):
    assert sources.point({"text": "It costs 99"})["notes"] == []
