"""Rehearsals performed against the protocol server, and what is never said of them."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError

from prodintel.engine.errors import EngineUnavailable
from tests.catalog.colours import staged
from tests.tools.kinds.twin_simulator.embedding import KnownSentences
from tests.tools.kinds.twin_simulator.reading import BUYS, blocks, say, shoppers
from tests.tools.performing import perform_here
from tools import personas
from tools.kinds.twin_simulator import rehearsal
from tools.kinds.twin_simulator.claims import LEFT_OUT
from tools.kinds.twin_simulator.options import TwinOptions
from tools.kinds.twin_simulator.tool import TwinSimulator
from tools.models import Panel, RunState
from tools.services.panels import panel_create
from tools.services.runs import run_resume

pytestmark = pytest.mark.django_db(transaction=True)


def test_rehearsal_ends_with_reactions_figures_and_what_can_be_used(groq, rehearse):
    groq()
    run = rehearse()
    assert (run.state, run.error, run.writer) == (RunState.DONE, "", "groq")
    shown = blocks(run)
    assert [block["id"] for block in run.blocks if block["part"] == "evidence"] == [
        "twins",
        "panel",
    ]
    assert shown["received"]["data"]["chart"] == "distribution"
    assert [row["label"] for row in shown["received"]["data"]["rows"]] == [
        "A: As it is",
        "B: Price: 18.00 EUR",
        "A: As it is, shown again",
    ]
    assert shown["use"]["data"]["fields"][0]["value"] == "18.00"
    assert len(run.output["reactions"]) == 9
    assert set(run.output["figures"]["means"]) == {"A", "B", "A2"}
    TwinSimulator.output.model_validate(run.output)


def test_every_shopper_has_a_card_and_says_in_which_order_the_twins_were_seen(groq, rehearse):
    groq()
    cards = shoppers(rehearse(personas=5))
    assert len(cards) == 5
    assert {len(card["order"]) for card in cards} == {3}
    assert len({tuple(card["order"]) for card in cards}) > 1
    assert all([each["label"] for each in card["reactions"]] == card["order"] for card in cards)


def test_few_shoppers_are_asked_at_once(groq, rehearse):
    server = groq(first_token=0.3, tokens_per_second=5000)
    rehearse(personas=6)
    assert 1 < server.most_concurrent <= rehearsal.AT_ONCE


def test_no_prompt_tells_which_listing_is_which_twin(groq, rehearse):
    server = groq()
    rehearse()
    asked = [call.text for call in server.requests if "<rehearsal>" in call.text]
    assert len(asked) == 3
    for text in asked:
        data = json.loads(text.partition("<rehearsal>\n")[2].partition("\n</rehearsal>")[0])
        assert [each["number"] for each in data["listings"]] == [1, 2, 3]
        assert sorted(each["price"] for each in data["listings"]) == ["18.00 EUR", "20.00 EUR", "20.00 EUR"]  # fmt: skip
        assert "As it is" not in text
        assert "no percentages" in text


def test_same_seed_repeats_orders_and_figures(groq, rehearse):
    groq()
    first, second, other = (rehearse(seed=seed) for seed in (5, 5, 6))
    assert [card["order"] for card in shoppers(first)] == [
        card["order"] for card in shoppers(second)
    ]
    assert first.output["figures"] == second.output["figures"]
    assert first.evidence["panel"] == second.evidence["panel"] != other.evidence["panel"]


def test_twins_that_are_received_alike_are_indistinguishable(groq, rehearse):
    say(groq(), "It is a mug.")
    text = json.dumps(blocks(rehearse())["differences"]["data"], ensure_ascii=False)
    assert "indistinguishable from the listing" in text
    assert "repeatability of this simulation, not accuracy" in text


def test_without_the_control_no_difference_is_called_clear(groq, rehearse):
    groq()
    run = rehearse(control=False)
    text = json.dumps(blocks(run)["differences"]["data"])
    assert "The control was off" in text
    assert run.output["figures"]["noise_floor"] is None


@pytest.mark.parametrize(
    "claim",
    [
        "80% of shoppers would buy this.",
        "I am 90 percent likely to purchase it.",
        "Nine out of ten people would order it. Sales would double.",
    ],
)
def test_share_that_would_buy_is_never_shown_anywhere(groq, rehearse, claim):
    say(groq(), f"I like it. {claim}")
    run = rehearse()
    told = json.dumps([run.blocks, run.output], ensure_ascii=False)
    assert claim not in told
    assert not BUYS.search(told)
    assert LEFT_OUT in told
    events = json.dumps(list(run.events.values_list("data", flat=True)), ensure_ascii=False)
    assert not BUYS.search(events)


@pytest.mark.parametrize("fault", ["html", "obeyed", "surrogates", "nul"])
def test_hostile_reactions_do_no_harm(groq, rehearse, fault):
    groq().script(fault, when=lambda call: "<rehearsal>" in call.text, times=None)
    run = rehearse()
    assert run.state in {RunState.DONE, RunState.FAILED}
    assert "\\u0000" not in json.dumps(run.blocks)
    longest = max((len(each["text"]) for card in shoppers(run) for each in card["reactions"]), default=0)  # fmt: skip
    assert longest <= 2000


def test_one_shopper_who_cannot_be_asked_leaves_the_others(groq, rehearse):
    server = groq()
    server.script("400", when=lambda call: "<rehearsal>" in call.text)
    run = rehearse()
    assert run.state == RunState.FAILED
    assert len(run.output["reactions"]) == 6

    asked = len(server.requests)
    run_resume(run=run)
    perform_here(run.pk)
    run.refresh_from_db()
    assert (run.state, len(run.output["reactions"])) == (RunState.DONE, 9)
    assert len(server.requests) == asked + 1


def test_model_that_ranks_wrongly_leaves_quotes_only(groq, rehearse, monkeypatch):
    groq()
    embed = KnownSentences(backwards=True)
    monkeypatch.setattr(rehearsal, "client", lambda: SimpleNamespace(embed_sentences=embed))
    run = rehearse()
    shown = blocks(run)
    assert run.state == RunState.DONE
    assert shown["received"]["kind"] == "notice"
    assert "did not rank 30 test statements right" in shown["received"]["data"]["text"]
    assert {shown[name]["kind"] for name in ("differences", "favourites")} == {"notice"}
    assert shown["quotes"]["data"]["quotes"]
    assert run.output["figures"] == {}


def test_engine_that_does_not_answer_leaves_quotes_only(groq, rehearse, monkeypatch):
    def away(_texts):
        raise EngineUnavailable("The engine is not running.")

    groq()
    monkeypatch.setattr(rehearsal, "client", lambda: SimpleNamespace(embed_sentences=away))
    run = rehearse()
    assert run.state == RunState.DONE
    assert "The engine is not running." in blocks(run)["received"]["data"]["text"]


def test_engine_that_ends_meanwhile_leaves_quotes_only(groq, rehearse, monkeypatch):
    groq()
    known = KnownSentences()

    def ends(texts):
        if known.asked:
            raise EngineUnavailable("The engine went away.")
        return known(texts)

    monkeypatch.setattr(rehearsal, "client", lambda: SimpleNamespace(embed_sentences=ends))
    run = rehearse()
    assert run.state == RunState.DONE
    shown = [blocks(run)[name] for name in ("received", "differences", "favourites")]
    assert {(block["kind"], block["state"]) for block in shown} == {("notice", "done")}
    assert run.output["figures"] == {}


def test_figures_stand_before_what_each_shopper_says(groq, rehearse):
    groq()
    order = list(blocks(rehearse()))
    assert order.index("favourites") < order.index("shopper-1-1") < order.index("objections")


def test_without_a_model_no_reaction_is_invented(rehearse):
    run = rehearse()
    assert (run.state, run.writer) == (RunState.DONE, "draft")
    assert [block["id"] for block in run.blocks] == ["twins", "panel", "no-model", "use"]
    assert "cannot be had without a language model" in blocks(run)["no-model"]["data"]["text"]
    assert "reactions" not in run.output


def test_photos_are_described_once_each_and_shoppers_are_told(groq, rehearse, make_product):
    server = groq()
    photos = [staged("red", mark=1), staged("blue", mark=2)]
    product = make_product("Mug", photos=photos, price="20.00")
    run = rehearse(product, twins=[{"changes": [{"field": "photo", "value": "other"}]}])
    assert run.state == RunState.DONE
    assert sum(bool(call.images) for call in server.requests) == 2
    told = blocks(run)["photos"]["data"]["items"]
    assert len(told) == 3
    asked = [call.text for call in server.requests if "<rehearsal>" in call.text]
    assert all(told[0]["value"][:20] in text and told[1]["value"][:20] in text for text in asked)


def test_reactions_in_another_language_are_rated_in_english(groq, rehearse, catalog, sentences):
    catalog.language = "de"
    catalog.save()
    server = groq()
    said = [{"reaction": "Ich mag es.", "in_english": "I like it."}] * 3
    server.script("change", when=lambda call: "<rehearsal>" in call.text, times=None, values={"reactions": said})  # fmt: skip
    run = rehearse()
    assert {each["text"] for each in shoppers(run)[0]["reactions"]} == {"Ich mag es."}
    assert sentences.asked[-1] == ["I like it."] * 9


def test_saved_panel_is_asked_as_it_is(groq, rehearse, catalog, person):
    server = groq()
    people = personas.by_rules(category="mugs", audience="", count=4, seed=9)
    panel = panel_create(catalog=catalog, name="Regulars", personas=people, actor=person)
    run = rehearse(panel=panel.pk, personas=4)
    assert [card["name"] for card in shoppers(run)] == [each.name for each in people]
    assert not any("<panel>" in call.text for call in server.requests)


def test_panel_that_is_gone_is_said(rehearse):
    run = rehearse(panel=4711)
    assert run.state == RunState.FAILED
    assert "not there any more" in run.error


def test_panel_of_another_catalogue_is_not_asked(rehearse, make_catalog, person):
    people = personas.by_rules(category="", audience="", count=2, seed=1)
    panel = panel_create(catalog=make_catalog(), name="Theirs", personas=people, actor=person)
    assert Panel.objects.get(pk=panel.pk)
    assert rehearse(panel=panel.pk).state == RunState.FAILED


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("price", "cheap", "is no price"),
        ("price", "20.00", "same as the listing"),
        ("price", "-100%", "above zero"),
        ("title", "Mug", "same as the listing"),
        ("photo", "other", "another photo"),
        ("no_such", "red", "no attribute"),
    ],
)
def test_change_that_cannot_be_made_is_said(mug, field, value, message):
    options = TwinOptions(twins=[{"changes": [{"field": field, "value": value}]}])
    with pytest.raises(ValidationError, match=message):
        TwinSimulator().gather(mug, options)


def test_claim_and_attribute_become_fields_to_use(mug, vocabulary):
    changes = [{"field": "claim", "value": "Made to last."}, {"field": "color", "value": "blue"}]
    evidence = TwinSimulator().gather(mug, TwinOptions(twins=[{"changes": changes}]))
    fields = {each["field"]: each["value"] for each in evidence.facts["use"]["fields"]}
    assert fields == {"description": "Made to last.", "color": "blue"}


def test_question_about_how_likely_is_refused():
    with pytest.raises(ValueError, match="reaction in words"):
        TwinOptions(question="How likely is it, from 1 to 10, that you buy this?")


def test_without_any_twins_a_lower_price_is_tried(mug):
    twins = TwinSimulator().gather(mug, TwinOptions()).facts["twins"]
    assert [twin["price"] for twin in twins] == ["20.00", "18.00", "20.00"]


def test_product_of_which_nothing_can_be_changed_is_said(make_product):
    with pytest.raises(ValidationError, match="Add a twin"):
        TwinSimulator().gather(make_product("Mug", color=None), TwinOptions())


def test_result_is_a_table_of_reactions(groq, rehearse):
    groq()
    rows = TwinSimulator().table(rehearse().output)
    assert rows[0][:3] == ["shopper", "round", "twin"]
    assert len(rows) == 10
