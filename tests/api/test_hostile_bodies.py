"""Ids and texts that no database can compare, in bodies and addresses: refused by name."""

from __future__ import annotations

import pytest

HUGE = 10**30


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("describe", {"products": [HUGE], "dry_run": True}),
        ("products/status", {"status": "draft", "ids": [HUGE]}),
        ("suggestions/decide", {"ids": [HUGE], "accept": True}),
        ("suggestions/decide", {"ids": [1], "accept": True, "label": "\x00"}),
        ("review/samples", {"field": "\x00"}),
        ("review/samples", {"field": "color", "category": "\x00"}),
        ("review/decisions", {"decisions": [{"entry": HUGE, "decision": "accept"}]}),
    ],
)
def test_body_is_refused(api, catalog, path, body):
    status, answer = api.send("POST", f"/catalogs/{catalog.slug}/{path}", body)
    assert (status, answer["error"]["code"]) == (422, "invalid")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("batches", {"offset": HUGE}),
        ("review", {"field": "\x00"}),
        ("review", {"category": "\x00"}),
    ],
)
def test_parameter_is_refused(api, catalog, path, query):
    status, answer = api.get(f"/catalogs/{catalog.slug}/{path}", **query)
    assert (status, answer["error"]["code"]) == (422, "invalid")


def test_history_of_a_name_that_cannot_be_is_refused(api, make_product):
    path = f"/products/{make_product().pk}/history"
    assert api.get(path, field="\x00")[0] == 422
    assert api.get(path, field="color")[0] == 200
