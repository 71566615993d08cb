"""The run's page: twins side by side, shoppers' cards, and no share that would buy."""

from __future__ import annotations

import pytest

from tests.tools.kinds.twin_simulator.reading import BUYS, say
from tools.blocks import render_block

pytestmark = pytest.mark.django_db(transaction=True)
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(1)">'


def page(client, run, person):
    client.force_login(person)
    return client.get(run.get_absolute_url()).content.decode()


def test_page_shows_twins_with_what_differs_and_a_card_a_shopper(groq, rehearse, client, person):
    groq()
    run = rehearse()
    text = page(client, run, person)
    assert "<del>20.00 EUR</del> <ins>18.00 EUR</ins>" in text
    assert text.count("Saw in this order:") == 3
    assert "repeatability of this simulation, not accuracy" in text
    assert "cannot be shown" not in text


def test_cards_are_open_while_shoppers_are_heard_and_folded_once_the_run_is_over(
    groq, rehearse, client, person
):
    groq()
    run = rehearse()
    assert '-said" data-keep-open>' in page(client, run, person)
    card = next(block for block in run.blocks if block["kind"] == "twin_simulator_persona")
    run.state = "running"
    assert '-said" data-keep-open open>' in render_block(card, run, may_edit=True)
    growing = render_block({**card, "state": "running"}, run, may_edit=True)
    assert "<details" not in growing


def test_page_never_shows_a_share_that_would_buy(groq, rehearse, client, person):
    say(groq(), "I like it. 80% of shoppers would buy this.\n\n90 % would\npurchase it.")
    text = page(client, rehearse(), person)
    assert "I like it." in text
    assert not BUYS.search(text)
    assert "would buy" not in text


def test_nothing_a_shopper_says_becomes_markup(groq, rehearse, client, person):
    say(groq(), HOSTILE)
    text = page(client, rehearse(), person)
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_page_without_a_model_says_what_cannot_be_had(rehearse, client, person):
    text = page(client, rehearse(), person)
    assert "cannot be had without a language model" in text
    assert "Saw in this order:" not in text
