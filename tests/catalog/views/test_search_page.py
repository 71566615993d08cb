"""The search page: what its address says, and how its pages follow each other."""

from __future__ import annotations

import pytest
from django.urls import reverse

from catalog.search import SearchResult
from catalog.views import search
from tests.access.conftest import catalog, people, shop  # noqa: F401 -- fixtures
from tests.catalog.conftest import make_product, no_engine, person, vocabulary  # noqa: F401


@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "-inf", "", "x", "1e999"])
def test_weight_that_is_no_number_is_the_default(text):
    assert search._weight(text) == search.DEFAULT_WEIGHT


@pytest.mark.parametrize(("text", "weight"), [("-1", 0.0), ("0.25", 0.25), ("7", 1.0)])
def test_weight_lies_between_nothing_and_all(text, weight):
    assert search._weight(text) == weight


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("offset", "total", "following"), [(0, 75, 30), (30, 75, 60), (60, 75, None), (0, 30, None)]
)
def test_next_page_follows_whatever_is_left_of_this_one(
    shop,  # noqa: F811
    people,  # noqa: F811
    client,
    monkeypatch,
    offset,
    total,
    following,
):
    def with_all_hits_deleted(**_):
        return SearchResult([], total, total, {}, False, "", {"total": 1.0})

    monkeypatch.setattr(search, "search", with_all_hits_deleted)
    client.force_login(people["owner"])
    address = reverse("catalog:search", args=[shop.slug])
    url = client.get(address, {"q": "mug", "offset": offset}).context["next_url"]
    assert url == (f"?q=mug&offset={following}" if following else "")


def test_next_page_continues_the_same_ranking(shop, people, client, monkeypatch):  # noqa: F811
    result = SearchResult([], 75, 75, {}, False, "", {"total": 1.0}, ranking="token")
    monkeypatch.setattr(search, "search", lambda **_: result)
    client.force_login(people["owner"])
    address = reverse("catalog:search", args=[shop.slug])
    context = client.get(address, {"q": "mug", "f.status": "draft"}).context
    assert context["next_url"] == "?q=mug&f.status=draft&offset=30&ranking=token"
    context = client.get(f"{address}{context['next_url']}").context
    assert context["next_url"] == "?q=mug&f.status=draft&offset=60&ranking=token"
    assert context["clear_url"] == context["chips"][0]["remove_url"] == "?q=mug"
