"""The vocabulary in a catalogue's settings."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from catalog.models import Category

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(catalog, person):
    client = Client()

    def get(user=person, **query):
        client.force_login(user)
        return client.get(reverse("catalog:vocabulary", args=[catalog.slug]), query)

    return get


def test_the_tree_counts_products_and_opens_along_the_way(page, vocabulary, make_product):
    make_product(color=None, attributes={"category": "home/kitchen/mugs"})
    rows = {row["label"]: row for row in page().context["tree"]}
    assert rows.keys() == {"Home", "Clothes"}
    assert (rows["Home"]["count"], rows["Clothes"]["count"]) == (1, 0)
    opened = page(category="home/kitchen").context["tree"]
    assert [row["label"] for row in opened] == ["Clothes", "Home", "Kitchen", "Mugs"]


def test_a_category_shows_its_attributes_its_values_and_its_schema(page, vocabulary):
    vocabulary["material"].categories.add(Category.objects.get(path="home"))
    vocabulary["color"].categories.add(Category.objects.get(path="clothes"))
    shown = page(category="home/kitchen").content.decode()
    assert "Material" in shown
    assert "from Home" in shown
    assert "Machines only suggest" in shown
    schema = page(category="home/kitchen").context["schema"]
    assert '"home/kitchen"' in schema
    assert '"steel"' in schema
    assert '"color"' not in schema


def test_what_lacks_a_name_is_counted_language_by_language(page, vocabulary, catalog):
    catalog.language = "de"
    catalog.save()
    german, english = page().context["languages"]
    assert (german["name"], german["own"]) == ("German", True)
    assert (german["missing"], german["total"]) == (13, 16)
    assert "home/kitchen" in german["names"]
    assert english["missing"] == 0


def test_an_unknown_category_is_not_found(page, vocabulary):
    assert page(category="nowhere").status_code == 404


def test_members_read_and_strangers_do_not_know_of_it(page, vocabulary, make_user):
    assert page(make_user()).status_code == 404
    assert b"Edit in the admin" not in page().content


def test_people_with_the_permissions_find_the_admin(page, vocabulary, person):
    person.is_staff = True
    person.save()
    person.user_permissions.set(Permission.objects.filter(content_type__app_label="catalog"))
    assert reverse("admin:catalog_vocabularyimport_add").encode() in page().content


def test_members_take_the_vocabulary_along(catalog, vocabulary, person):
    client = Client()
    client.force_login(person)
    for form, start in (("toml", b"# A vocabulary"), ("json", b"{")):
        answer = client.get(reverse("catalog:vocabulary_export", args=[catalog.slug, form]))
        assert answer.content.startswith(start)
        assert f"vocabulary.{form}" in answer.headers["Content-Disposition"]


def test_it_takes_as_many_queries_for_a_large_vocabulary(
    page, vocabulary, django_assert_max_num_queries
):
    home = Category.objects.get(path="home")
    Category.objects.bulk_create(
        Category(parent=home, slug=f"c{n}", path=f"home/c{n}", labels={"en": f"C{n}"})
        for n in range(400)
    )
    page()
    with django_assert_max_num_queries(20):
        rows = page(category="home").context["tree"]
    assert rows[-1]["more"] == 101
