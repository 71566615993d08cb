"""What filters of the product list find, and the addresses they make."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from catalog.browsing import Browse
from catalog.models import Import, ImportItem, Source
from catalog.services.ledger import MachineValue, attribute_set, machine_values_record
from catalog.services.statuses import products_set_status
from catalog.views.browse import query
from tests.catalog.colours import staged

pytestmark = pytest.mark.django_db


@pytest.fixture
def found(catalog):
    """The titles that an address finds."""

    def titles(address: str) -> set[str]:
        return {p.title for p in Browse.of(QueryDict(address)).products(catalog)}

    return titles


@pytest.fixture
def things(make_product, vocabulary, person):
    """A mug of which much is known, and a bare thing."""
    vocabulary["height"].categories.set([])
    mug = make_product(
        "Mug",
        description="Holds tea.",
        brand="Ida",
        price="25",
        attributes={"category": "home/kitchen/mugs", "color": ["red", "blue"]},
    )
    make_product("Bare", color=None)
    return mug


@pytest.mark.parametrize(
    ("address", "titles"),
    [
        ("", {"Mug", "Bare"}),
        ("category=home", {"Mug"}),
        ("category=home/kitchen/mugs", {"Mug"}),
        ("category=home/kit", set()),
        ("missing=description", {"Bare"}),
        ("missing=brand", {"Bare"}),
        ("missing=category", {"Bare"}),
        ("missing=price", {"Bare"}),
        ("missing=color", {"Bare"}),
        ("missing=material", {"Mug", "Bare"}),
        ("missing=material&missing=color", {"Bare"}),
        ("f.color=red", {"Mug"}),
        ("f.color=red&f.color=blue", {"Mug"}),
        ("f.color=green", set()),
        ("photos=0", {"Bare"}),
        ("photos=1", {"Mug"}),
        ("photos=many", set()),
        ("currency=EUR&price_min=25&price_below=30", {"Mug"}),
        ("currency=EUR&price_min=10&price_below=25", set()),
        ("currency=USD&price_min=10", set()),
        ("currency=EUR", {"Mug"}),
        ("source=person", {"Mug"}),
        ("source=unconfirmed", set()),
        ("status=draft&photos=0", {"Bare"}),
        ("changed=1", set()),
    ],
)
def test_filter_finds(things, found, address, titles):
    assert found(address) == titles


def test_attribute_is_missing_where_it_applies_alone(things, found, vocabulary):
    home = things.category.parent.parent
    vocabulary["material"].categories.add(home)
    assert found("missing=material") == {"Mug"}


def test_left_empty_on_purpose_is_not_missing(things, found, person):
    attribute_set(product=things, field="material", value=None, actor=person)
    assert found("missing=material") == {"Bare"}


def test_machines_word_is_found_by_how_sure_it_is(things, found):
    said = {things: [MachineValue("material", ["wood"], 0.6)]}
    machine_values_record(said=said, source=Source.ZERO_SHOT, model="m")
    assert found("source=unconfirmed") == {"Mug"}
    assert found("source=unconfirmed&confidence=50-70") == {"Mug"}
    assert found("source=unconfirmed&confidence=70-90") == set()


def test_products_are_found_to_which_machines_have_added_since_their_approval(
    things, found, person
):
    products_set_status(products=[things], status="approved", actor=person)
    assert found("added=1") == set()
    said = {things: [MachineValue("material", ["wood"], 0.6)]}
    machine_values_record(said=said, source=Source.ZERO_SHOT, model="m")
    assert (found("added=1"), found("changed=1")) == ({"Mug"}, set())


def test_several_photos_are_more_than_one(make_product, found):
    make_product("Two", photos=[staged("red", mark=1), staged("blue", mark=2)])
    assert found("photos=many") == {"Two"}


@pytest.mark.parametrize(
    "address",
    [
        "",
        "status=approved&order=title",
        "changed=1",
        "added=1",
        "category=home%2Fkitchen&missing=color&missing=price&f.color=red&f.color=blue",
        "source=unconfirmed&confidence=50-70&photos=many",
        "currency=EUR&price_min=10&price_below=25.5",
    ],
)
def test_filters_make_the_address_they_are_read_from(address):
    browse = Browse.of(QueryDict(address))
    assert query(browse).removeprefix("?") == address
    assert Browse.of(QueryDict(query(browse).removeprefix("?"))) == browse


@pytest.mark.parametrize(
    "address",
    [
        "status=sold",
        "source=me&photos=7&order=shuffled",
        "confidence=90-10",
        "confidence=0-999",
        "currency=euro&price_min=1",
        "currency=EUR&price_min=NaN&price_below=1e999",
        "missing=%00",
        "missing=Robert%27%29%3B--",
        "category=%00",
        "f.color=%00",
        "f.%27=red",
        "f.color=" + "x" * 5000,
    ],
)
def test_what_cannot_work_finds_everything_or_nothing_and_never_fails(things, found, address):
    assert found(address) in ({"Mug", "Bare"}, {"Mug"}, set())


def test_page_shows_filters_that_can_be_taken_off(things, catalog, client, person):
    client.force_login(person)
    page = client.get(f"/c/{catalog.slug}/products/?missing=color&photos=0&status=draft")
    assert [chip["label"] for chip in page.context["chips"]] == ["No color", "No photo"]
    assert page.context["chips"][0]["remove_url"] == "?status=draft&photos=0"
    assert [(tab["label"], tab["count"]) for tab in page.context["tabs"][:2]] == [
        ("All", 1),
        ("Draft", 1),
    ]


def test_all_that_match_are_moved_and_put_back(things, catalog, client, person, make_product):
    client.force_login(person)
    form = {"action": "status:in_review", "all": "1", "matching": "1", "query": "?photos=0"}
    address = f"/c/{catalog.slug}/products/bulk/"
    page = client.post(address, form, follow=True)
    assert "1 product now in review." in page.content.decode()
    things.refresh_from_db()
    assert things.status == "draft"
    (message,) = page.context["messages"]
    client.post(message.extra_tags)
    assert not Browse(status="in_review").products(catalog).exists()


def test_list_that_grew_is_looked_at_again(things, catalog, client, person):
    client.force_login(person)
    form = {"action": "status:approved", "all": "1", "matching": "1", "query": ""}
    page = client.post(f"/c/{catalog.slug}/products/bulk/", form, follow=True)
    assert "The list has changed: 2 products match now." in page.content.decode()
    assert not Browse(status="approved").products(catalog).exists()


def test_products_that_an_import_wrote(catalog, found, make_product):
    written = {"Made": "created", "Changed": "updated", "Same": "unchanged"}
    brought = Import.objects.create(catalog=catalog, name="shop.csv")
    for number, (title, state) in enumerate(written.items()):
        ImportItem.objects.create(
            source=brought,
            number=number,
            key=title,
            record={},
            state=state,
            product=make_product(title),
        )
    assert found(f"import={brought.pk}") == {"Made", "Changed"}
    assert found(f"import={brought.pk + 1}") == set()


@pytest.mark.parametrize("text", ["", "0", "-1", "x", "9" * 40])
def test_import_that_cannot_be_one_filters_nothing(found, things, text):
    assert found(f"import={text}") == {"Mug", "Bare"}
