"""Review over the API."""

from __future__ import annotations

import pytest

from catalog.models import LedgerEntry, Source
from catalog.services.ledger import MachineValue, attribute_set, machine_values_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def suggest(make_product, vocabulary):
    def make(*confidences: float | None) -> list[LedgerEntry]:
        products = [make_product(color=None) for _ in confidences]
        said = {
            product: [MachineValue("color", ["blue"], confidence)]
            for product, confidence in zip(products, confidences, strict=True)
        }
        machine_values_record(said=said, source=Source.VISION_LLM, model="m")
        return list(LedgerEntry.objects.order_by("pk"))

    return make


@pytest.fixture
def at(catalog):
    return f"/catalogs/{catalog.slug}/review"


def test_queue_is_paged_from_the_least_certain(api, at, suggest, person):
    sure, unsure, unknown = suggest(0.9, 0.2, None)
    attribute_set(product=unsure.product, field="color", value="red", actor=person)
    status, page = api.get(at, limit=2)
    assert (status, page["open"]) == (200, 3)
    assert [each["id"] for each in page["suggestions"]] == [unsure.pk, sure.pk]
    assert page["suggestions"][0]["current"] == {
        "value": ["red"],
        "source": "person",
        "locked": True,
    }
    _, rest = api.get(at, limit=2, cursor=page["next_cursor"])
    assert [each["id"] for each in rest["suggestions"]] == [unknown.pk]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [({"source": "person"}, "source"), ({"band": "?"}, "band"), ({"cursor": "x"}, "cursor")],
)
def test_queue_that_cannot_be_is_refused(api, at, suggest, query, field):
    status, answer = api.get(at, **query)
    assert (status, list(answer["error"]["fields"])) == (422, [field])


def test_decisions_are_answered_for_one_by_one(api, at, suggest):
    first, second = suggest(0.5, 0.6)
    body = {
        "decisions": [
            {"entry": first.pk, "decision": "accept"},
            {"entry": second.pk, "decision": "edit", "value": "red"},
            {"entry": second.pk, "decision": "edit", "value": "mauve"},
        ]
    }
    status, answer = api.send("POST", f"{at}/decisions", body)
    states = [each["state"] for each in answer["decisions"]]
    assert (status, states) == (200, ["done", "done", "already"])


@pytest.mark.parametrize(
    "body", [{}, {"decisions": []}, {"decisions": [{"entry": 1, "decision": "burn"}]}]
)
def test_decisions_that_cannot_be_read_are_refused(api, at, catalog, body):
    assert api.send("POST", f"{at}/decisions", body)[0] == 422


def test_sample_is_drawn_judged_and_its_rest_accepted(api, at, suggest):
    suggest(*[0.5] * 6)
    status, sample = api.send("POST", f"{at}/samples", {"field": "color", "size": 4})
    assert (status, sample["left"], sample["rest"]) == (201, 4, 6)
    there = f"/review/samples/{sample['id']}"
    verdicts = [{"entry": pk, "decision": "accept"} for pk in sample["next"]]
    api.send("POST", f"{there}/verdicts", {"decisions": verdicts})
    _, judged = api.get(there)
    assert (judged["precision"], judged["rest"]) == (1.0, 2)
    status, accepted = api.send("POST", f"{there}/accept-rest", {})
    assert (status, accepted["rest"]) == (202, 0)
    assert accepted["batch"]
    assert LedgerEntry.objects.filter(decision="accepted").count() == 6


def test_sample_of_no_category_or_of_nothing_is_refused(api, at, suggest):
    suggest(0.5)
    for body in ({"field": "color", "category": "moon"}, {"field": "material"}):
        status, answer = api.send("POST", f"{at}/samples", body)
        assert (status, answer["error"]["code"]) == (422, "invalid")
