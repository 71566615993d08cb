"""The form of a variant, open before several people."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from catalog.models import Variant
from catalog.services.variants import variant_update
from tests.catalog.admin.browser_form import BrowserForm

pytestmark = pytest.mark.django_db


@pytest.fixture
def variant(make_product):
    return make_product("Mug", sku="A", price=Decimal(5), mpn="X1").variants.get()


@pytest.fixture
def opened(client, person, catalog, variant):
    """Opens the form."""
    client.force_login(person)
    where = [catalog.slug, variant.product_id, variant.pk]
    return lambda: BrowserForm(client, reverse("catalog:variant_edit", args=where))


@pytest.fixture
def form(opened):
    return opened()


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


@pytest.mark.parametrize(
    ("gtin", "said"),
    [
        ("4006381333930", "The check digit of 4006381333930 should be 1"),
        ("40063813339", "It has 11 digits"),
        ("2001234567893", "is kept for numbers that a shop gives itself"),
        ("ABC", "A GTIN has digits only"),
    ],
)
def test_a_gtin_that_is_none_is_refused_at_its_field(form, variant, gtin, said):
    form["gtin"] = gtin
    answer = form.save()
    assert answer.status_code == 422
    assert any(said in text for text in answer.context["form"].errors["gtin"])
    variant.refresh_from_db()
    assert variant.gtin == ""


def test_a_wrong_gtin_that_stands_there_keeps_nothing_else_from_being_changed(opened, variant):
    Variant.objects.filter(pk=variant.pk).update(gtin="4006381333930")
    form = opened()
    form["mpn"] = "X2"
    form.save()
    variant.refresh_from_db()
    assert (variant.mpn, variant.gtin) == ("X2", "4006381333930")
