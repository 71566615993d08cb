"""Suggestions, histories and acts through the API."""

from __future__ import annotations

import pytest

from catalog.models import Batch, LedgerEntry, Source
from catalog.services.ledger import MachineValue, attribute_set, machine_values_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def product(make_product, vocabulary, no_engine):
    product = make_product("Mug", color=None)
    said = [MachineValue("color", ["red"], 0.8), MachineValue("title", ["A fine mug"], 0.9)]
    machine_values_record(said={product: said}, source=Source.VISION_LLM, model="m")
    return product


def entry(field: str) -> LedgerEntry:
    return LedgerEntry.objects.get(field=field, source=Source.VISION_LLM)


def test_suggestions_of_a_product_come_surest_first(api, product):
    status, rows = api.get(f"/products/{product.pk}/suggestions")
    assert status == 200
    assert [(row["field"], row["value"], row["source"]) for row in rows] == [
        ("title", ["A fine mug"], "vision-llm"),
        ("color", ["red"], "vision-llm"),
    ]


def test_accepted_text_is_the_product_s(api, product, person):
    status, row = api.post(f"/suggestions/{entry('title').pk}/accept")
    assert (status, row["decision"], row["decided_by"]) == (200, "accepted", person.username)
    assert api.get(f"/products/{product.pk}")[1]["title"] == "A fine mug"


def test_decision_is_undone(api, product):
    pk = entry("title").pk
    api.post(f"/suggestions/{pk}/accept")
    status, answer = api.post(f"/suggestions/{pk}/undo")
    assert (status, answer["restored"], answer["suggestion"]["decision"]) == (200, True, "")
    assert api.get(f"/products/{product.pk}")[1]["title"] == "Mug"


def test_rejected_suggestion_is_gone_from_the_list(api, product):
    api.post(f"/suggestions/{entry('title').pk}/reject")
    fields = [row["field"] for row in api.get(f"/products/{product.pk}/suggestions")[1]]
    assert fields == ["color"]


def test_suggestion_that_nobody_decided_on_cannot_be_undone(api, product):
    status, answer = api.post(f"/suggestions/{entry('title').pk}/undo")
    assert status == 422
    assert "Nobody has decided" in answer["error"]["message"]


def test_many_are_decided_on_as_one_act_that_is_undone_and_restored(api, product, catalog):
    ids = [entry("title").pk, entry("color").pk]
    status, answer = api.send(
        "POST", f"/catalogs/{catalog.slug}/suggestions/decide", {"ids": [*ids, 999], "accept": True}
    )
    assert (status, answer["decided"]) == (200, 2)
    assert answer["refused"] == [{"id": 999, "message": "There is no such suggestion."}]
    status, undone = api.post(f"/batches/{answer['batch']}/undo")
    assert (status, undone["values"], undone["kept"]) == (200, 2, 0)
    assert undone["batch"]["undone_by"] == "ada"
    assert api.get(f"/products/{product.pk}")[1]["title"] == "Mug"
    status, restored = api.post(f"/batches/{answer['batch']}/restore")
    assert (status, restored["batch"]["undone_at"]) == (200, None)
    assert api.get(f"/products/{product.pk}")[1]["title"] == "A fine mug"


def test_suggestions_of_other_catalogues_are_not_decided_on(api, product, make_catalog, person):
    other = make_catalog("Other", owner=person)
    body = {"ids": [entry("title").pk], "accept": True}
    status, answer = api.send("POST", f"/catalogs/{other.slug}/suggestions/decide", body)
    assert (status, answer["decided"], len(answer["refused"])) == (200, 0, 1)
    assert answer["batch"] is None
    assert not Batch.objects.exists()


def test_history_tells_all_that_was_said_of_a_field(api, product, person):
    attribute_set(product=product, field="color", value="blue", actor=person)
    status, rows = api.get(f"/products/{product.pk}/history", field="color")
    assert status == 200
    assert [(row["value"], row["source"], row["created_by"]) for row in rows] == [
        (["blue"], "person", "ada"),
        (["red"], "vision-llm", None),
    ]
    assert len(api.get(f"/products/{product.pk}/history")[1]) == 3


def test_batches_are_listed_newest_first(api, catalog, person):
    for label in ("first", "second"):
        Batch.objects.create(catalog=catalog, label=label, created_by=person)
    status, page = api.get(f"/catalogs/{catalog.slug}/batches", limit=1)
    assert (status, page["total"], page["batches"][0]["label"]) == (200, 2, "second")


def test_batch_is_not_undone_twice(api, catalog, person):
    batch = Batch.objects.create(catalog=catalog, label="act", created_by=person)
    api.post(f"/batches/{batch.pk}/undo")
    status, answer = api.post(f"/batches/{batch.pk}/undo")
    assert (status, answer["error"]["message"]) == (422, "This was undone already.")
