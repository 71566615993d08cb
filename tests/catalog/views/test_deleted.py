"""What was deleted is listed for those who may bring it back, and brought back from there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from catalog.models import Membership, Product, Role
from catalog.services.catalogs import token_create
from catalog.services.photos import placement_delete
from catalog.services.products import product_add_photos, products_delete
from catalog.services.variants import variant_create, variant_delete
from tests.catalog.colours import staged

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client, person):
    client.force_login(person)
    return client


@pytest.fixture
def viewer(client, catalog, make_user):
    user = make_user()
    Membership.objects.create(user=user, catalog=catalog, role=Role.VIEWER)
    client.force_login(user)
    return client


@pytest.fixture
def deleted(make_product, person):
    products = [make_product(title, sku=title) for title in ("Mug", "Lamp", "Sofa")]
    for product in products[:2]:
        products_delete(products=[product], actor=person)
    return products[:2]


def address(catalog, name="products_deleted"):
    return reverse(f"catalog:{name}", args=[catalog.slug])


def said(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_deleted_products_are_listed_the_last_first(editor, catalog, deleted):
    rows = editor.get(address(catalog)).context["rows"]
    assert [row["title"] for row in rows] == ["Lamp", "Mug"]


def test_list_says_until_when_a_product_can_be_restored(editor, catalog, deleted):
    day = timezone.now().replace(year=2030, month=3, day=1)
    Product.objects.filter(title="Mug").update(deleted_at=day)
    assert "31 March 2030" in editor.get(address(catalog)).content.decode()


def test_products_deleted_through_the_api_are_listed_too(editor, api_token, catalog, make_product):
    product = make_product("Mug")
    editor.delete(f"/api/v1/products/{product.pk}", headers=api_token)
    assert [row["title"] for row in editor.get(address(catalog)).context["rows"]] == ["Mug"]


@pytest.fixture
def api_token(person):
    return {"Authorization": f"Bearer {token_create(user=person)[1]}"}


def test_products_page_leads_editors_to_what_is_deleted(editor, catalog, deleted):
    tab = editor.get(address(catalog, "products")).context["tabs"][-1]
    assert (tab["label"], tab["count"], tab["url"]) == ("Deleted", 2, address(catalog))


def test_products_page_leads_nobody_else_there(viewer, catalog, deleted):
    tabs = viewer.get(address(catalog, "products")).context["tabs"]
    assert "Deleted" not in [tab["label"] for tab in tabs]


def test_one_product_is_restored_by_its_button(editor, catalog, deleted):
    row = editor.get(address(catalog)).context["rows"][0]
    answer = editor.post(row["restore_url"], {"action": "restore"})
    assert answer.url == address(catalog)
    assert Product.objects.get(title="Lamp").deleted_at is None
    assert Product.objects.get(title="Mug").deleted_at is not None


def test_chosen_products_are_restored_together(editor, catalog, deleted):
    chosen = {"product": [product.pk for product in deleted], "action": "restore"}
    answer = editor.post(address(catalog, "products_restore"), chosen)
    assert said(answer) == ["2 products restored."]
    assert not Product.objects.deleted().exists()


def test_product_whose_sku_was_given_away_holds_the_others_not_up(
    editor, catalog, deleted, make_product
):
    make_product("New mug", sku="Mug")
    chosen = {"product": [product.pk for product in deleted], "action": "restore"}
    (words,) = said(editor.post(address(catalog, "products_restore"), chosen))
    assert words.startswith("1 product restored. Not restored: Mug: Another product")
    assert [product.title for product in Product.objects.deleted()] == ["Mug"]


def test_restoring_nothing_is_refused_with_a_message(editor, catalog, deleted):
    answer = editor.post(address(catalog, "products_restore"), {"action": "restore"})
    assert said(answer) == ["Choose at least one product that is still deleted."]


def test_product_of_another_catalogue_is_not_restored(editor, catalog, make_catalog, make_product):
    elsewhere = make_product("Mug", catalog=make_catalog())
    products_delete(products=[elsewhere], actor=None)
    editor.post(address(catalog, "products_restore"), {"product": [elsewhere.pk]})
    assert Product.objects.get(pk=elsewhere.pk).deleted_at is not None


def test_photo_of_a_deleted_product_is_shown_in_the_list_alone(editor, catalog, deleted):
    row = editor.get(address(catalog)).context["rows"][0]
    photo = deleted[1].placements.get().photo
    assert editor.get(row["image_url"])["Content-Type"] == "image/webp"
    assert editor.get(reverse("catalog:photo", args=[photo.pk, 96])).status_code == 404


@pytest.fixture
def product(make_product, person):
    """A product that a photo and a variant were taken off."""
    product = make_product("Mug", photos=[staged("red"), staged("blue")])
    variant_delete(variant=variant_create(product=product, actor=person, sku="B-1"), actor=person)
    placement_delete(placement=product.placements.last(), actor=person)
    return product


def test_product_page_offers_removed_photos_and_variants(editor, product):
    page = editor.get(product.get_absolute_url())
    assert [part["label"] for part in page.context["removed"]] == ["Photo blue.png", "Variant B-1"]
    until = timezone.localtime() + timedelta(days=30)
    assert f"{until.day} {until:%B %Y}" in page.content.decode()


def test_removed_parts_come_back_by_their_buttons(editor, product):
    for part in editor.get(product.get_absolute_url()).context["removed"]:
        editor.post(part["restore_url"])
    assert product.placements.filter(deleted_at=None).count() == 2
    assert product.variants.filter(deleted_at=None).count() == 2
    assert editor.get(product.get_absolute_url()).context["removed"] == []


def test_photo_that_was_added_again_is_not_offered(editor, product, person):
    product_add_photos(product=product, photos=[staged("blue")], actor=person)
    parts = editor.get(product.get_absolute_url()).context["removed"]
    assert [part["label"] for part in parts] == ["Variant B-1"]


def test_reader_of_a_product_sees_nothing_of_what_was_removed(viewer, product):
    assert "removed" not in viewer.get(product.get_absolute_url()).context


def test_photo_that_was_purged_meanwhile_is_not_found(editor, product):
    (part, _) = editor.get(product.get_absolute_url()).context["removed"]
    product.placements.deleted().delete()
    assert editor.post(part["restore_url"]).status_code == 404
