"""Pages of a catalogue call things as its language does, or else in English."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import AttributeDefinition, Catalog, Category, Term
from catalog.models.vocabulary import label_in
from catalog.services.ledger import attribute_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def german(catalog, vocabulary):
    Catalog.objects.filter(pk=catalog.pk).update(language="de-CH")
    AttributeDefinition.objects.filter(key="color").update(labels={"en": "Colour", "de": "Farbe"})
    Category.objects.filter(path="home/kitchen/mugs").update(labels={"en": "Mugs", "de": "Becher"})
    Term.objects.filter(key="red").update(labels={"en": "Red", "de": "Rot"})
    catalog.refresh_from_db()
    return catalog


@pytest.fixture
def mug(german, make_product):
    attributes = {"category": "home/kitchen/mugs", "color": ["red"], "material": "wood"}
    return make_product("Thing", catalog=german, color=None, attributes=attributes)


@pytest.fixture
def page(person):
    client = Client()
    client.force_login(person)
    return lambda address: client.get(address).content.decode()


def test_the_products_page_and_its_forms_speak_the_catalogues_language(mug, page):
    shown = page(mug.get_absolute_url())
    assert all(word in shown for word in ("Farbe", "Rot", "Home › Kitchen › Becher"))
    for field, word in (("color", "Rot"), ("category", "Becher")):
        assert word in page(reverse("catalog:attribute_edit", args=["shop-1", mug.pk, field]))


def test_facets_and_chips_speak_the_catalogues_language(mug, page):
    shown = page(reverse("catalog:search", args=["shop-1"]) + "?f.color=red&f.category=home")
    assert all(word in shown for word in ("Farbe: Rot", "Becher", "Category: Home"))


def test_a_category_is_found_by_its_name_in_any_language_and_says_so(mug, page):
    shown = page(reverse("catalog:search", args=["shop-1"]) + "?q=becher")
    assert "Thing" in shown
    assert "Category: becher" in shown


@pytest.mark.parametrize(
    ("language", "label"), [("pt-BR", "B"), ("pt-PT", "P"), ("fr", "E"), ("en", "E")]
)
def test_a_label_falls_back_to_the_language_it_is_a_kind_of_and_to_english(language, label):
    assert label_in({"en": "E", "pt": "P", "pt-BR": "B"}, language, "key") == label
    assert label_in({"de": "D"}, language, "key") == "key"


def test_lists_offer_what_is_offered_and_what_the_catalogue_has(mug, page):
    home = Category.objects.get(path="home")
    home.offered = False
    home.save()
    Category.objects.create(parent=home, slug="attic", path="home/attic", labels={"en": "Attic"})
    Category.objects.filter(path="clothes").update(labels={"en": "Apparel"})
    shown = page(reverse("catalog:attribute_edit", args=["shop-1", mug.pk, "category"]))
    assert all(word in shown for word in ("Becher", "Apparel"))
    assert "Attic" not in shown


def test_a_page_takes_as_many_queries_for_many_fields(mug, page, django_assert_max_num_queries):
    for field, value in (("style", "plain"), ("organic", True), ("height", 3)):
        attribute_set(product=mug, field=field, value=value, actor=None)
    page(mug.get_absolute_url())
    with django_assert_max_num_queries(45):
        page(mug.get_absolute_url())
