"""The form of a variant, open before several people."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from catalog.services.variants import variant_update
from tests.catalog.admin.browser_form import BrowserForm

pytestmark = pytest.mark.django_db


@pytest.fixture
def variant(make_product):
    return make_product("Mug", sku="A", price=Decimal(5), mpn="X1").variants.get()


@pytest.fixture
def form(client, person, catalog, variant):
    client.force_login(person)
    where = [catalog.slug, variant.product_id, variant.pk]
    return BrowserForm(client, reverse("catalog:variant_edit", args=where))


def test_money_is_shown_as_people_write_it(form):
    assert form["price"] == "5.00"


def test_form_saves_what_was_changed_in_it_alone(form, variant, person):
    variant_update(variant=variant, actor=person, price=Decimal(9))
    form["gtin"] = "4006381333931"
    form.save()
    variant.refresh_from_db()
    assert (variant.price, variant.gtin) == (Decimal(9), "4006381333931")


def test_emptied_field_is_saved_empty(form, variant):
    form["mpn"] = ""
    form["price"] = ""
    form.save()
    variant.refresh_from_db()
    assert (variant.mpn, variant.price, variant.sku) == ("", None, "A")
