"""What the insights count is what their bars lead to."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from catalog.browsing import Browse
from catalog.insights.counting import Share, count
from catalog.models import Membership, Role, Source
from catalog.services.ledger import MachineValue, attribute_set, machine_values_record
from catalog.services.products import product_update
from catalog.views.insights import percent
from tests.catalog.colours import staged

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(make_product, vocabulary, person, catalog):
    """A small shop of everything that is counted."""
    from catalog.models import Category

    vocabulary["height"].categories.set([Category.objects.get(path="home")])
    mug = make_product(
        "Mug",
        price="12",
        status="approved",
        attributes={"category": "home/kitchen/mugs", "color": ["red", "blue"], "height": "9"},
    )
    product_update(product=mug, actor=person, fields={"description": "Holds tea."})
    make_product("Pan", price="99", attributes={"category": "home/kitchen", "material": None})
    shirt = make_product(
        "Shirt",
        attributes={"category": "clothes"},
        photos=[staged("red", mark=51), staged("blue", mark=52)],
        variants=[{"price": "20"}, {"price": "45"}, {"price": "30", "currency": "USD"}],
    )
    said = [MachineValue("color", ["green"], 0.95), MachineValue("material", ["cotton"], 0.6)]
    machine_values_record(said={shirt: said}, source=Source.ZERO_SHOT, model="m")
    attribute_set(product=shirt, field="style", value=["plain"], actor=person, source=Source.IMPORT)
    make_product("Bare", color=None)
    deleted = make_product("Gone", price="5", attributes={"color": ["red"]})
    from catalog.services.products import products_delete

    products_delete(products=[deleted], actor=person)
    return catalog


@pytest.fixture
def page(client, person, shop):
    client.force_login(person)
    return lambda query="": client.get(f"/c/{shop.slug}/insights/{query}").context


def behind(catalog, url: str) -> int:
    """How many products an address of the list shows."""
    return Browse.of(QueryDict(url.partition("?")[2])).products(catalog).count()


def bars(context: Any) -> list[tuple[str, int, str]]:
    """Every bar that counts products, with its number and address."""
    names = ("missing", "colors", "statuses", "photo_counts")
    shown = [bar for name in names for bar in context[name]]
    shown += [bar for price in context["prices"] for bar in price["bars"]]
    return [(bar["label"], bar["value"], bar["url"]) for bar in shown if bar["url"]]


@pytest.mark.parametrize("query", ["", "?category=home", "?category=home/kitchen"])
def test_bar_leads_to_as_many_products_as_it_counts(page, shop, query):
    shown = bars(page(query))
    assert len(shown) > 8
    assert [(label, behind(shop, url)) for label, _, url in shown] == [
        (label, value) for label, value, _ in shown
    ]


@pytest.mark.parametrize("query", ["", "?category=home", "?category=home/kitchen"])
def test_cell_leads_to_the_products_that_lack_the_value(page, shop, query):
    heat = page(query)["heat"]
    cells = [cell for row in heat["rows"] for cell in row["cells"] if cell and cell["url"]]
    assert cells
    for cell in cells:
        known, of = (int(part) for part in cell["title"].rpartition(": ")[2].split(" of "))
        assert behind(shop, cell["url"]) == of - known, cell


def test_values_lead_to_their_products(page, shop):
    for bar in (*page()["said"], *page()["sure"]):
        if bar["url"]:
            products = int(bar["text"].split(", ")[1].split()[0])
            assert behind(shop, bar["url"]) == products


def test_rows_are_the_categories_right_below(page):
    rows = {row["label"]: row["products"] for row in page()["heat"]["rows"]}
    assert rows == {"Home": 2, "Clothes": 1, "No category": 1}
    rows = {row["label"]: row["products"] for row in page("?category=home/kitchen")["heat"]["rows"]}
    assert rows == {"Mugs": 1, "Kitchen": 1}


def test_share_is_of_the_products_to_which_the_attribute_applies(shop):
    assert count(shop).fields["height"] == Share(1, 2)
    assert count(shop).fields["color"] == Share(2, 4)


def test_empty_on_purpose_is_no_gap(shop):
    assert count(shop).fields["material"] == Share(2, 4)


def test_currencies_are_kept_apart(shop):
    prices = {each.currency: (each.products, each.low, each.high) for each in count(shop).prices}
    assert prices == {"EUR": (3, 12, 99), "USD": (1, 30, 30)}


def test_who_said_what(shop):
    said = count(shop).said
    assert (said["import"], said["unconfirmed"], said["confirmed"]) == ((1, 1), (2, 1), (0, 0))
    assert count(shop).sure[(90, 100)] == (1, 1)


def test_deleted_products_do_not_count(shop):
    found = count(shop)
    assert (found.products, dict(found.colors)["red"]) == (4, 1)


def test_numbers_take_as_many_queries_however_many_products(shop, make_product):
    count(shop)
    with CaptureQueriesContext(connection) as few:
        count(shop)
    for number in range(5):
        make_product(price=str(number), attributes={"color": ["blue"]})
    with CaptureQueriesContext(connection) as more:
        count(shop)
    assert len(few) == len(more)
    assert len(few) <= 14


def test_catalogue_without_products_says_how_to_begin(catalog, client, person, vocabulary):
    client.force_login(person)
    page = client.get(f"/c/{catalog.slug}/insights/")
    assert "No products here yet" in page.content.decode()


@pytest.mark.parametrize("category", ["nowhere", "home%2Fkit", "%00", "x" * 5000])
def test_category_that_is_none_is_no_fault(shop, client, person, category):
    client.force_login(person)
    assert client.get(f"/c/{shop.slug}/insights/?category={category}").status_code == 200


@pytest.mark.parametrize(
    ("known", "of", "text"),
    [(0, 0, "–"), (0, 9, "0 %"), (9, 9, "100 %"), (999, 1000, "99 %"), (1, 1000, "1 %")],
)
def test_whole_and_nothing_are_said_where_they_are_true(known, of, text):
    assert percent(Share(known, of)) == text


@pytest.mark.parametrize("query", ["", "?category=home"])
def test_missing_field_can_be_described_of_the_products_that_lack_it(page, client, query):
    bars = [bar for bar in page(query)["missing"] if "act_url" in bar]
    assert {"Description", "Material"} <= {bar["label"] for bar in bars}
    assert "Brand" not in {bar["label"] for bar in bars}
    for bar in bars:
        described = client.get(bar["act_url"]).context
        assert described["plan"].chosen == bar["value"], bar
        assert described["chosen_fields"] == [bar["label"]]


def test_who_may_only_look_is_not_led_to_describing(client, make_user, shop):
    viewer = make_user()
    Membership.objects.create(user=viewer, catalog=shop, role=Role.VIEWER)
    client.force_login(viewer)
    missing = client.get(f"/c/{shop.slug}/insights/").context["missing"]
    assert missing
    assert not any("act_url" in bar for bar in missing)
