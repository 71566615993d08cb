"""What a simulation must never say is left out, in whatever way it is put."""

from __future__ import annotations

import pytest

from tools.kinds.twin_simulator.claims import (
    LEFT_OUT,
    cleaned,
    is_forbidden,
    rateable,
    without_claims,
)
from tools.personas import Persona


@pytest.mark.parametrize(
    "sentence",
    [
        "80% of shoppers would buy this.",
        "80 per cent would purchase it.",
        "I am 90 % likely to buy.",
        "I'd put the odds that I buy it at 7/10.",
        "The probability that I buy it is 0.8.",
        "Conversion would rise by 12 percent.",
        "Nine out of ten people would choose it.",
        "Most customers will buy the red one.",
        "Half of the shoppers would order it.",
        "Everyone would buy it.",
        "Demand will increase.",
        "Sales would double.",
        "It would sell better in blue.",
        "**75** % would **buy**",
        "75\u00ad% would bu\u00ady",
        "80\u00a0% of people\nwould buy it",
        "80 Prozent der Kunden würden das kaufen.",
        "80 % des clients l'achèteraient, un achat sûr.",
        "El 80 % compraría: comprar es fácil.",
        "80% のお客様が購入します",
    ],
)
def test_sentence_about_how_much_is_bought_is_forbidden(sentence):
    assert is_forbidden(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "I would buy this for my sister.",
        "It costs 10 % less than the other one.",
        "100 % cotton is what I look for.",
        "I like the red more than the blue.",
        "The 30 cm size would fit my shelf.",
        "I'd rather order from a shop that names the material.",
        "I'd likely buy this one.",
        "I demand more detail.",
        "The price of 49.90 EUR seems fair and I would buy it.",
    ],
)
def test_plain_reaction_is_not_forbidden(sentence):
    assert not is_forbidden(sentence)


def test_forbidden_sentences_are_left_out_and_the_rest_stays():
    text = "I like the handle. 80% of people would buy it. 90% would order two. The lid looks thin."
    assert cleaned(text) == f"I like the handle. {LEFT_OUT} The lid looks thin."


def test_sentence_that_is_broken_over_lines_is_left_out():
    assert cleaned("80 % of people\n\nwould buy it") == LEFT_OUT


def test_figure_is_kept_back_while_its_sentence_grows():
    assert cleaned("I like it. 80% of peo", growing=True) == "I like it."
    assert cleaned("I like it. The lid is th", growing=True) == "I like it. The lid is th"


@pytest.mark.parametrize("value", [None, 3, ["a"], {"a": 1}])
def test_what_is_no_text_is_empty(value):
    assert cleaned(value) == ""


def test_character_that_no_database_keeps_is_dropped():
    assert cleaned("fi\x00ne") == "fine"


def test_mark_of_what_was_left_out_is_not_rated():
    assert rateable(cleaned("80% would buy. I like it.")) == "I like it."


def test_suggested_shoppers_say_nothing_of_how_much_is_bought():
    people = [
        Persona(name="Ada", about="Likes blue. 80% of such people buy it."),
        Persona(name="Most customers buy"),
    ]
    assert without_claims(people) == [Persona(name="Ada", about=f"Likes blue. {LEFT_OUT}")]
