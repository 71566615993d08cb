"""Questions on the search page: chips of what they were read as, and the ways out of it."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest
from django.urls import reverse

from catalog.services.ledger import attribute_set
from catalog.services.products import products_set_category
from tests.access.conftest import catalog, people  # noqa: F401 -- fixtures
from tests.catalog.conftest import make_product, no_engine, person, vocabulary  # noqa: F401
from tests.llm.conftest import groq  # noqa: F401

pytestmark = pytest.mark.django_db
QUESTION = "which red mugs under 80 lack a material?"
READ = f"q={QUESTION.replace(' ', '+').replace('?', '%3F')}"


@pytest.fixture
def see(catalog, make_product, vocabulary, people, person, no_engine, client):  # noqa: F811
    """The search page of a shop with two red mugs, one of which is of wood, as its owner sees it."""
    for title, material, price in (("Alba", "wood", 20), ("Bora", None, 30)):
        product = make_product(title, color=None, price=price)
        products_set_category(products=[product], path="home/kitchen/mugs", actor=person)
        attribute_set(product=product, field="color", value="red", actor=person)
        if material:
            attribute_set(product=product, field="material", value=material, actor=person)
    client.force_login(people["owner"])
    address = reverse("catalog:search", args=[catalog.slug])

    def run(asked, *, htmx=False):
        return client.get(address, asked, headers={"HX-Request": "true"} if htmx else {})

    return run


def labels(page):
    return [chip["label"] for chip in page.context["chips"]]


def titles(page):
    return [card["title"] for card in page.context["cards"]]


def asked_by(url):
    return {name: values[0] for name, values in parse_qs(url.removeprefix("?")).items()}


def test_question_becomes_chips_and_finds_what_lacks_the_attribute(see):
    page = see({"q": QUESTION})
    assert labels(page) == [
        "Category: Mugs",
        "Color: Red",
        "Price to 80 EUR",
        "Without material",
    ]
    assert titles(page) == ["Bora"]
    told = page.content.decode()
    assert "“lack a material” as <strong>without material</strong>" in told
    assert f'value="{QUESTION}"' in told


def test_chip_that_was_taken_away_does_not_come_back(see):
    (lacking,) = [c for c in see({"q": QUESTION}).context["chips"] if "material" in c["label"]]
    left = asked_by(lacking["remove_url"])
    page = see(left)
    assert "Without material" not in labels(page)
    assert sorted(titles(page)) == ["Alba", "Bora"]
    assert page.context["q"] == QUESTION


def test_filters_of_the_question_s_first_words_go_when_it_is_typed_on(see):
    before = "which red mugs under 8"
    page = see({"q": QUESTION, "read": before, "f.color": "red", "price_max": "8"})
    assert "Price to 80 EUR" in labels(page)
    plain = see({"q": "wood", "read": QUESTION, "f.color": "red", "missing": "material", "price_max": "80"})  # fmt: skip
    assert labels(plain) == []


def test_filter_that_was_there_before_the_question_stays(see):
    assert "Status: Approved" in labels(see({"q": QUESTION, "f.status": "approved"}))


def test_exact_words_can_be_searched_for_instead_and_read_again(see):
    reading = see({"q": QUESTION}).context["reading"]
    page = see(asked_by(reading["literal_url"]))
    assert labels(page) == []
    assert "Searching for the exact words." in page.content.decode()
    # Another question is read again.
    assert labels(see({"q": "which mugs?", "literal": QUESTION})) == ["Category: Mugs"]


def test_words_alone_can_be_taken_away(see):
    reading = see({"q": "which shiny mugs are there?"}).context["reading"]
    assert reading["words"] == "shiny"
    assert asked_by(reading["without_words_url"]) == {"f.category": "home/kitchen/mugs"}


def test_facet_that_is_changed_takes_the_reading_along(see):
    told = see({"q": QUESTION}).content.decode()
    assert f'name="read" value="{QUESTION}" form="search-form"' in told
    assert 'name="missing" value="material" form="search-form"' in told


def test_hostile_reading_parameters_are_left_out(see):
    page = see({"q": "mug", "read": "<script>", "literal": "\x00", "missing": "<b>"})
    assert page.status_code == 200
    assert "There is no field" in page.context["notice"]
    assert b"<script>" not in page.content.replace(b"<script ", b"")


def test_plain_words_have_no_reading(see):
    assert see({"q": "red mugs"}).context["reading"] == {}


def test_describing_takes_along_what_was_read(see):
    wanted = asked_by(see({"q": QUESTION}).context["describe_url"].partition("?")[2])
    assert wanted["missing"] == "material"


UNCLEAR = "which mugs are not of wood?"


@pytest.fixture
def model(groq):  # noqa: F811
    server = groq()
    answer = {"words": "", "price_min": None, "price_max": None, "missing": ["material"]}
    category = {"field": "category", "values": ["home/kitchen/mugs"]}
    server.script("say", text=json.dumps(answer | {"filters": [category]}), times=None)
    return server


def test_page_lets_the_model_read_what_rules_did_not_and_shows_it(see, model):
    reading = see({"q": UNCLEAR, "f.status": "draft"}).context["reading"]
    assert not model.requests
    answer = see(asked_by(reading["ask_url"]), htmx=True)
    assert labels(answer) == ["Category: Mugs", "Status: Draft", "Without material"]
    assert "Read by the language model" in answer.content.decode()
    # And from now on at once.
    assert labels(see({"q": UNCLEAR})) == ["Category: Mugs", "Without material"]
    assert len(model.requests) == 1


def test_model_is_not_asked_by_a_link_from_elsewhere(see, model):
    assert see({"q": UNCLEAR, "ask": "model"}).status_code == 204
    assert not model.requests


def test_model_is_not_asked_once_the_filters_were_changed(see, model):
    assert see({"q": UNCLEAR}).context["reading"]["ask_url"]
    assert not see({"q": UNCLEAR, "read": UNCLEAR}).context["reading"]["ask_url"]


def test_model_that_fails_is_said_beside_what_the_rules_read(see, model):
    model.clear()
    model.script("500", times=None)
    url = see({"q": UNCLEAR}).context["reading"]["ask_url"]
    told = see(asked_by(url), htmx=True).content.decode()
    assert "Read by rules: " in told
