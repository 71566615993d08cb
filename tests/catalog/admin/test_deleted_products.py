"""Deleted products in the admin: listed by a filter, restored by an action."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from catalog.models import Membership, Product, Role
from catalog.services.products import products_delete
from tests.catalog.admin.browser_form import texts

pytestmark = pytest.mark.django_db
LISTING = reverse("admin:catalog_product_changelist")
DELETED = f"{LISTING}?deleted=yes"


@pytest.fixture
def deleted(make_product, person):
    product = make_product("Old mug", sku="M-1")
    products_delete(products=[product], actor=person)
    return product


def listed(client, url) -> list[str]:
    return [product.title for product in client.get(url).context["cl"].result_list]


def restore(client, product):
    chosen = {"action": "restore", "_selected_action": [product.pk]}
    return client.post(DELETED, chosen, follow=True)


def test_deleted_products_are_listed_by_their_filter_alone(browser, deleted, make_product):
    make_product("Lamp")
    assert listed(browser, LISTING) == ["Lamp"]
    assert listed(browser, DELETED) == ["Old mug"]


def test_deleted_product_is_restored(browser, deleted):
    assert texts(restore(browser, deleted)) == ["1 products restored."]
    assert Product.objects.get().deleted_at is None


def test_restoring_says_what_stands_in_the_way(browser, deleted, make_product):
    make_product("New mug", sku="M-1")
    assert "Old mug: Sku: Another product of this catalogue has this SKU." in texts(
        restore(browser, deleted)
    )


def test_deleted_products_have_no_other_action(browser, deleted):
    page = browser.get(DELETED).context
    assert [name for name, _ in page["action_form"].fields["action"].choices if name] == ["restore"]


def test_deleted_product_has_no_page(browser, deleted):
    page = reverse("admin:catalog_product_change", args=[deleted.pk])
    assert browser.get(page).status_code == 302


@pytest.mark.parametrize("role", [Role.VIEWER, Role.REVIEWER])
def test_readers_restore_nothing(staff, catalog, deleted, role):
    restore(staff(catalog, role), deleted)
    assert Product.objects.get().deleted_at is not None


def test_reader_here_who_edits_elsewhere_restores_nothing_here(
    staff, catalog, make_catalog, deleted
):
    client = staff(catalog, Role.VIEWER)
    user = User.objects.get(username="staff-viewer")
    Membership.objects.create(user=user, catalog=make_catalog(), role=Role.EDITOR)
    restore(client, deleted)
    assert Product.objects.get().deleted_at is not None


def test_editors_of_other_catalogues_restore_nothing(staff, make_catalog, deleted):
    client = staff(make_catalog(), Role.EDITOR)
    assert listed(client, DELETED) == []
    restore(client, deleted)
    assert Product.objects.get().deleted_at is not None
