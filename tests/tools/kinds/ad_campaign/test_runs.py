"""Campaigns performed by the real SDK against the protocol server: at once, repaired, whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from catalog.models import Term
from tests.tools.performing import perform_here
from tools import exporting
from tools.counting import length
from tools.kinds.ad_campaign.ads import Ad
from tools.kinds.ad_campaign.channels import channels
from tools.kinds.ad_campaign.tool import AdCampaign, Campaign
from tools.models import ToolRun
from tools.selectors import course_of, output_of
from tools.services.runs import run_edit, run_resume

pytestmark = [pytest.mark.django_db(transaction=True)]
HEADLINES = [{"text": f"Bag {word}", "cites": ["title"]} for word in ("one", "two", "three")]
DESCRIPTIONS = [{"text": f"A bag {word}", "cites": []} for word in ("one", "two")]
LONG = "A red bag for work and for the weekend and for all the days between"
TIKTOK = "one ad channel: TikTok"
GOOGLE = "one ad channel: Google"
AGAIN = "Write each anew"


@pytest.fixture
def bag(make_product: Callable[..., Any], catalog: Any) -> Any:
    catalog.brand_voice = "Dry."
    catalog.save()
    return make_product(
        "Red bag", color=None, brand="Acme", description="A bag of leather.",
        price=Decimal("29.90"), sku="RB-1",
    )  # fmt: skip


@pytest.fixture
def campaign(performed: Callable[..., ToolRun], bag: Any) -> Callable[..., ToolRun]:
    """Performs campaigns for the bag."""
    return lambda **options: performed(bag, tool="ad_campaign", **options)


def states(run: ToolRun) -> dict[str, str]:
    return {block["id"]: block["state"] for block in run.blocks if block["id"] in channels()}


def ads(run: ToolRun) -> dict[str, Ad]:
    return {key: Ad.model_validate(run.output[key]) for key in channels() if key in run.output}


def google(headlines: list[dict[str, Any]]) -> dict[str, Any]:
    return {"variants": [{"headlines": headlines, "descriptions": DESCRIPTIONS, "paths": []}]}


def assert_within_limits(run: ToolRun) -> None:
    for key, ad in ads(run).items():
        for variant in ad.variants:
            for kind, texts in variant.texts.items():
                limit = channels()[key].texts[kind]
                assert all(length(one.text, limit.counted) <= limit.limit for one in texts)


def test_all_channels_are_asked_at_once(groq, campaign):
    server = groq(first_token=0.3)
    # The very first answer of an account says how quickly calls may follow.
    campaign(channels=["tiktok"])
    server.clear()
    run = campaign()
    assert server.most_concurrent == 5
    assert (run.state, run.error, run.writer) == ("done", "", "groq")
    assert states(run) == dict.fromkeys(channels(), "done")
    Campaign.model_validate(run.output)
    assert_within_limits(run)


def test_only_the_chosen_channels_are_asked(groq, campaign):
    server = groq()
    run = campaign(channels=["tiktok", "google"])
    assert list(ads(run)) == ["google", "tiktok"]
    assert {GOOGLE in call.text for call in server.requests} == {True, False}


def test_each_variant_is_written(groq, campaign):
    groq()
    run = campaign(channels=["tiktok"], variants=2)
    assert [variant.label for variant in ads(run)["tiktok"].variants] == ["A", "B"]


def test_facts_go_in_as_data_and_with_the_wishes(groq, campaign):
    server = groq()
    campaign(
        channels=["tiktok"],
        offer="Free returns",
        audience="Cyclists",
        tone="dry",
        brand_voice="Loud.",
    )
    [call] = server.requests
    start, end = call.text.rindex("<product>"), call.text.rindex("</product>")
    facts = json.loads(call.text[start + len("<product>") : end])
    assert {"key": "offer", "label": "Offer", "text": "Free returns"} in facts["facts"]
    assert facts["prices"] == [{"key": "v1", "amount": "29.90", "currency": "EUR"}]
    assert '<audience>\n"Cyclists"\n</audience>' in call.text
    assert "Make the most of the fact `offer`" in call.text
    assert "no Markdown" in call.text
    assert "a tone that is dry" in call.text
    assert "Loud." in call.text
    assert "Dry." not in call.text
    assert "at most 100 characters" in call.text


def test_only_texts_that_are_too_long_are_asked_for_again(groq, campaign):
    server = groq()
    answer = google([*HEADLINES, {"text": LONG, "cites": []}])
    server.script("change", when=lambda call: AGAIN not in call.text, values=answer)
    server.script("change", when=lambda call: AGAIN in call.text, values={"texts": ["A red bag"]})
    run = campaign(channels=["google"])
    [ad] = ads(run).values()
    [repaired] = [one for one in ad.variants[0].texts["headlines"] if one.repair]
    assert repaired.repair is not None
    assert (repaired.text, repaired.repair.how, repaired.repair.was) == (
        "A red bag",
        "rewritten",
        LONG,
    )
    [again] = [call for call in server.requests if AGAIN in call.text]
    assert LONG in again.text
    assert "Bag two" not in again.text


def test_what_cannot_be_asked_again_is_cut(groq, campaign):
    server = groq()
    answer = google([*HEADLINES, {"text": LONG, "cites": []}])
    server.script("change", when=lambda call: AGAIN not in call.text, values=answer)
    server.script("400", when=lambda call: AGAIN in call.text, times=None)
    run = campaign(channels=["google"])
    [repaired] = [one for one in ads(run)["google"].variants[0].texts["headlines"] if one.repair]
    assert repaired.repair is not None
    assert (repaired.text, repaired.repair.how) == ("A red bag for work", "cut")
    assert run.state == "done"


@pytest.mark.parametrize(
    "fault",
    [
        "400",
        "413",
        "invalid_json",
        "schema_violation",
        "refusal",
        "truncated",
        "empty_content",
        "wrong_types",
        "surrogates",
        "huge",
    ],
)
def test_a_channel_that_fails_leaves_the_others_whole(groq, campaign, fault):
    server = groq()
    server.script(fault, when=lambda call: TIKTOK in call.text, times=None)
    run = campaign()
    assert run.state == "failed"
    assert states(run) == dict.fromkeys(channels(), "done") | {"tiktok": "failed"}
    assert set(ads(run)) == set(channels()) - {"tiktok"}


def test_a_resumed_campaign_asks_only_for_the_channel_that_failed(groq, campaign):
    server = groq()
    server.script("400", when=lambda call: TIKTOK in call.text)
    run = campaign()
    whole, asked = ads(run), len(server.requests)
    run_resume(run=run)
    perform_here(run.pk)
    run.refresh_from_db()
    assert run.state == "done"
    assert {key: ad for key, ad in ads(run).items() if key != "tiktok"} == whole
    assert all(TIKTOK in call.text for call in server.requests[asked:])


@pytest.mark.parametrize("fault", ["html", "obeyed", "nul"])
def test_whatever_a_model_says_is_a_text_within_its_limit(groq, campaign, fault):
    server = groq()
    server.script(fault, times=None)
    run = campaign()
    assert run.state == "done"
    assert_within_limits(run)
    said = json.dumps(run.output)
    assert "\\u0000" not in said
    assert "<script>" not in exporting.download(run, course_of(run), "merchant").text


def test_a_claim_that_nothing_supports_is_flagged_and_one_that_a_fact_has_is_cited(
    groq, campaign, vocabulary
):
    Term.objects.create(attribute=vocabulary["material"], key="leather", labels={"en": "Leather"})
    server = groq()
    answer = {
        "variants": [
            {"ad_text": {"text": "Waterproof leather bag for €29.90", "cites": ["title", "a99"]}}
        ]
    }
    server.script("change", values=answer)
    [text] = ads(campaign(channels=["tiktok"]))["tiktok"].variants[0].texts["ad_text"]
    assert text.problems == ["unsupported: Waterproof", "cites what is not known: a99"]
    assert [cite.label for cite in text.cites] == ["Title", "Description", "As it is sold"]
    assert all(cite.url.startswith("/") for cite in text.cites)


def test_without_a_key_there_are_drafts_that_say_so(campaign):
    run = campaign()
    assert (run.state, run.writer) == ("done", "draft")
    assert all(ad.draft for ad in ads(run).values())
    assert len(ads(run)) == 5
    assert "drafts" in run.blocks[1]["data"]["text"]
    assert_within_limits(run)


def test_the_listing_can_be_used_field_by_field(campaign):
    run = campaign()
    [block] = [block for block in run.blocks if block["kind"] == "fields"]
    fields = {field["field"]: field for field in block["data"]["fields"]}
    assert set(fields) == {"title", "description"}
    assert fields["title"]["value"].startswith("Acme Red bag")
    assert fields["title"]["limit"] == 150


def test_a_language_whose_words_are_not_known_is_said(campaign):
    run = campaign(language="ja", channels=["tiktok"])
    assert [block["id"] for block in run.blocks if block["kind"] == "notice"] == [
        "draft",
        "language",
    ]


def test_that_google_needs_an_address_is_said(campaign, bag):
    run = campaign(channels=["google"])
    assert "no_url" in {block["id"] for block in run.blocks}
    bag.product_url = "https://shop.example/bag"
    bag.save()
    run = campaign(channels=["google"])
    assert "no_url" not in {block["id"] for block in run.blocks}


def test_a_listing_in_another_language_cannot_be_suggested_and_that_is_said(campaign):
    run = campaign(channels=["marketplace"], language="de")
    [block] = [block for block in run.blocks if block["id"] == "use_this"]
    assert block["kind"] == "notice"
    assert "in “en”" in block["data"]["text"]


def test_of_several_variants_the_one_with_the_fewest_faults_comes_first(groq, campaign):
    server = groq()
    said = [{"text": "The best waterproof bag", "cites": []}, {"text": "Red bag", "cites": []}]
    texts = {"description": said[1], "highlights": [said[1], {"text": "A bag", "cites": []}]}
    server.script("change", values={"variants": [{**texts, "title": title} for title in said]})
    run = campaign(channels=["marketplace"], variants=2)
    [block] = [block for block in run.blocks if block["kind"] == "fields"]
    assert [(one["key"], one["value"]) for one in block["data"]["fields"][:2]] == [
        ("title_B", "Red bag"),
        ("title_A", "The best waterproof bag"),
    ]


def test_what_a_person_wrote_is_in_the_files(campaign):
    run = campaign()
    run = run_edit(
        run=run, block="google", place="variants.0.texts.headlines.0.text", text="Edited"
    )
    for form in ("google_ads_editor", "google_text", "csv"):
        file = exporting.download(run, course_of(run), form)
        assert file is not None
        assert "Edited" in file.text


def test_an_edited_text_is_checked_anew_in_the_files_and_over_the_api(groq, campaign):
    server = groq()
    said = {"text": "A waterproof bag " * 9, "cites": ["title"]}
    server.script("change", values={"variants": [{"ad_text": said}]})
    server.script("400", when=lambda call: AGAIN in call.text, times=None)
    run = campaign(channels=["tiktok"])
    place = "variants.0.texts.ad_text.0.text"
    run = run_edit(run=run, block="tiktok", place=place, text="The best bag for €29.90")
    [row] = exporting.download(run, course_of(run), "csv").text.splitlines()[1:]
    assert row.split(",")[4:] == [
        "The best bag for €29.90", "23", "100", "As it is sold", "unsupported: best",
    ]  # fmt: skip
    [text] = Ad.model_validate(output_of(run)["tiktok"]).variants[0].texts["ad_text"]
    assert (text.length, text.repair) == (23, None)


def test_the_form_gives_the_options(bag):
    data = {"channels": ["tiktok"], "variants": "2", "offer": " 20 % off "}
    form = AdCampaign().form(bag, data)
    assert form.is_valid(), form.errors
    options = AdCampaign().options.model_validate(form.cleaned_data)
    assert (options.channels, options.variants, options.offer) == (["tiktok"], 2, "20 % off")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"channels": ["radio"], "variants": "1"},
        {"channels": ["tiktok"], "variants": "4"},
        {"channels": ["tiktok"], "variants": "1", "language": "<b>"},
    ],
)
def test_the_form_refuses_what_the_options_refuse(bag, data):
    assert not AdCampaign().form(bag, data).is_valid()


@pytest.mark.parametrize(
    "options",
    [
        {"channels": []},
        {"channels": ["radio"]},
        {"variants": 0},
        {"language": "<b>"},
        {"offer": "x" * 301},
        {"more": 1},
    ],
)
def test_options_that_cannot_be_are_refused(options):
    with pytest.raises(ValueError, match="validation error"):
        AdCampaign().options.model_validate(options)
