"""Runs over the API, as section 7 of the design has them."""

from __future__ import annotations

import pytest

from catalog.services.catalogs import token_create
from prodintel.api import api as site_api
from tests.api.conftest import Api
from tests.tools.performing import perform_here
from tests.tools.runs.test_performing import started, until
from tools.models import RunState, ToolRun
from tools.runs import running

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sample")]

DESIGNED = {"id", "tool", "state", "evidence", "output", "usage", "timings", "writer"}


@pytest.fixture
def api(person):
    return Api(token_create(user=person)[1])


@pytest.fixture
def begun(monkeypatch):
    """The runs that are to be performed, which nobody does."""
    runs: list[ToolRun] = []
    monkeypatch.setattr(running, "start", runs.append)
    return runs


def test_run_is_begun_and_read(api, make_product, begun, groq):
    groq(answer_tokens=20)
    product = make_product("Mug", color=None)
    status, run = api.send("POST", f"/products/{product.pk}/runs", {"tool": "sample"})
    assert (status, run["state"], run["evidence"], run["output"]) == (202, "queued", {}, {})
    assert run["options"] == {"parts": 1}
    perform_here(begun[0].pk)
    status, run = api.get(f"/runs/{run['id']}")
    assert (status, run["state"], run["writer"], run["tool"]) == (200, "done", "groq", "sample")
    assert run.keys() >= DESIGNED
    assert run["evidence"] == {"title": "Mug"}
    assert run["output"]["text"]["text"]
    assert set(run["usage"]) == {"prompt_tokens", "completion_tokens", "cost_usd"}
    assert float(run["usage"]["cost_usd"]) > 0
    assert 0 <= run["timings"]["first_token_ms"] <= run["timings"]["total_ms"]


def test_evidence_is_there_before_the_model_has_answered(api, make_run, groq):
    groq(first_token=1.5)
    run = make_run()
    thread = started(run)
    assert until(lambda: api.get(f"/runs/{run.pk}")[1]["evidence"] == {"title": "Mug"}, 1.4)
    assert api.get(f"/runs/{run.pk}")[1]["output"] == {}
    assert api.send("POST", f"/runs/{run.pk}/stop")[0] == 200
    thread.join(10)
    assert api.get(f"/runs/{run.pk}")[1]["state"] == RunState.STOPPED


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tool": "none"}, "tool"),
        ({"tool": "\x00"}, "tool"),
        ({"tool": "sample", "options": {"parts": "many"}}, "options.parts"),
        ({"tool": "sample", "options": {"other": 1}}, "options.other"),
        ({"tool": "sample", "follows": 7}, "follows"),
        ({"tool": "sample", "follows": 10**30}, "follows"),
        ({"tool": "sample", "more": 1}, "more"),
        ({}, "tool"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(api, make_product, begun, body, field):
    product = make_product("Mug", color=None)
    status, answer = api.send("POST", f"/products/{product.pk}/runs", body)
    assert (status, answer["error"]["code"]) == (422, "invalid")
    assert list(answer["error"]["fields"]) == [field]
    assert begun == []


def test_text_that_no_database_keeps_is_not_edited_in(api, performed):
    run = performed()
    body = {"block": "text", "place": "text", "value": "a\x00b"}
    status, answer = api.send("PATCH", f"/runs/{run.pk}", body)
    assert (status, list(answer["error"]["fields"])) == (422, ["text"])
    assert api.send("PATCH", f"/runs/{run.pk}", {**body, "value": "ab"})[0] == 200


@pytest.mark.parametrize("after", [-1, 10**30])
def test_events_after_any_number_are_answered(api, performed, after):
    run = performed()
    assert api.client.get(f"/api/v1/runs/{run.pk}/events?after={after}").status_code == 200


def test_last_event_that_is_no_number_is_as_none(api, performed):
    url = f"/api/v1/runs/{performed().pk}/events"
    for said in ("9" * 5000, "x"):
        assert api.client.get(url, headers={"last-event-id": said}).status_code == 200


def test_every_call_of_the_tools_says_what_it_answers():
    schema = site_api.get_openapi_schema()
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            if {"tools", "competitors"} & set(operation.get("tags", [])):
                assert operation["description"], path
                good = [code for code in operation["responses"] if code < 300]
                assert good, path
