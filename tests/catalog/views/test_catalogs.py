"""The list of catalogues."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.services.catalogs import token_create
from tests.catalog.conftest import make_product, no_engine, person, vocabulary  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def token_client(person):  # noqa: F811
    return Client(headers={"Authorization": f"Bearer {token_create(user=person)[1]}"})


@pytest.mark.parametrize("address", ["/?all", "/api/v1/catalogs"])
def test_list_takes_as_many_queries_for_many_catalogues_as_for_few(
    address,
    person,  # noqa: F811
    make_catalog,
    client,
    token_client,
):
    client.force_login(person)
    asking = token_client if address.startswith("/api/") else client

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as taken:
            assert asking.get(address).status_code == 200
        return len(taken)

    make_catalog("One", owner=person)
    make_catalog("Two", owner=person)
    queries()
    few = queries()
    for n in range(5):
        make_catalog(f"More {n}", owner=person)
    assert queries() == few


def test_card_shows_the_role_the_count_and_the_newest_photos(
    person,  # noqa: F811
    make_catalog,
    make_product,  # noqa: F811
    no_engine,  # noqa: F811
    client,
):
    make_catalog("Empty", editor=person)
    for n in range(5):
        make_product(f"Mug {n}")
    client.force_login(person)
    cards = {card["name"]: card for card in client.get("/?all").context["catalogs"]}
    assert (cards["Empty"]["role"], cards["Empty"]["product_count"]) == ("Editor", 0)
    assert cards["Empty"]["photos"] == []
    (full,) = (card for name, card in cards.items() if name != "Empty")
    assert (full["role"], full["product_count"], len(full["photos"])) == ("Owner", 5, 4)


def test_new_catalogue_asks_for_no_brand_voice(person, client):  # noqa: F811
    client.force_login(person)
    assert list(client.get("/catalogs/new/").context["form"].fields) == [
        "name",
        "currency",
        "language",
    ]
