"""Answers are read whole and half-written, and whatever stands in them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import from_json

from tests.tools.kinds.ad_campaign.facts import PATIENT
from tools.kinds.ad_campaign.ads import growing_ad
from tools.kinds.ad_campaign.answers import answer_schema, cleaned, written
from tools.kinds.ad_campaign.channels import channels

GOOGLE = channels()["google"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["variants", "headlines", "text", "cites", "paths"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


def answer(headlines: int = 3, variants: int = 1) -> dict:
    one = {
        "headlines": [{"text": f"Bag {n}", "cites": ["a1"]} for n in range(headlines)],
        "descriptions": [{"text": "A bag", "cites": []}, {"text": "Another", "cites": []}],
        "paths": [],
    }
    return {"variants": [one] * variants}


def test_an_answer_is_read():
    schema = answer_schema(GOOGLE, 1)
    [variant] = written(schema.model_validate(answer()).model_dump(), GOOGLE)
    assert [one.text for one in variant["headlines"]] == ["Bag 0", "Bag 1", "Bag 2"]
    assert variant["headlines"][0].cites == ["a1"]


def test_more_than_was_asked_for_is_left_out():
    found = answer_schema(GOOGLE, 1).model_validate(answer(headlines=20, variants=3))
    [variant] = written(found.model_dump(), GOOGLE)
    assert len(variant["headlines"]) == 15


def test_fewer_than_the_channel_needs_is_no_answer():
    with pytest.raises(ValidationError, match="headlines"):
        answer_schema(GOOGLE, 1).model_validate(answer(headlines=2))


def test_every_variant_is_wanted():
    with pytest.raises(ValidationError, match="variants"):
        answer_schema(GOOGLE, 2).model_validate(answer())


def test_the_schema_says_the_limits():
    schema = json.dumps(answer_schema(GOOGLE, 1).model_json_schema())
    assert "at most 30 characters" in schema
    assert '"minItems": 3' in schema


@PATIENT
@given(cut=st.integers(0, 400))
def test_an_answer_can_be_shown_at_every_moment(cut: int):
    partial = from_json(
        ("{" + json.dumps(answer())[1:])[: max(cut, 1)], allow_partial="trailing-strings"
    )
    growing_ad(GOOGLE, written(partial, GOOGLE)).model_dump(mode="json")


@PATIENT
@given(value=ANYTHING)
def test_anything_at_all_can_be_shown(value: object):
    partial = value if isinstance(value, dict) else {"variants": value}
    growing_ad(GOOGLE, written(partial, GOOGLE))


@PATIENT
@given(text=st.text(max_size=100))
def test_a_text_of_one_line_is_one(text: str):
    clean = cleaned(text, lines=False)
    assert len(clean.splitlines()) <= 1
    assert cleaned(clean, lines=False) == clean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\u202eb\u2066c", "abc"),
        ("a\x00b\x1bc", "abc"),
        (" a \n\n b ", "a b"),
        ("zero\u200bwidth", "zerowidth"),
        ("e\u0301", "\u00e9"),
        ("\ud800lone", "lone"),
    ],
)
def test_what_cannot_be_seen_is_taken_out(text: str, clean: str):
    assert cleaned(text, lines=False) == clean


def test_paragraphs_stay_where_lines_are_part_of_the_text():
    assert cleaned("One.\r\n\r\n\r\n\r\nTwo.\nThree.", lines=True) == "One.\n\nTwo.\nThree."


def test_an_endless_text_is_not_read_to_its_end():
    assert len(cleaned("a" * 1_000_000, lines=False)) == 20_000
