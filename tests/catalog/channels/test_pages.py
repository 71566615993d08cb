"""The page of channels, the filter of the product list behind its counts, and a product's panel."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from django.urls import reverse

from catalog.browsing import Browse
from catalog.channels.counting import count
from catalog.channels.targets import targets_of
from catalog.models import Product, ProductStatus, ReadinessCheck
from catalog.services.products import product_update

pytestmark = pytest.mark.django_db
COMPLETE = {
    "description": "A mug.",
    "brand": "Own",
    "product_url": "https://shop.example/mug",
}


@pytest.fixture
def client(client, person):
    client.force_login(person)
    return client


@pytest.fixture
def ready(make_product, person, monkeypatch):
    """A product that is ready for Shopify."""
    return make_product("Ready", sku="R", price="12.50")


@pytest.fixture
def unready(make_product):
    """One that has no price."""
    return make_product("Unready", sku="U")


@pytest.fixture
def page(client, catalog):
    def get(name="channels", query="", **headers):
        address = reverse(f"catalog:{name}", args=[catalog.slug])
        return client.get(f"{address}{query}", headers=headers).content.decode()

    return get


def shopify(catalog):
    return next(each for each in count(catalog) if each.target.channel == "shopify")


def test_products_are_counted_that_are_ready_and_that_are_not(ready, unready, catalog, keep):
    keep()
    found = shopify(catalog)
    assert (found.products, found.ready, found.not_ready, found.waiting) == (2, 1, 1, 0)


def test_what_is_ready_is_counted_with_and_without_what_is_not_approved(ready, catalog, keep):
    keep()
    assert (shopify(catalog).approved, shopify(catalog).not_approved) == (0, 1)
    Product.objects.filter(pk=ready.pk).update(status=ProductStatus.APPROVED)
    assert (shopify(catalog).approved, shopify(catalog).not_approved) == (1, 0)


@pytest.mark.parametrize("since", ["changed_since_approval", "added_since_approval"])
def test_what_is_not_in_the_approved_version_yet_does_not_count_as_approved(
    ready, catalog, keep, since
):
    keep()
    # Told to nobody, who would compare.
    row = Product._base_manager.filter(pk=ready.pk)
    row.update(status=ProductStatus.APPROVED, **{since: True})
    assert (shopify(catalog).ready, shopify(catalog).approved) == (1, 0)


def test_an_archived_product_counts_for_nothing(ready, unready, catalog, keep):
    keep()
    Product.objects.update(status=ProductStatus.ARCHIVED)
    found = shopify(catalog)
    assert (found.products, found.ready, found.not_ready) == (0, 0, 0)


def test_what_is_still_to_be_checked_is_neither_ready_nor_not(ready, unready, catalog, keep):
    keep()
    ReadinessCheck.objects.filter(product=unready).update(stale=True)
    found = shopify(catalog)
    assert (found.ready, found.not_ready, found.waiting) == (1, 0, 1)


def test_a_target_that_is_new_waits_for_all_of_its_products(ready, catalog, keep):
    keep()
    targets_of(catalog).filter(channel="shopify").update(marked_through=0)
    assert (shopify(catalog).ready, shopify(catalog).waiting) == (0, 1)


def listed(catalog, query):
    return set(Browse.of(QueryDict(query)).products(catalog).values_list("title", flat=True))


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("channel=shopify:DE&lacks=price", {"Unready"}),
        ("channel=shopify:DE&lacks=description", {"Ready", "Unready"}),
        ("channel=shopify:DE&ready=yes", {"Ready"}),
        ("channel=shopify:DE&ready=no", {"Unready"}),
        ("channel=shopify:FR&ready=no", set()),
        ("channel=shopify:DE", {"Ready", "Unready"}),
        ("channel=shopify&lacks=price", {"Ready", "Unready"}),
        ("channel=shopify:DE&lacks=%27", {"Ready", "Unready"}),
        ("lacks=price&ready=no", {"Ready", "Unready"}),
    ],
)
def test_the_list_shows_what_lacks_something_for_a_channel(
    ready, unready, catalog, keep, query, titles
):
    keep()
    assert listed(catalog, query) == titles


@pytest.mark.parametrize("query", ["channel=google%3ADE&lacks=gtin", "channel=meta%3AFR&ready=no"])
def test_the_filter_is_written_into_an_address_as_it_was_read(query):
    address = QueryDict(mutable=True)
    for name, value in Browse.of(QueryDict(query)).parameters():
        address.appendlist(name, value)
    assert address.urlencode() == query


def test_each_count_of_the_page_is_that_of_the_list_behind_it(ready, unready, catalog, keep):
    keep()
    for found in count(catalog):
        here = f"channel={found.target.channel}:DE"
        assert len(listed(catalog, f"{here}&ready=yes")) == found.ready
        assert len(listed(catalog, f"{here}&ready=no")) == found.not_ready
        for lack in found.lacks:
            assert len(listed(catalog, f"{here}&lacks={lack.requirement}")) == lack.products


@pytest.mark.parametrize("waiting", ["product", "target"])
def test_each_count_is_that_of_the_list_while_some_wait(ready, unready, catalog, keep, waiting):
    keep()
    if waiting == "product":
        ReadinessCheck.objects.filter(product=unready).update(stale=True)
    else:
        targets_of(catalog).filter(channel="shopify").update(marked_through=ready.pk)
    found = shopify(catalog)
    assert (found.ready, found.not_ready, found.waiting) == (1, 0, 1)
    assert listed(catalog, "channel=shopify:DE&ready=yes") == {"Ready"}
    assert listed(catalog, "channel=shopify:DE&ready=no") == set()


def test_the_page_says_how_many_are_ready_and_what_keeps_others_out(ready, unready, keep, page):
    keep()
    shown = page()
    assert "Shopify Germany" in shown
    assert "/grid/?channel=shopify%3ADE&amp;lacks=price" in shown
    assert "<strong>1</strong> of 2 ready" in shown
    assert "channel=shopify%3ADE&amp;lacks=price" in shown
    assert "Give every variant a price" in shown


def test_the_page_asks_again_while_products_are_being_checked(ready, keep, page):
    keep()
    assert "every 2s" not in page()
    ReadinessCheck.objects.update(stale=True)
    from django.core.cache import cache

    cache.clear()
    shown = page()
    assert "every 2s" in shown
    assert "1 still being checked" in shown


def test_a_part_of_the_page_is_answered_to_the_page_itself(ready, keep, page):
    keep()
    part = page(**{"HX-Request": "true"})
    assert part.lstrip().startswith('<div class="readiness"')


def test_the_page_says_where_requirements_come_from(ready, keep, page):
    keep()
    assert "https://support.google.com/merchants/answer/6324461" in page()


def test_a_catalogue_without_products_has_nothing_to_check(catalog, keep, page):
    keep()
    assert "Nothing to check yet" in page()


def test_a_catalogue_that_nobody_looked_at_yet_has_no_channels(catalog, page):
    assert "No channels" in page()


def test_the_insights_lead_to_the_channels(catalog, page):
    assert reverse("catalog:channels", args=[catalog.slug]) in page("insights")


def test_the_list_says_which_requirement_it_is_filtered_by(ready, unready, keep, page):
    keep()
    shown = page("products", "?channel=shopify:DE&lacks=price")
    assert "Shopify Germany, to mend: Price" in shown


def test_a_channel_is_added_removed_and_brought_back(client, catalog, keep):
    keep()
    add = reverse("catalog:channel_add", args=[catalog.slug])
    client.post(add, {"channel": "google", "country": "FR"})
    target = targets_of(catalog).get(channel="google", country="FR")
    client.post(reverse("catalog:channel_remove", args=[catalog.slug, target.pk]))
    assert not targets_of(catalog).filter(pk=target.pk).exists()
    client.post(reverse("catalog:channel_restore", args=[catalog.slug, target.pk]))
    assert targets_of(catalog).filter(pk=target.pk).exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"channel": "amazon", "country": "DE"}, "There is no channel"),
        ({"channel": "google", "country": "Germany"}, "two letters"),
        ({}, "There is no channel"),
    ],
)
def test_a_channel_that_does_not_exist_is_refused_with_what_to_do(client, catalog, data, words):
    add = reverse("catalog:channel_add", args=[catalog.slug])
    answer = client.post(add, data, headers={"HX-Request": "true"})
    assert answer.status_code == 400
    assert words in answer.content.decode()


def product_page(client, product):
    return client.get(product.get_absolute_url()).content.decode()


def test_a_product_says_what_it_lacks_and_leads_to_the_field(client, unready, keep):
    keep()
    shown = product_page(client, unready)
    variant = unready.variants.get()
    edit = reverse("catalog:variant_edit", args=[unready.catalog.slug, unready.pk, variant.pk])
    assert f'<a href="{edit}#id_price">Price is missing.</a>' in shown
    text = reverse("catalog:product_edit", args=[unready.catalog.slug, unready.pk])
    assert f"{text}#id_description" in shown


def test_a_product_that_is_being_checked_says_so(client, unready, keep):
    keep()
    product_update(product=unready, actor=None, fields={"title": "Other"})
    assert "Being checked" in product_page(client, unready)


def test_who_may_not_edit_reads_what_is_missing_without_links(
    client, unready, keep, make_user, catalog
):
    from catalog.models import Membership

    viewer = make_user("vera")
    Membership.objects.create(user=viewer, catalog=catalog, role="viewer")
    keep()
    client.force_login(viewer)
    shown = product_page(client, unready)
    assert "Price is missing." in shown
    assert "#id_price" not in shown


@pytest.fixture
def api(client, person):
    from catalog.services.catalogs import token_create

    token = token_create(user=person)[1]

    def call(method, path, data=None):
        return client.generic(
            method,
            f"/api/v1{path}",
            "" if data is None else __import__("json").dumps(data),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )

    return call


def test_the_api_counts(api, ready, unready, catalog, keep):
    keep()
    found = {
        each["channel"]: each for each in api("GET", f"/catalogs/{catalog.slug}/channels").json()
    }
    assert found["shopify"]["ready"] == 1
    price = next(each for each in found["shopify"]["lacks"] if each["requirement"] == "price")
    assert price == {
        "requirement": "price",
        "title": "Price",
        "severity": "required",
        "products": 1,
    }


def test_the_api_says_what_a_product_lacks(api, unready, keep):
    path = f"/products/{unready.pk}/channels"
    keep()
    found = {each["channel"]: each for each in api("GET", path).json()["channels"]}
    assert found["shopify"]["ready"] is False
    assert {
        "requirement": "price",
        "severity": "required",
        "message": "Price is missing.",
    } in found["shopify"]["gaps"]
    ReadinessCheck.objects.update(stale=True)
    assert [each["ready"] for each in api("GET", path).json()["channels"]] == [None] * 3


def test_the_api_adds_and_removes_a_channel(api, catalog):
    path = f"/catalogs/{catalog.slug}/channels"
    made = api("POST", path, {"channel": "google", "country": "fr"})
    assert (made.status_code, made.json()["label"]) == (201, "Google France")
    assert api("DELETE", f"{path}/{made.json()['id']}").status_code == 204
    assert api("DELETE", f"{path}/{made.json()['id']}").status_code == 404
    assert api("POST", path, {"channel": "x", "country": "fr"}).status_code == 422


def test_the_admin_adds_and_removes_targets_through_the_services(admin_client, catalog):
    address = reverse("admin:catalog_channeltarget_add")
    data = {"catalog": catalog.pk, "channel": "google", "country": "FR"}
    assert admin_client.post(address, data).status_code == 302
    target = targets_of(catalog).get(channel="google", country="FR")
    delete = reverse("admin:catalog_channeltarget_delete", args=[target.pk])
    admin_client.post(delete, {"post": "yes"})
    assert not targets_of(catalog).filter(pk=target.pk).exists()
    assert catalog.audit_events.filter(action="channel.remove").exists()
