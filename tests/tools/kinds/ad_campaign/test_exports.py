"""Files of a campaign are what the channels take, with people's edits and without formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.kinds.ad_campaign.facts import PATIENT, checker
from tools.kinds.ad_campaign.ads import finished_ad
from tools.kinds.ad_campaign.answers import Written
from tools.kinds.ad_campaign.channels import channels
from tools.kinds.ad_campaign.exports import EDITOR_COLUMNS, downloads, table
from tools.kinds.ad_campaign.tool import AdCampaign, Campaign

PRODUCT = {
    "title": "Red bag",
    "brand": "Acme",
    "product_url": "https://shop.example/bag",
    "skus": ["RB-1", "RB-2"],
}
TEXTS = {
    "google": {"headlines": ["Red bag", "Soft bag", "=1+1"], "descriptions": ["A bag", "+49 or so"], "paths": ["bags"]},
    "meta": {"primary_text": ["A red bag"], "headline": ["Red bag"], "description": ["Soft"], "caption": ["Bag\n#bag"]},
    "tiktok": {"ad_text": ["A red bag"]},
    "email": {"subject": ["Red bag"], "preheader": ["Soft"], "body": ["A bag\nfor you"], "button": ["See it"]},
    "marketplace": {"title": ["Red <b>bag</b> & more"], "description": ["A bag"], "highlights": ["Soft", "Red"]},
}  # fmt: skip
G = "{http://base.google.com/ns/1.0}"


def output(
    texts: Mapping[str, Mapping[str, list[str]]] = TEXTS, *, variants: int = 1, draft: bool = False
) -> dict[str, Any]:
    made: dict[str, Any] = {"product": PRODUCT}
    for key, kinds in texts.items():
        one = {kind: [Written(text=text) for text in said] for kind, said in kinds.items()}
        ad = finished_ad(channels()[key], [one] * variants, checker("A bag"), draft=draft)
        made[key] = ad.model_dump(mode="json")
    return made


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_output_is_as_the_tool_says():
    Campaign.model_validate(output())


def test_ads_editor_gets_an_ad_a_row():
    file = downloads(output())["google_ads_editor"]
    [row] = rows_of(file.text)
    assert list(row) == EDITOR_COLUMNS
    assert (row["Headline 1"], row["Headline 2"], row["Headline 15"]) == ("Red bag", "Soft bag", "")
    assert (row["Description 1"], row["Path 1"], row["Path 2"]) == ("A bag", "bags", "")
    assert (row["Final URL"], row["Ad type"]) == (PRODUCT["product_url"], "Responsive search ad")
    assert (row["Campaign"], row["Ad group"], row["Status"]) == (
        "Acme Red bag",
        "Red bag A",
        "Paused",
    )
    assert file.filename == "red-bag-google-ads-editor.csv"


def test_each_variant_is_an_ad_group():
    rows = rows_of(downloads(output(variants=2))["google_ads_editor"].text)
    assert [row["Ad group"] for row in rows] == ["Red bag A", "Red bag B"]


def test_no_cell_is_a_formula():
    [row] = rows_of(downloads(output())["google_ads_editor"].text)
    assert (row["Headline 3"], row["Description 2"]) == ("1+1", "49 or so")


@PATIENT
@given(text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_any_text_is_one_cell_and_no_formula(text: str):
    made = output({"google": TEXTS["google"]})
    made["google"]["variants"][0]["texts"]["headlines"][0]["text"] = f"={text}"
    file = io.StringIO(downloads(made)["google_ads_editor"].text, newline="")
    [_, row] = csv.reader(file)
    assert len(row) == len(EDITOR_COLUMNS)
    assert not row[3].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_a_text_that_was_emptied_is_in_no_file():
    made = output()
    for key, kind in (("google", "headlines"), ("marketplace", "title")):
        made[key]["variants"][0]["texts"][kind][0]["text"] = " "
    files = downloads(made)
    [row] = rows_of(files["google_ads_editor"].text)
    assert (row["Headline 1"], row["Headline 2"], row["Headline 3"]) == ("Soft bag", "1+1", "")
    assert "structured_title" not in files["merchant"].text
    assert "Title" not in files["marketplace_text"].text


def test_a_brand_is_named_once_in_the_campaign():
    product = PRODUCT | {"title": "Acme red bag"}
    file = downloads(output() | {"product": product})["google_ads_editor"]
    assert rows_of(file.text)[0]["Campaign"] == "Acme red bag"


def test_an_edited_text_is_what_is_exported():
    made = output()
    made["google"]["variants"][0]["texts"]["headlines"][0]["text"] = "Edited"
    made["marketplace"]["variants"][0]["texts"]["title"][0]["text"] = "Edited title"
    files = downloads(made)
    assert rows_of(files["google_ads_editor"].text)[0]["Headline 1"] == "Edited"
    assert "Edited title" in files["merchant"].text
    assert "Edited" in files["google_text"].text
    assert ("Edited", 6) in [(row[4], row[5]) for row in table(made) or []]


def test_merchant_is_told_that_ai_wrote_it():
    root = ET.fromstring(downloads(output())["merchant"].text)  # noqa: S314 -- written a line before
    item, _ = root.iter("item")
    for kind, text in (("title", "Red <b>bag</b> & more"), ("description", "A bag")):
        said = item.find(f"{G}structured_{kind}")
        assert said is not None
        assert said.findtext(f"{G}digital_source_type") == "trained_algorithmic_media"
        assert said.findtext(f"{G}content") == text
        assert item.find(f"{G}{kind}") is None
    assert [each.text for each in item.iter(f"{G}product_highlight")] == ["Soft", "Red"]


def test_merchant_gets_the_texts_for_all_that_is_sold():
    root = ET.fromstring(downloads(output())["merchant"].text)  # noqa: S314 -- as above
    items = list(root.iter("item"))
    assert [each.findtext(f"{G}id") for each in items] == ["RB-1", "RB-2"]
    assert {each.findtext(f"{G}structured_title/{G}content") for each in items} == {
        "Red <b>bag</b> & more"
    }


def test_merchant_gets_a_draft_as_what_it_is():
    root = ET.fromstring(downloads(output(draft=True))["merchant"].text)  # noqa: S314 -- as above
    assert root.findtext(f".//{G}title") == "Red <b>bag</b> & more"
    assert root.find(f".//{G}structured_title") is None


@PATIENT
@given(text=st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_edited_title_makes_xml(text: str):
    made = output({"marketplace": TEXTS["marketplace"]})
    made["marketplace"]["variants"][0]["texts"]["title"][0]["text"] = text
    ET.fromstring(downloads(made)["merchant"].text)  # noqa: S314 -- as above


def test_a_text_file_says_who_wrote_it_and_how_that_is_declared():
    text = downloads(output())["tiktok_text"].text
    assert "A red bag" in text
    assert "Written with AI." in text
    assert "AI-generated content" in text
    draft = downloads(output(draft=True))["tiktok_text"].text
    assert "Draft written by rules" in draft
    assert "AI" not in draft


def test_a_channel_that_failed_has_no_files():
    files = downloads(output({"meta": TEXTS["meta"]}))
    assert list(files) == ["meta_text"]


def test_the_table_has_every_text_on_a_row():
    rows = AdCampaign().table(output())
    assert rows is not None
    assert rows[0][0] == "Channel"
    assert ["TikTok", "A", "Ad text", 1, "A red bag", 9, 100, "", "unsupported: red"] in rows


@pytest.mark.parametrize("made", [{}, {"product": PRODUCT}])
def test_a_run_without_ads_is_no_table_and_has_no_files(made: dict[str, Any]):
    assert table(made) is None
    assert downloads(made) == {}
