"""Without a model an ad is what the facts say, within the limits, and nothing besides."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.kinds.ad_campaign.facts import PATIENT, PRICE, TERMS, support
from tools.kinds.ad_campaign.ads import finished_ad, overruns
from tools.kinds.ad_campaign.channels import channels
from tools.kinds.ad_campaign.claims import Checker
from tools.kinds.ad_campaign.drafts import draft
from tools.kinds.ad_campaign.support import Fact, Lexicon, Support, claim_groups

CHANNELS = sorted(channels())
FULL = {
    "title": "Red leather shopper",
    "brand": "Acme",
    "category": "Accessories › Bags",
    "language": "en",
}
FACTS = support(
    "Red",
    "Leather",
    "30 cm",
    title="Red leather shopper",
    description="A bag of soft leather. It holds a laptop of 15 inches.",
    brand="Acme",
    category="Accessories › Bags",
    offer="Free returns until 24 December",
    v1="EUR 29.90, In stock",
    prices=(PRICE,),
)
EMPTY = {"title": "", "brand": "", "category": "", "language": "xx"}


def finished(channel: str, facts: dict[str, Any], known: Support) -> Any:
    checker = Checker(known, Lexicon(claim_groups(), TERMS))
    texts = draft(channels()[channel], facts, known)
    assert overruns(channels()[channel], [texts]) == []
    return finished_ad(channels()[channel], [texts], checker, draft=True)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_draft_is_complete_and_nothing_of_it_is_unsupported(channel: str):
    ad = finished(channel, FULL, FACTS)
    [variant] = ad.variants
    assert ad.draft
    assert variant.notes == []
    assert [one.problems for texts in variant.texts.values() for one in texts if one.problems] == []


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_text_of_a_draft_but_the_button_says_what_it_rests_on(channel: str):
    [variant] = finished(channel, FULL, FACTS).variants
    for kind, texts in variant.texts.items():
        assert all(one.cites for one in texts) or kind == "button"


@pytest.mark.parametrize("channel", CHANNELS)
def test_of_a_product_without_facts_there_is_a_draft_too(channel: str):
    assert finished(channel, EMPTY, Support()).variants


@pytest.mark.parametrize("channel", CHANNELS)
@PATIENT
@given(title=st.text(max_size=320), text=st.text(max_size=200))
def test_whatever_the_catalogue_holds_a_draft_keeps_the_limits(channel: str, title: str, text: str):
    finished(channel, {**EMPTY, "title": title}, support(text, title=title, description=text))


def test_a_yes_is_said_by_its_name_and_a_no_not_at_all():
    waterproof = Fact(key="a1", label="Waterproof", text="Yes")
    vegan = Fact(key="a2", label="Vegan", text="No")
    [variant] = finished("google", FULL, Support((waterproof, vegan))).variants
    said = [one.text for one in variant.texts["headlines"]]
    assert "Waterproof" in said
    assert "Vegan" not in " ".join(said)


def test_a_draft_in_the_marketplace_promises_nothing():
    [variant] = finished("marketplace", FULL, FACTS).variants
    said = " ".join(one.text for texts in variant.texts.values() for one in texts)
    assert "29.90" not in said
    assert "returns" not in said


def test_a_draft_says_the_price_and_the_offer_where_they_may_be():
    [variant] = finished("google", FULL, FACTS).variants
    assert {"EUR 29.90", "Free returns until 24 December"} <= {
        one.text for one in variant.texts["headlines"]
    }


def test_a_draft_leaves_out_what_a_machine_guessed():
    guess = Fact(key="a1", label="Material", text="Felt", unsure=True)
    sure = Fact(key="a2", label="Colour", text="Black")
    known = Support((guess, sure))
    for channel in CHANNELS:
        [variant] = finished(channel, FULL, known).variants
        said = " ".join(one.text for texts in variant.texts.values() for one in texts)
        assert "Felt" not in said
    assert "Black" in said


def test_a_listing_is_titled_as_shops_do():
    known = support("Black", title="Shopper", brand="Acme")
    [variant] = finished("marketplace", {**FULL, "title": "Shopper"}, known).variants
    [title] = variant.texts["title"]
    assert title.text == "Acme Shopper, Black"
    assert [cite.key for cite in title.cites] == ["brand", "title", "a1"]


def test_a_headline_is_not_cut_where_there_are_enough_others():
    known = support("Black", description="Rose, pink pepper and musk of the very best kind.")
    [variant] = finished("google", FULL, known).variants
    assert [one.text for one in variant.texts["headlines"]] == [
        "Red leather shopper", "Feature: Black", "Acme Bags",
    ]  # fmt: skip
