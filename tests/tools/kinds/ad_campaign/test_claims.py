"""What a text claims is supported by a fact that says the same, or it is called unsupported."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.kinds.ad_campaign.facts import PATIENT, PRICE, checker, problems, support
from tools.kinds.ad_campaign import evidence
from tools.kinds.ad_campaign.claims import Checker
from tools.kinds.ad_campaign.support import Fact, Lexicon, Support, claim_groups, term_groups

CLAIMS = [
    "waterproof", "wasserdichte", "organic", "recycled", "vegan", "handmade", "certified", "hypoallergenic",
    "lifetime guarantee", "free shipping", "versandkostenfrei", "livraison gratuite", "free returns",
    "on sale", "limited edition", "bestseller", "award-winning", "the best", "unbeatable", "sustainable",
    "dishwasher safe", "brand new", "in stock",
    "leather", "Leder", "cotton", "silk", "satin", "red",
]  # fmt: skip
HARMLESS = st.lists(
    st.sampled_from(["carry", "this", "bag", "every", "day", "with", "you", "and", "smile"]),
    max_size=4,
).map(" ".join)
FACTS = st.lists(st.sampled_from([*CLAIMS, "30 cm", "a bag", "100 %", "400 g"]), max_size=5)


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_that_nothing_supports_is_flagged(claim: str):
    assert problems(f"Carry this {claim} bag", "A bag")


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_that_a_fact_makes_is_supported(claim: str):
    assert problems(f"Carry this {claim} bag", f"It is {claim}") == []


@PATIENT
@given(claim=st.sampled_from(CLAIMS), before=HARMLESS, after=HARMLESS)
def test_a_claim_is_found_whatever_stands_around_it(claim: str, before: str, after: str):
    assert problems(f"{before} {claim}. {after}", "A bag")
    assert problems(f"{before} {claim.upper()}, {after}", "A bag")


@PATIENT
@given(texts=FACTS)
def test_saying_the_facts_again_is_always_supported(texts: list[str]):
    for text in texts:
        assert problems(f"This: {text}.", *texts) == []


@PATIENT
@given(said=FACTS, known=FACTS, more=FACTS)
def test_more_facts_never_take_support_away(said: list[str], known: list[str], more: list[str]):
    text = ", ".join(said)
    assert set(problems(text, *known, *more)) <= set(problems(text, *known))


@PATIENT
@given(text=st.text(max_size=120), fact=st.text(max_size=60))
def test_any_text_can_be_checked(text: str, fact: str):
    assert all(
        bool(claim.supported_by) != bool(claim.problem) for claim in checker(fact).claims(text)
    )


@pytest.mark.parametrize(
    "text",
    [
        "Not waterproof",
        "It is not fully waterproof",
        "nicht wasserdicht",
        "sans cuir",
        "non-organic",
    ],
)
def test_a_denial_is_no_claim(text: str):
    assert problems(text, "A bag") == []


@pytest.mark.parametrize("fact", ["Not waterproof", "nicht wasserdicht", "water-repellent"])
def test_a_denial_supports_nothing(fact: str):
    assert problems("Waterproof bag", fact) == ["unsupported: Waterproof"]


@pytest.mark.parametrize("fact", ["Faux leather", "vegan leather", "Kunstleder", "leather look"])
def test_an_imitation_does_not_support_the_real_thing(fact: str):
    assert problems("A leather bag", fact) == ["unsupported: leather"]


@pytest.mark.parametrize("text", ["A faux leather bag", "Leather-look bag", "leather-free"])
def test_an_imitation_is_no_claim_of_the_real_thing(text: str):
    assert problems(text, "A bag") == []


def test_a_value_supports_its_words_in_every_language():
    assert problems("Tasche aus Leder", "Leather") == []


def test_a_word_inside_another_is_no_claim():
    assert problems("Redesigned, bestowed, biography, leathery", "A bag") == []


def test_a_yes_supports_what_its_attribute_is_called():
    yes = Fact(key="a1", label="Waterproof", text="Yes")
    no = Fact(key="a1", label="Waterproof", text="No")
    lexicon = Lexicon(claim_groups())
    assert Checker(Support((yes,)), lexicon).claims("Waterproof")[0].supported_by == ("a1",)
    assert Checker(Support((no,)), lexicon).claims("Waterproof")[0].problem


def test_a_guess_supports_with_a_warning():
    guess = Fact(key="a1", label="Material", text="Leather", unsure=True)
    lexicon = Lexicon(claim_groups(), term_groups({"leather": ["Leather"]}))
    [claim] = Checker(Support((guess,)), lexicon).claims("A leather bag")
    assert claim.problem == "unconfirmed: leather (Material is a machine's guess)"
    sure = Fact(key="title", label="Title", text="Leather bag")
    assert not Checker(Support((guess, sure)), lexicon).claims("A leather bag")[0].problem


def test_where_it_is_made_must_be_known():
    assert problems("Made in Portugal", "Made in Portugal") == []
    assert problems("Made in Italy", "Made in Portugal") == ["unsupported: Made in Italy"]
    assert problems("Made in Italy", origin="Italy") == []


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("30 cm wide", "Width: 30 cm"),
        ("300 mm wide", "Width: 30 cm"),
        ("0.3 m wide", "Width: 30 cm"),
        ("30cm wide", "30"),
        ("1,5 l", "1500 ml"),
        ("1.500 g", "1.5 kg"),
        ("100% cotton", "100 % cotton"),
        ("Fits 15 inches", '15" laptops'),
        ("Holds 12 cards", "12 card slots"),
        ("Two pockets", "2 pockets"),
        ("2 Taschen", "Zwei Taschen"),
    ],
)
def test_a_number_that_a_fact_has_is_supported(text: str, fact: str):
    assert [one for one in problems(text, fact) if "number" in one] == []


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("31 cm wide", "Width: 30 cm"),
        ("30 mm wide", "Width: 30 cm"),
        ("30 kg", "Width: 30 cm"),
        ("99% cotton", "100 % cotton"),
        ("Over 10,000 sold", "A bag"),
        ("24/7", "A bag"),
        ("Three pockets", "Two pockets"),
    ],
)
def test_a_number_that_no_fact_has_is_flagged(text: str, fact: str):
    assert [one for one in problems(text, fact) if "unsupported number" in one]


def test_what_stands_on_the_next_line_is_of_no_number():
    assert problems("Model 512\nEUR 29.90", "Model 512", prices=(PRICE,)) == []


def test_the_numbers_of_a_list_are_no_claims():
    assert problems("1. Soft\n2. Light\n", "A bag") == []


@pytest.mark.parametrize("text", ["€29.90", "29,90 €", "EUR 29.90", "29.90 euro", "was €39.90"])
def test_the_real_price_may_be_said(text: str):
    assert problems(f"Now {text} only", prices=(PRICE,)) == []


@pytest.mark.parametrize("text", ["€29", "€29.99", "$29.90", "29.90 GBP", "2990 €"])
def test_another_price_is_flagged(text: str):
    [problem] = problems(f"Now {text} only", prices=(PRICE,))
    assert problem == f"{text} is not the price (EUR 29.90)"


def test_a_price_of_a_product_without_one_is_flagged():
    assert problems("€10", "A bag") == ["€10 is not the price (none is known)"]


@pytest.mark.parametrize(
    "text", ["25% off", "25 % Rabatt", "Save 25%", "Save €10", "-25 %", "On sale"]
)
def test_a_real_discount_may_be_said(text: str):
    assert problems(text, prices=(PRICE,)) == []


@pytest.mark.parametrize("text", ["30% off", "Save 30%", "Save €12", "-30 %"])
def test_another_discount_is_flagged(text: str):
    [problem] = problems(text, prices=(PRICE,))
    assert problem.startswith("unsupported discount")


def test_what_the_offer_promises_may_be_said():
    offer = "20% off and free shipping until 24 December"
    text = "20% off with free shipping, only until 24 December"
    assert problems(text, offer=offer, prices=(PRICE,)) == []


def test_the_price_after_a_discount_that_the_offer_does_not_name_is_flagged():
    assert problems("Now €23.92", offer="20% off", prices=(PRICE,))


def test_a_claim_says_which_facts_it_rests_on():
    found = checker("Red leather", "A bag", "Leather").claims("Leather")
    assert [claim.supported_by for claim in found] == [("a1", "a3")]


def test_facts_are_found_by_key():
    assert list(support("x", offer="y").by_key()) == ["a1", "offer"]


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [("en", "In coral or sky", []), ("fr", "Une bague en or", ["or"]), ("en-GB", "Gold", ["Gold"])],
)
def test_materials_are_looked_for_in_the_language_of_the_ad(monkeypatch, language, text, words):
    gold = SimpleNamespace(key="gold", labels={"en": "Gold", "fr": "Or"})
    material = SimpleNamespace(key="material", terms=[gold])
    known = SimpleNamespace(attributes={"material": material})
    monkeypatch.setattr(evidence.vocabulary, "current", lambda: known)
    words_of = evidence.lexicon({"language": language, "catalog_language": "en"})
    assert [claim.text for claim in Checker(Support(()), words_of).claims(text)] == words
