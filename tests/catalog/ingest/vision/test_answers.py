"""What an answer of the vision model becomes."""

from __future__ import annotations

import pytest

from catalog.ingest import vision_flights
from catalog.models import CurrentTerm, LedgerEntry, Source, Term, TermState, VisionTask
from catalog.services.ledger import MachineValue, attribute_set, machine_values_record
from catalog.services.vocabulary import terms_decide
from prodintel.lib.work import WorkState
from tests.catalog.ingest.asked import answer_of, attributes, suggested, values

pytestmark = pytest.mark.django_db


def test_an_answer_becomes_attributes_and_suggestions(describe, make_product):
    product = make_product()
    assert describe() == 1
    assert values(product) == {"category": ["home/kitchen/mugs"], "color": ["red"]}
    assert suggested(product, "title") == [["Red mug"]]
    alt = LedgerEntry.objects.get(product=product, field="alt_text")
    assert (alt.photo, alt.locale) == (product.placements.get().photo, "en")
    task = VisionTask.objects.get()
    assert (task.state, task.cannot_tell) == (WorkState.DONE, ["dimensions"])
    assert alt.source == Source.VISION_LLM
    assert alt.model == "vision-model"


def test_a_later_key_supersedes_what_zero_shot_said(describe, make_product):
    product = make_product()
    zero_shot = [MachineValue("color", ["blue"], 0.6), MachineValue("category", ["clothes"], 0.6)]
    machine_values_record(said={product: zero_shot}, source=Source.ZERO_SHOT, model="m")
    describe()
    assert values(product) == {"category": ["home/kitchen/mugs"], "color": ["red"]}
    row = LedgerEntry.objects.get(product=product, field="color", source=Source.VISION_LLM)
    assert row.said_confidence == 0.8
    assert row.evidence["agreement"]["agrees"] == -1.0
    assert row.confidence < row.said_confidence


def test_a_person_is_never_overwritten(describe, make_product, person):
    product = make_product()
    attribute_set(product=product, field="color", value="green", actor=person)
    describe()
    assert values(product)["color"] == ["green"]
    assert ["red"] in suggested(product, "color")


def test_what_a_machine_may_not_set_is_a_suggestion(describe, model, make_product):
    model.answers = attributes(composition=["100 % cotton"])
    product = make_product()
    describe()
    assert "composition" not in values(product)
    assert suggested(product, "composition") == [["100 % cotton"]]


def test_a_value_outside_a_closed_list_is_proposed_kept_and_in_no_filter(
    describe, model, make_product, person
):
    model.answers = attributes(color=["red", "Vermilion"])
    product = make_product()
    describe()
    term = Term.objects.get(key="vermilion")
    assert (term.state, term.labels) == (TermState.PROPOSED, {"en": "Vermilion"})
    assert suggested(product, "color") == [["red", "vermilion"]]
    assert values(product)["color"] == ["red"]
    assert set(CurrentTerm.objects.filter(field="color").values_list("value", flat=True)) == {"red"}
    terms_decide(terms=[term], state=TermState.REJECTED, actor=person)
    VisionTask.objects.all().redo()
    VisionTask.objects.update(forced=True, nonce="again")
    describe()
    assert suggested(product, "color") == [["red"]]


def test_a_proposed_value_alone_counts_for_nothing_until_it_is_accepted(
    describe, model, make_product
):
    outside = [{"attribute": "material", "value": "Bakelite"}]
    model.answers = answer_of(attributes={}, outside_list=outside)
    product = make_product()
    describe()
    assert suggested(product, "material") == [["bakelite"]]
    assert "material" not in values(product)


def test_an_answer_to_photos_that_changed_meanwhile_is_dropped(
    describer, make_product, monkeypatch
):
    product = make_product()
    record = vision_flights.vision_answers_record

    def changed(**arguments):
        VisionTask.objects.all().redo()
        return record(**arguments)

    monkeypatch.setattr(vision_flights, "vision_answers_record", changed)
    describer.step()
    assert values(product) == {}
    assert VisionTask.objects.get().state == WorkState.PENDING
