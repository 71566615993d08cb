from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.template.loader import get_template
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.markup import Markup
from tools import blocks
from tools.block_data import site_path
from tools.blocks import render_block
from tools.counting import length
from tools.kinds.base import DONE, FAILED, RESULT, RUNNING

ROOT = Path(__file__).parents[2]
RANGE = re.compile(r"\\[uU]\{?([0-9a-fA-F]+)\}?-\\[uU]\{?([0-9a-fA-F]+)\}?")
RUN = SimpleNamespace(pk=7, catalog=SimpleNamespace(slug="shop"))
HARMLESS = "An ordinary text"
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    "</textarea></details></section><script>alert(1)</script>",
    "</title></svg><svg onload=alert(1)>",
    "{{ run.pk }}{% url 'login' %}<!--",
    "]]><![CDATA[ \u202e\u200b\x00\ud800 &lt;script&gt;",
]
ELSEWHERE = [
    "javascript:alert(1)",
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil",
]


def chart(kind, text, **spec):
    return {"chart": kind, "label": text, "summary": text, "unit": text, **spec}


def table(text, url="/c/shop/"):
    return {
        "caption": text,
        "columns": [{"key": "a", "label": text}, {"key": "b", "label": text, "numeric": True}],
        "rows": [{"a": {"text": text, "url": url, "tone": "good"}, "b": text}, {"a": None}],
    }


def scale(text):
    point = {"value": 4, "label": text, "text": text, "mark": True}
    return {"points": [point], "markers": [point]}


def data_of(kind, text, url="/c/shop/"):
    """Data of a kind of block in which every text is this text and every address this one."""
    cites = [{"label": text, "url": url}]
    band = {"low": 1, "mid": 2, "high": 5, "label": text, "text": text}
    return {
        "prose": {"text": text, "cites": {"a1": cites[0]}},
        "notice": {"level": "warning", "text": text},
        "key_values": {"items": [{"label": text, "value": text, "note": text}]},
        "table": table(text, url),
        "points": {"items": [{"text": text, "note": text, "tone": "bad", "cites": cites}]},
        "fields": {
            "fields": [
                {
                    "key": text,
                    "field": text,
                    "label": text,
                    "value": text,
                    "limit": 9,
                    "cites": cites,
                },
                {"key": text, "field": text, "label": text, "value": [text, text], "note": text},
            ]
        },
        "quotes": {"quotes": [{"text": text, "by": text, "about": text, "tone": "warning"}]},
        "photos": {"photos": [{"placement": 1, "photo": 2, "caption": text, "tone": "good"}]},
        "bars": chart(
            "bars", text, bars=[{"label": text, "value": 3, "text": text}], table=table(text)
        ),
        "histogram": chart(
            "histogram",
            text,
            bins=[{"low": 0, "high": 2, "count": 3}],
            markers=[{"value": 1, "label": text, "text": text}],
            band=band,
        ),
        "strip": chart("strip", text, band=band, **scale(text)),
        "range": chart("range", text, bands=[band], **scale(text)),
        "scatter": chart(
            "scatter",
            text,
            x={"label": text, "unit": text, "at": 2, "at_label": text},
            y={"label": text, "unit": text, "at": 2, "at_label": text},
            points=[{"x": 1, "y": 2, "label": text, "mark": True}],
            series=[text],
        ),
        "grid": chart(
            "grid",
            text,
            row_label=text,
            column_label=text,
            rows=[text],
            columns=[text],
            counts=[[3]],
            mark={"row": 0, "column": 0},
        ),
        "distribution": chart(
            "distribution",
            text,
            scale=[text, text],
            rows=[{"label": text, "counts": [1, 2], "mean": 1.5, "low": 1.2, "high": 1.8}],
        ),
    }[kind]


CHARTS = ["bars", "histogram", "strip", "range", "scatter", "grid", "distribution"]
SHARED = ["prose", "notice", "key_values", "table", "points", "fields", "quotes", "photos", *CHARTS]


def block_of(kind, data, **more):
    return {
        "id": "part-1",
        "kind": "chart" if kind in CHARTS else kind,
        "title": "A part",
        "data": data,
        "state": DONE,
        "part": RESULT,
        "error": "",
        **more,
    }


def shown(block, *, may_edit=True, **more):
    markup = Markup(render_block(block, RUN, may_edit=may_edit, **more))
    assert markup.problems == []
    assert len(markup.ids()) == len(set(markup.ids()))
    for _, attributes in markup.elements:
        assert not {name for name in attributes if name.startswith(("on", "hx-on", "style"))}
    return markup


def structure(markup):
    return [(tag, sorted(attributes)) for tag, attributes in markup.elements]


@pytest.mark.parametrize("kind", SHARED)
def test_a_block_of_each_kind_shows_its_texts(kind):
    markup = shown(block_of(kind, data_of(kind, "Leather")))
    assert "cannot be shown" not in markup.text
    assert "Leather" in markup.text


@pytest.mark.parametrize("kind", SHARED)
@pytest.mark.parametrize("state", [RUNNING, DONE, FAILED])
def test_a_block_of_each_kind_may_be_empty_in_each_state(kind, state):
    for data in ({}, data_of(kind, "", "")):
        shown(block_of(kind, data, state=state, title="", error=""))


@pytest.mark.parametrize("kind", SHARED)
@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_makes_no_element_and_no_attribute(kind, text):
    hostile = shown(block_of(kind, data_of(kind, text), title=text, error=text))
    harmless = shown(block_of(kind, data_of(kind, HARMLESS), title=HARMLESS, error=HARMLESS))
    if kind == "prose":
        assert hostile.tags <= harmless.tags | {"p", "code"}
    else:
        assert structure(hostile) == structure(harmless)


@pytest.mark.parametrize("kind", ["prose", "table", "points", "fields", "bars"])
@pytest.mark.parametrize("url", ELSEWHERE)
def test_an_address_outside_this_site_is_no_link(kind, url):
    markup = shown(block_of(kind, data_of(kind, "[a1] text", url)), may_edit=False)
    assert {link["href"] for link in markup.all("a")} <= {"/c/shop/"}
    assert url not in str(markup.elements)


@pytest.mark.parametrize("url", ELSEWHERE)
def test_an_address_elsewhere_is_no_link_in_kinds_of_single_tools_either(url):
    point = {"text": "x", "cites": [{"label": "Away", "url": url}]}
    data = {"sections": [{"key": "k", "title": "t", "points": [point]}]}
    markup = shown(block_of("market_research_analysis", data))
    assert "Away" in markup.text
    assert "a" not in markup.tags


def test_a_path_of_this_site_is_a_link():
    assert site_path("/c/shop/?q=a&b=1#x") == "/c/shop/?q=a&b=1#x"
    markup = shown(block_of("points", data_of("points", "x", "/c/shop/?a=1&b=2")))
    assert [link["href"] for link in markup.all("a")] == ["/c/shop/?a=1&b=2"]


@pytest.mark.parametrize("block_id", ['"><script>', "a b", "x.y/z", "é"])
def test_the_id_of_a_block_is_one_of_an_element_whatever_it_is(block_id):
    markup = shown(block_of("points", data_of("points", "x"), id=block_id))
    assert all(character.isascii() and character not in "\"'<> " for character in markup.ids()[0])


HUGE = {
    "prose": {"text": "word **bold** " * 2_000},
    "table": {
        "columns": [{"key": "a", "label": "A"}],
        "rows": [{"a": str(number)} for number in range(5_000)],
    },
    "points": {"items": [{"text": "x" * 500}] * 2_000},
    "key_values": {"items": [{"label": "x" * 500, "value": "y" * 500}] * 2_000},
    "quotes": {"quotes": [{"text": "x" * 500, "by": "y"}] * 2_000},
    "photos": {"photos": [{"photo": 1}] * 2_000},
    "strip": chart("strip", "x", points=[{"value": n, "label": str(n)} for n in range(500)]),
}


@pytest.mark.parametrize("kind", HUGE)
def test_a_huge_block_is_shown_as_far_as_anybody_reads(kind):
    markup = shown(block_of(kind, HUGE[kind]))
    assert len(markup.elements) < 3_000


def test_a_table_says_how_many_rows_are_left_out():
    assert "4800 more rows in the download" in shown(block_of("table", HUGE["table"])).text


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "text",
        7,
        {"items": 3},
        {"items": [3]},
        {"items": [{"text": {"a": 1}}]},
        {"items": [{"tone": "<b>"}]},
        {"items": {"a": 1}},
    ],
)
def test_malformed_data_are_explained_instead_of_shown(data):
    block = block_of("points", data)
    assert ("cannot be shown" in shown(block).text) or ("nothing to show" in shown(block).text)


@pytest.mark.parametrize("kind", ["gone_since", "", "../prose", "Prose", "_table", "a/b"])
def test_a_kind_that_nobody_knows_is_explained(kind):
    assert "does not know this kind" in shown(block_of(kind, {"a": 1})).text


def test_malformed_data_of_a_block_that_grows_wait_for_the_rest():
    markup = shown(block_of("points", {"items": [{"tone": "go"}]}, state=RUNNING))
    assert "cannot be shown" not in markup.text
    assert "block__skeleton" in str(markup.elements)


def test_a_presenter_with_a_fault_takes_nothing_else_with_it(monkeypatch):
    def broken(_block, _run):
        raise ZeroDivisionError

    monkeypatch.setitem(blocks._presenters, "points", broken)
    assert "It has an error" in shown(block_of("points", data_of("points", "x"))).text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["text", "items", "fields", "value", "rows", "columns", "chart", "photo"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    ),
    st.sampled_from(["prose", "points", "fields", "table", "chart", "photos", "quotes", "notice"]),
    st.sampled_from([RUNNING, DONE, FAILED]),
)
def test_whatever_a_block_holds_there_is_something_to_show(data, kind, state):
    assert "It has an error" not in shown(block_of(kind, data, state=state)).text


def test_a_block_under_way_is_busy_and_offers_nothing_to_press():
    markup = shown(block_of("fields", data_of("fields", "x"), state=RUNNING))
    assert markup.all("section")[0]["aria-busy"] == "true"
    assert not markup.tags & {"button", "form"}


def test_a_growing_text_is_not_read_out_as_it_grows():
    markup = shown(block_of("prose", {"text": "So **far"}, state=RUNNING))
    assert "strong" in markup.tags
    assert not any(
        "aria-live" in attributes or attributes.get("role") in {"status", "alert", "log"}
        for _, attributes in markup.elements
    )


def test_a_text_that_grew_ends_as_it_is_shown_later():
    text = "# One\n\nTwo **three** [a1]\n\n- four\n- five"
    for end in range(len(text)):
        render_block(block_of("prose", {"text": text[:end]}, state=RUNNING), RUN, may_edit=False)
    grown = render_block(block_of("prose", {"text": text}), RUN, may_edit=False)
    blocks._growing.clear()
    assert grown == render_block(block_of("prose", {"text": text}), RUN, may_edit=False)


def test_growing_texts_are_not_kept_for_ever(monkeypatch):
    monkeypatch.setattr(blocks, "GROWING_TEXTS", 3)
    for number in range(6):
        block = block_of("prose", {"text": "x"}, state=RUNNING, id=f"part-{number}")
        render_block(block, RUN, may_edit=False)
    assert len(blocks._growing) <= 3


def test_a_failed_block_says_why_and_keeps_what_it_has():
    markup = shown(block_of("prose", {"text": "Half"}, state=FAILED, error="It took too long."))
    assert "Half" in markup.text
    assert "It took too long." in markup.text


def test_out_of_band_a_block_replaces_the_one_of_its_id():
    assert (
        shown(block_of("prose", {"text": "x"}), oob=True).all("section")[0]["hx-swap-oob"] == "true"
    )
    assert "hx-swap-oob" not in shown(block_of("prose", {"text": "x"})).all("section")[0]


def test_who_may_not_edit_may_copy_and_nothing_else():
    markup = shown(block_of("fields", data_of("fields", "x")), may_edit=False)
    assert "form" not in markup.tags
    assert [button for button in markup.all("button") if "data-copy" in button]


def test_each_part_of_a_value_is_edited_at_its_place():
    markup = shown(block_of("fields", data_of("fields", "x")))
    places = [field["value"] for field in markup.all("input") if field["name"] == "place"]
    assert places == ["fields.0.value", "fields.1.value.0", "fields.1.value.1"]


def test_an_edited_text_can_go_back_to_what_was_written_first():
    block = block_of("prose", {"text": "mine"}, edited={"text": "mine"})
    forms = [form["action"] for form in shown(block).all("form")]
    assert forms == ["/c/shop/runs/7/edit/"] * 2
    assert "Edited" in shown(block).text


def test_forms_carry_the_token_of_the_page_if_there_is_one():
    with_token = shown(block_of("prose", {"text": "x"}), csrf_token="abc")
    assert [
        one["value"] for one in with_token.all("input") if one["name"] == "csrfmiddlewaretoken"
    ] == ["abc"]


def test_a_value_over_its_limit_says_by_how_much():
    text = shown(block_of("fields", data_of("fields", "0123456789"))).text
    assert "10 of 9: too long" in text


@pytest.mark.parametrize(
    ("text", "count", "expected"),
    [
        ("Größe", "chars", 5),
        ("漢字", "chars", 2),
        ("漢字", "weighted", 4),
        ("a漢😀", "weighted", 5),
        ("", "weighted", 0),
    ],
)
def test_texts_are_counted_as_channels_count(text, count, expected):
    assert length(text, count) == expected


def test_ranges_of_wide_characters_are_the_same_in_the_browser():
    def ranges(path):
        return [
            (int(low, 16), int(high, 16)) for low, high in RANGE.findall((ROOT / path).read_text())
        ]

    assert ranges("static/js/tools.js") == ranges("tools/counting.py")


@pytest.mark.parametrize(
    "kind",
    ["prose", "notice", "key_values", "table", "chart", "points", "fields", "quotes", "photos"],
)
def test_each_shared_kind_has_its_template_and_presenter(kind):
    assert get_template(f"tools/blocks/{kind}.html")
    assert kind in blocks._presenters


def test_a_chart_is_a_named_picture_with_its_numbers_behind_it():
    markup = shown(block_of("bars", data_of("bars", "Prices")))
    picture = next(
        attributes for _, attributes in markup.elements if attributes.get("role") == "img"
    )
    assert picture["aria-label"] == "Prices: Prices"
    assert "table" in markup.tags
