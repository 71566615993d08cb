"""The card of an ad shows every text with its counter, what it rests on and what is wrong, as text."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from tests.tools.kinds.ad_campaign.facts import checker
from tools.blocks import render_block
from tools.kinds.ad_campaign.ads import (
    empty_ad,
    finished_ad,
    growing_ad,
    overruns,
    repaired,
)
from tools.kinds.ad_campaign.answers import Written
from tools.kinds.ad_campaign.cards import ad_card
from tools.kinds.ad_campaign.channels import channels

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'
RUN = SimpleNamespace(
    pk=7, evidence={"brand": "Acme"}, catalog=SimpleNamespace(slug="shop"), options={}
)
EVIDENCE = {"facts": [{"key": "a1", "label": "Kind", "text": "A bag"}], "prices": [], "names": []}
CHANNELS = sorted(channels())


def texts(channel: str, *said: str) -> dict[str, list[Written]]:
    kinds = channels()[channel].texts
    return {
        kind: [Written(text=text) for text in said[: limit.most]] for kind, limit in kinds.items()
    }


def block(channel: str, *said: str, state: str = "done", **more: Any) -> dict[str, Any]:
    ad = finished_ad(channels()[channel], [texts(channel, *said)], checker("A bag"))
    return {
        "id": channel,
        "kind": "ad_campaign_ad",
        "title": ad.title,
        "data": ad.model_dump(mode="json"),
        "state": state,
        "part": "result",
        "error": "",
        **more,
    }


def at(data: Mapping[str, Any], place: str) -> Any:
    node: Any = data
    for step in place.split("."):
        node = node[int(step)] if isinstance(node, list) else node[step]
    return node


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_channel_has_a_card_in_which_nothing_runs(channel: str):
    html = render_block(block(channel, HOSTILE, "Soft bag", "Red bag"), RUN, may_edit=True)
    assert "cannot be shown" not in html
    assert "<script" not in html
    assert "<img" not in html
    assert "Soft bag" in html or channel not in ("google", "marketplace")


def test_every_text_can_be_edited_at_its_place():
    made = block("google", "Red bag", "Soft bag", "One bag")
    entries = [
        entry
        for variant in ad_card(made, RUN)["variants"]
        for group in variant["groups"]
        for entry in group["texts"]
    ]
    assert len(entries) == 3 + 3 + 2
    assert [at(made["data"], entry["place"]) for entry in entries] == [
        entry["text"] for entry in entries
    ]
    html = render_block(made, RUN, may_edit=True)
    assert 'data-count="weighted"' in html
    assert 'data-limit="30"' in html
    assert "textarea" not in render_block(made, RUN, may_edit=False)


@pytest.mark.django_db
def test_an_edited_text_is_counted_and_checked_anew():
    place = "variants.0.texts.ad_text.0.text"
    made = block("tiktok", "A waterproof bag", edited={place: "x"})
    text = made["data"]["variants"][0]["texts"]["ad_text"][0]
    text["text"] = "The best bag " + "紅" * 60
    run = SimpleNamespace(**vars(RUN) | {"evidence": EVIDENCE})
    [variant] = ad_card(made, run)["variants"]
    [entry] = variant["groups"][0]["texts"]
    assert (entry["length"], entry["over"]) == (133, True)
    assert entry["problems"] == ["unsupported: best"]
    assert "133 of 100: too long" in render_block(made, run, may_edit=True)


def test_a_problem_and_a_repair_are_shown():
    said = texts("tiktok", "A waterproof bag " * 9)
    repairs = repaired(overruns(channels()["tiktok"], [said]), ["A waterproof bag"])
    ad = finished_ad(channels()["tiktok"], [said], checker("A bag"), repairs)
    made = block("tiktok", "x") | {"data": ad.model_dump(mode="json")}
    html = render_block(made, RUN, may_edit=True)
    assert "unsupported: waterproof" in html
    assert "Was too long and was written anew" in html


def test_a_card_is_a_skeleton_until_there_is_a_text():
    empty = block("google", "x", state="running")
    empty["data"] = empty_ad(channels()["google"]).model_dump(mode="json")
    assert "skeleton" in render_block(empty, RUN, may_edit=True)
    growing = growing_ad(channels()["google"], [texts("google", "Red b")])
    shown = render_block(empty | {"data": growing.model_dump(mode="json")}, RUN, may_edit=True)
    assert "Red b" in shown
    assert "textarea" not in shown


@pytest.mark.parametrize("channel", ["meta", "tiktok"])
def test_a_likeness_has_the_product_s_photo_once_the_ad_is_there(channel: str):
    run = SimpleNamespace(**vars(RUN) | {"evidence": {**EVIDENCE, "photo": 5}})
    assert "/photos/5/480.webp" in render_block(block(channel, "Red bag"), run, may_edit=True)
    growing = block(channel, "Red bag", state="running")
    assert "<img" not in render_block(growing, run, may_edit=True)


def test_a_draft_says_so():
    made = block("google", "Red bag")
    made["data"]["draft"] = True
    assert "A draft by rules" in render_block(made, RUN, may_edit=True)


@pytest.mark.parametrize(
    "data",
    [
        {"variants": 3},
        {
            "channel": "radio",
            "title": "R",
            "variants": [{"label": "A", "texts": {"t": [{"text": "x"}]}}],
        },
        {"channel": "google", "title": "G", "limits": {"headlines": None}},
    ],
)
def test_data_of_another_shape_are_a_line_and_not_an_error(data: dict[str, Any]):
    render_block(block("google", "x") | {"data": data}, RUN, may_edit=True)
