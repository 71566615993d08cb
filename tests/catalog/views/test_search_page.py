"""The search page: what its address says, and how its pages follow each other."""

from __future__ import annotations

from typing import Any

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


@pytest.fixture
def see(shop, people, client):  # noqa: F811
    """What the search page says of an address' parameters, as its owner sees it."""
    client.force_login(people["owner"])
    return lambda **asked: client.get(reverse("catalog:search", args=[shop.slug]), asked).context


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"f.composition": "wool"}, "There is no filter “composition”. It is left out."),
        ({"price_min": "cheap"}, "is not a price. It is left out."),
    ],
)
def test_filter_that_cannot_work_is_left_out_alone_and_it_is_said(see, vocabulary, bad, said):  # noqa: F811
    vocabulary["composition"].filterable = False
    vocabulary["composition"].save()
    page = see(**bad, **{"f.status": "archived"})
    assert said in page["notice"]
    assert page["total"] == 0
    assert [chip["label"] for chip in page["chips"]] == ["Status: Archived"]


@pytest.mark.parametrize("token", ["gone", "9d6c1d6c-0000-4000-8000-000000000000"])
def test_photo_that_is_no_longer_here_is_said_and_finds_nothing(see, token):
    page = see(photo=token)
    assert page["notice"] == "That photo is no longer here: drop it again."
    assert (page["total"], page["cards"], page["photo"]) == (0, [], None)
    assert see(photo=token, **{"f.status": "draft"})["total"] == 0


def test_words_beside_a_photo_that_is_no_longer_here_are_searched(see):
    page = see(photo="gone", q="mug")
    assert "no longer here" in page["notice"]
    assert page["total"] == 1


def test_photo_without_an_encoder_finds_nothing(see, shop):  # noqa: F811
    page = see(photo=str(shop.search_photo.token))
    assert "encoder does not answer" in page["notice"]
    assert page["total"] == 0


def test_likeness_to_a_product_that_is_gone_finds_nothing(see):
    page = see(like="999999")
    assert "is gone" in page["notice"]
    assert page["total"] == 0


def test_every_notice_is_shown(see):
    notice = see(photo="gone", like="999999", q="mug")["notice"]
    assert all(said in notice for said in ("no longer here", "is gone", "encoder"))


@pytest.fixture
def bands(see, make_product):  # noqa: F811
    """The bands of prices that the page shows for an address' parameters, with their links."""
    for price in (5, 50):
        make_product(color=None, price=price)

    def run(**asked: str) -> list[dict[str, Any]]:
        shown = next(facet for facet in see(**asked)["facets"] if facet["name"] == "price")
        assert (shown["min"], shown["max"]) == ("5", "50")
        return shown["bands"]

    return run


def test_band_of_prices_is_a_link_that_sets_both_bounds(bands):
    cheap, dear = bands(price_min="7", offset="30")
    assert (cheap["label"], cheap["count"], cheap["chosen"]) == ("5–10", 1, False)
    assert cheap["url"] == "?price_min=5&price_max=10"
    assert dear["url"] == "?price_min=10&price_max=50"


def test_chosen_band_is_a_link_that_takes_it_away(bands):
    cheap, dear = bands(q="thing", price_min="5", price_max="10.0")
    assert (cheap["chosen"], cheap["url"]) == (True, "?q=thing")
    assert not dear["chosen"]


def test_price_that_nothing_has_can_still_be_changed(see):
    facets = {facet["name"]: facet for facet in see(price_min="7")["facets"]}
    assert (facets["price"]["low"], facets["price"]["bands"]) == ("7", [])
