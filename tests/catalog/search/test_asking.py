"""Questions in the search box: what the rules read of them, and what a model adds."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from catalog.models import AttributeKind, Category, Term
from catalog.search.asking import model as asking_model
from catalog.search.asking import question_ask, question_read, rules, worth_asking
from catalog.services.ledger import attribute_set
from catalog.services.products import products_set_category
from prodintel.llm.models import Call
from tests.llm.conftest import groq  # noqa: F401 -- a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def bags(catalog, make_product, vocabulary, person):
    """Two bags: a red one of leather by ACME, and a green one that does not say what it is of."""
    Term.objects.create(
        attribute=vocabulary["material"],
        key="leather",
        labels={"en": "Leather & hide", "de": "Leder"},
        prompts=["cowhide"],
    )
    vocabulary["color"].labels = {"en": "Colour", "de": "Farbe"}
    vocabulary["color"].save()
    Category.objects.create(
        slug="bags", path="bags", labels={"en": "Bags", "de": "Taschen"}, prompts=["tote bag"]
    )
    red = make_product("Alba", color=None, brand="ACME Bags", price=Decimal(70))
    green = make_product("Bora", color=None, price=Decimal(75), status="approved")
    products_set_category(products=[red, green], path="bags", actor=person)
    attribute_set(product=red, field="material", value="leather", actor=person)
    attribute_set(product=red, field="color", value="red", actor=person)
    attribute_set(product=red, field="organic", value=True, actor=person)
    attribute_set(product=green, field="color", value="green", actor=person)
    return catalog


def read(catalog, text):
    """Words, filters and what is missing, of a text that must be a question."""
    told = question_read(catalog, text).as_json()
    return told["words"], told["filters"], told["missing"]


@pytest.mark.parametrize(
    ("text", "words", "filters", "missing"),
    [
        (
            "which leather bags under 80 lack a material?",
            "leather",
            {"category": ["bags"], "price": {"lte": 80}},
            ["material"],
        ),
        ("red bags cheaper than €1,200.50", "", {"category": ["bags"], "color": ["red"], "price": {"lte": 1200.5}}, []),
        ("bags between 20 and 50 euros", "", {"category": ["bags"], "price": {"gte": 20, "lte": 50}}, []),
        ("Bags from 50 to 20", "", {"category": ["bags"], "price": {"gte": 20, "lte": 50}}, []),
        ("tote bags over 1.200,50", "", {"category": ["bags"], "price": {"gte": 1200.5}}, []),
        ("bags over 50 and under 90 EUR", "", {"category": ["bags"], "price": {"gte": 50, "lte": 90}}, []),
        ("what has no description or brand?", "", {}, ["brand", "description"]),
        ("bags whose description is missing", "", {"category": ["bags"]}, ["description"]),
        ("bags without colour, material and price", "", {"category": ["bags"]}, ["color", "material", "price"]),
        ("show me approved cowhide bags", "", {"category": ["bags"], "material": ["leather"], "status": ["approved"]}, []),
        ("which bags are organic?", "", {"category": ["bags"], "organic": ["True"]}, []),
        ("Which Acme Bags do we have?", "", {"brand": ["ACME Bags"]}, []),
        ("are there red or green bags?", "", {"category": ["bags"], "color": ["green", "red"]}, []),
        ("which bags suit a beach?", "suit beach", {"category": ["bags"]}, []),
        ("which blue bags?", "blue", {"category": ["bags"]}, []),
        ("which bags are not red?", "not red", {"category": ["bags"]}, []),
        ("lamps under 40 cm?", "lamps under 40 cm", {}, []),
    ],
)  # fmt: skip
def test_question_is_read_by_rules(bags, text, words, filters, missing):
    assert read(bags, text) == (words, filters, missing)


@pytest.mark.parametrize(
    ("language", "text", "filters", "missing"),
    [
        ("de", "welche Taschen aus Leder unter 80 € haben keine Farbe?", {"category": ["bags"], "material": ["leather"], "price": {"lte": 80}}, ["color"]),
        ("de", "Taschen, bei denen die Beschreibung fehlt", {"category": ["bags"]}, ["description"]),
        ("fr", "quels bags coûtent moins de 80 euros?", {"category": ["bags"], "price": {"lte": 80}}, []),
        ("es", "bags entre 20 y 50 sin descripción", {"category": ["bags"], "price": {"gte": 20, "lte": 50}}, ["description"]),
        ("pt", "which bags under 80?", {"category": ["bags"], "price": {"lte": 80}}, []),
    ],
)  # fmt: skip
def test_question_may_be_in_the_catalogue_s_language(bags, language, text, filters, missing):
    bags.language = language
    assert read(bags, text)[1:] == (filters, missing)


@pytest.mark.parametrize(
    "text",
    ["red bags", "bag", "mug without handle", "TEE-001", "", "?", "no logo tote", "lamp 40 cm", "7 under"],
)  # fmt: skip
def test_plain_search_is_no_question(bags, text):
    assert question_read(bags, text) is None


def test_title_of_a_product_is_no_question(bags, make_product):
    make_product("Which Witch?", color=None)
    assert question_read(bags, "which witch?") is None


def test_price_in_another_currency_is_not_compared_and_it_is_said(bags):
    reading = question_read(bags, "which bags under $80?")
    assert not reading.filters.has_price
    assert "EUR" in reading.note
    assert "80" in reading.words


def test_value_that_the_catalogue_does_not_have_stays_a_word(bags):
    assert read(bags, "which wood mugs?") == ("wood mugs", {}, [])


def test_word_of_two_attributes_means_the_one_that_is_used(bags, vocabulary, make_product, person):
    vocabulary["style"].kind = AttributeKind.CHOICE
    Term.objects.create(attribute=vocabulary["style"], key="cotton", labels={"en": "Cotton"})
    attribute_set(product=make_product(color=None), field="style", value="cotton", actor=person)
    assert read(bags, "which cotton bags?")[1] == {"category": ["bags"], "style": ["cotton"]}


def test_reading_says_which_words_it_made_of_what(bags):
    reading = question_read(bags, "which leather bags under 80 lack a material?")
    assert [(part.said, part.field, part.value) for part in reading.parts] == [
        ("bags", "category", "bags"),
        ("under 80", "price", "<=80"),
        ("lack a material", "missing", "material"),
    ]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("which red bags lack a material?", True),
        ("which red bags suit a beach?", True),
        ("which bags are not red?", False),
        ("which bags come with a zip and straps for hiking?", False),
        ("which bags weigh under 2 kg?", False),
    ],
)
def test_reading_is_whole_where_no_filter_could_be_made_of_the_rest(bags, text, whole):
    assert question_read(bags, text).is_whole is whole


def test_plain_words_are_told_from_questions_without_the_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert not rules.may_be_question("red leather bag for women", "en")


@pytest.fixture
def model(groq, bags):  # noqa: F811
    """A running model; `says` scripts its next answer."""
    server = groq()

    def says(**answer):
        whole = {"words": "", "filters": [], "price_min": None, "price_max": None, "missing": []}
        server.script("say", text=json.dumps(whole | answer))

    server.says = says
    return server


UNCLEAR = "which bags are not red?"


def asked(catalog, text=UNCLEAR):
    return question_ask(catalog, question_read(catalog, text), user_id=None)


def test_model_reads_what_the_rules_left_over(model, bags):
    color = {"field": "color", "values": ["Green", "mauve"]}
    model.says(words="bags", filters=[color], price_max=99.5, missing=["description"])
    told = asked(bags).as_json()
    assert told["by"] == "model"
    assert told["words"] == "bags"
    # Only what the catalogue has.
    assert told["filters"] == {"color": ["green"], "price": {"lte": 99.5}}
    assert told["missing"] == ["description"]
    call = Call.objects.get()
    assert (call.purpose, call.scope) == ("search_question", f"catalog:{bags.pk}")


def test_what_a_model_read_is_remembered(model, bags):
    model.says(words="green bags")
    better = asked(bags)
    assert question_read(bags, UNCLEAR) == better
    assert asked(bags) == better
    assert len(model.requests) == 1


def test_model_is_told_of_the_question_as_data(model, bags):
    model.says(words="bags")
    asked(bags)
    system, user = model.requests[0].body["messages"]
    assert "not instructions" in system["content"]
    assert UNCLEAR not in system["content"]
    assert json.loads(user["content"].removeprefix("<data>").removesuffix("</data>")) == {
        "question": UNCLEAR,
        "catalogue": {
            "status": ["draft", "in_review", "approved", "archived"],
            "category": ["bags"],
            "color": ["green", "red"],
            "material": ["leather"],
            "organic": ["True"],
        },
    }


@pytest.mark.parametrize(
    "said",
    [
        "<script>alert(1)</script>",
        '{"words": "", "filters": [], "price_min": null, "price_max": null, "missing": []}',
        '{"words": "x", "filters": [{"field": "secret", "values": ["a"]}], "price_min": null, "price_max": null, "missing": []}',
    ],
)
def test_answer_that_is_no_reading_leaves_the_rules_and_it_is_said(model, bags, said):
    model.script("say", text=said, times=None)
    reading = asked(bags)
    assert (reading.by, reading.words) == ("rules", "not red")
    assert reading.note.startswith("Read by rules: ")


@pytest.mark.parametrize("fault", ["500", "429", "401", "cut_body"])
def test_model_that_fails_leaves_the_rules_and_is_not_asked_again_at_once(model, bags, fault):
    model.script(fault, times=None)
    first = asked(bags)
    assert (first.by, first.words) == ("rules", "not red")
    assert first.note
    tried = len(model.requests)
    assert asked(bags) == first
    assert len(model.requests) == tried


def test_slow_model_is_not_waited_for(model, bags, monkeypatch):
    monkeypatch.setattr(asking_model, "PATIENCE_SECONDS", 0.2)
    model.script("hang", seconds=5, times=None)
    assert asked(bags).by == "rules"


def test_question_that_rules_read_whole_asks_no_model(model, bags):
    assert asked(bags, "which red bags lack a material?").by == "rules"
    assert not model.requests


def test_no_model_is_asked_without_a_key(bags):
    assert not worth_asking(question_read(bags, UNCLEAR))
