from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db


def test_insights_are_told(api, catalog, make_product, vocabulary):
    make_product(price="12.5", attributes={"category": "clothes", "color": ["red"]})
    make_product(color=None)
    status, answer = api.get(f"/catalogs/{catalog.slug}/insights")
    assert (status, answer["products"], answer["photos"]) == (200, 2, {"0": 1, "1": 1, "many": 0})
    assert answer["fields"]["color"] == {"known": 1, "of": 2}
    assert answer["colors"] == {"red": 1}
    assert [row["path"] for row in answer["categories"]] == ["clothes", None]
    (prices,) = answer["prices"]
    assert (prices["currency"], prices["low"], prices["high"]) == ("EUR", "12.50", "12.50")
    assert answer["said_by"]["person"] == {"values": 2, "products": 1}


def test_insights_into_one_category(api, catalog, make_product, vocabulary):
    make_product(attributes={"category": "clothes"})
    make_product()
    _, answer = api.get(f"/catalogs/{catalog.slug}/insights", category="clothes")
    assert (answer["category"], answer["products"]) == ("clothes", 1)
