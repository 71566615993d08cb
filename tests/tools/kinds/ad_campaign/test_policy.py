"""Each rule finds what its channel refuses, and leaves ordinary texts alone."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.kinds.ad_campaign.facts import PATIENT
from tools.kinds.ad_campaign.channels import Rule, RuleName, channels
from tools.kinds.ad_campaign.policy import CHECKS, breaches, repeats
from tools.kinds.ad_campaign.support import Support

NOBODY = Support()


def rule(name: RuleName, most: int = 5) -> Rule:
    return Rule(
        name=name, texts=("t",), most=most, source="https://x.example/", checked=date(2026, 11, 26)
    )


REFUSED = [
    ("no_exclamation_mark", "Red bag!"),
    ("no_exclamation_mark", "红色手提包\uff01"),
    ("no_repeated_punctuation", "Really??"),
    ("no_repeated_punctuation", "Soft... light"),
    ("no_repeated_punctuation", "Bag * * *"),
    ("no_emoji", "Red bag \U0001f45c"),
    ("no_emoji", "Love it \u2764\ufe0f"),
    ("no_phone_number", "Call +49 30 1234567"),
    ("no_phone_number", "Call (030) 123-4567"),
    ("no_phone_number", "555-123-4567"),
    ("no_capitals", "FREE bag for everyone"),
    ("no_capitals", "GRÖSSER als je"),
    ("no_link", "See https://shop.example/bag"),
    ("no_link", "See www.shop.example"),
    ("no_link", "Get it at shop.com today"),
    ("no_mention", "Thanks @ada"),
    ("no_hash_or_braces", "#bag"),
    ("no_hash_or_braces", "{bag}"),
    ("few_hashtags", "#a #b #c #d #e #f"),
    ("no_promotion", "Bag, free shipping"),
    ("no_promotion", "Bag, 20% off"),
    ("no_promotion", "Bag for €20"),
    ("no_promotion", "Buy now: bag"),
    ("no_promotion", "Tasche mit Rabatt"),
    ("one_word", "red bags"),
    ("one_word", "red/bags"),
]
ALLOWED = [
    ("no_exclamation_mark", "Red bag. Soft?"),
    ("no_repeated_punctuation", "Red bag, soft, light. Yours?"),
    ("no_emoji", "Größe 38 – 42, 紅色, 12 × 3 cm, ©"),
    ("no_phone_number", "1,299.00 EUR, 30 x 20 x 10 cm, since 1998-2024"),
    ("no_capitals", "A bag for NYC and the USB cable"),
    ("no_link", "Soft. Light. Yours, e.g. for work"),
    ("no_mention", "ada@work"),
    ("few_hashtags", "Soft and light #bag #red"),
    ("no_promotion", "Red leather bag, 30 cm wide"),
    ("one_word", "red-bags"),
]


@pytest.mark.parametrize(("name", "text"), REFUSED)
def test_what_a_channel_refuses_is_found(name: RuleName, text: str):
    assert breaches(text, [rule(name)], NOBODY)


@pytest.mark.parametrize(("name", "text"), ALLOWED)
def test_an_ordinary_text_keeps_every_rule(name: RuleName, text: str):
    assert breaches(text, [rule(name)], NOBODY) == []


def test_a_brand_in_capitals_may_stand_so():
    known = Support(names=frozenset({"ACME"}))
    assert breaches("ACME bag", [rule("no_capitals")], known) == []


def test_hashtags_up_to_the_limit_are_fine():
    assert breaches("#a #b #c #d #e", [rule("few_hashtags")], NOBODY) == []


def test_what_says_the_same_is_a_repeat_whatever_its_case_and_marks():
    assert repeats(["Red bag", "Soft", "red BAG.", "Red  bag!", "bag red"]) == [2, 3]


@PATIENT
@given(text=st.text(max_size=200))
def test_every_rule_takes_any_text(text: str):
    for name in CHECKS:
        breaches(text, [rule(name)], NOBODY)


def test_tiktok_takes_neither_links_nor_mentions():
    rules = channels()["tiktok"].rules_of("ad_text")
    assert breaches("By @ada on shop.com", rules, NOBODY) == ["has a link", "mentions somebody"]
