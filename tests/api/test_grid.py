"""Acts on many cells over the API: planned, applied, undone."""

from __future__ import annotations

import pytest

from catalog.models import Product

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(catalog, make_product, vocabulary, no_engine):
    """The path of a catalogue with two products."""
    make_product("Red mug", color=None)
    make_product("Red stool", color=None)
    return f"/catalogs/{catalog.slug}/grid"


def titles():
    return list(Product.objects.order_by("pk").values_list("title", flat=True))


def test_columns_are_listed(api, shop):
    status, columns = api.get(f"{shop}/columns")
    assert status == 200
    keys = [column["key"] for column in columns]
    assert {"product.title", "variant.price", "attribute.category", "attribute.color"} <= set(keys)


def test_a_plan_is_made_applied_and_undone(api, shop):
    body = {
        "act": "replace",
        "columns": ["product.title"],
        "query": "",
        "find": "red",
        "text": "Blue",
    }
    status, plan = api.send("POST", f"{shop}/plans", body)
    assert (status, plan["state"], plan["cells"]) == (201, "planned", 2)
    assert {change["after"] for change in plan["changes"]} == {"Blue mug", "Blue stool"}
    assert titles() == ["Red mug", "Red stool"]
    path = f"/grid/plans/{plan['id']}"
    assert api.send("POST", f"{path}/apply")[1] == {
        "changed": 2,
        "products": 2,
        "left": 0,
        "refused": 0,
    }
    assert titles() == ["Blue mug", "Blue stool"]
    assert api.get(path)[1]["state"] == "applied"
    assert api.send("POST", f"{path}/undo")[0] == 200
    assert titles() == ["Red mug", "Red stool"]
    assert api.get(path)[1]["state"] == "undone"


def test_cells_that_do_not_fit_are_refused_with_the_reason(api, shop):
    row = str(Product.objects.first().pk)
    cells = [{"row": row, "column": "variant.price", "text": "cheap"}]
    _, plan = api.send("POST", f"{shop}/plans", {"act": "cells", "cells": cells})
    assert plan["refusals"][0]["message"] == "“cheap” is not an amount. Write it like 1234.50."


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"act": "set", "columns": ["product.title"]}, "rows"),
        ({"act": "set", "query": ""}, "columns"),
        ({"act": "cells"}, "cells"),
        ({"act": "replace", "columns": ["product.title"], "query": ""}, "find"),
        ({"act": "explode"}, "act"),
        ({"act": "clear", "colums": []}, "colums"),
    ],
)
def test_what_cannot_be_planned_is_refused(api, shop, body, field):
    status, answer = api.send("POST", f"{shop}/plans", body)
    assert status == 422
    assert field in answer["error"]["fields"]


def test_a_plan_is_applied_once(api, shop):
    body = {"act": "clear", "columns": ["product.title"], "query": ""}
    _, plan = api.send("POST", f"{shop}/plans", body)
    api.send("POST", f"/grid/plans/{plan['id']}/apply")
    assert api.send("POST", f"/grid/plans/{plan['id']}/apply")[0] == 422
