"""Approval over the API: statuses of many, versions, what changed since."""

from __future__ import annotations

import pytest

from catalog.models import Product, ProductVersion
from catalog.services.products import product_update

pytestmark = pytest.mark.django_db


@pytest.fixture
def mug(make_product):
    return make_product("Mug", price="10", status="approved")


@pytest.fixture
def changed(mug, person):
    return product_update(product=mug, actor=person, fields={"title": "Cup", "price": "12.5"})


def test_product_says_its_version_and_whether_it_changed(api, changed, make_product):
    _, product = api.get(f"/products/{changed.pk}")
    assert (product["approved_version"], product["changed_since_approval"]) == (1, True)
    _, draft = api.get(f"/products/{make_product().pk}")
    assert (draft["approved_version"], draft["changed_since_approval"]) == (None, False)


def test_changes_are_told_with_both_sides(api, changed):
    status, answer = api.get(f"/products/{changed.pk}/changes")
    assert (status, answer["approved_version"]) == (200, 1)
    told = {change["name"]: (change["before"], change["after"]) for change in answer["changes"]}
    assert told == {"title": ("Mug", "Cup"), "price": ("10.00", "12.50")}
    assert {change["part"] for change in answer["changes"]} == {"product", "variant"}


def test_product_without_a_version_has_no_changes(api, make_product):
    answer = api.get(f"/products/{make_product().pk}/changes")
    assert answer == (200, {"approved_version": None, "changes": []})


def test_version_is_read_with_what_it_holds(api, changed):
    _, listed = api.get(f"/products/{changed.pk}/versions")
    assert [(row["number"], row["approved_by"], row["withdrawn"]) for row in listed] == [
        (1, "ada", False)
    ]
    _, version = api.get(f"/products/{changed.pk}/versions/1")
    assert version["content"]["title"] == "Mug"
    assert version["content"]["variants"][0]["price"] == "10.00"


def test_unknown_version_is_not_found(api, mug):
    status, answer = api.get(f"/products/{mug.pk}/versions/7")
    assert (status, answer["error"]["code"]) == (404, "not_found")


def test_approving_again_makes_the_next_version(api, changed):
    assert api.send("PATCH", f"/products/{changed.pk}", {"status": "approved"})[0] == 200
    assert changed.versions.count() == 2


def test_editor_who_sends_the_status_back_approves_nothing(api_of, changed, make_user, catalog):
    editor = make_user()
    catalog.memberships.create(user=editor, role="editor")
    body = {"title": "Beaker", "status": "approved"}
    status, product = api_of(editor).send("PATCH", f"/products/{changed.pk}", body)
    assert (status, product["title"], product["changed_since_approval"]) == (200, "Beaker", True)
    assert ProductVersion.objects.count() == 1


def test_statuses_of_many_are_set_by_ids(api, catalog, make_product):
    ids = [make_product().pk for _ in range(2)]
    body = {"status": "approved", "ids": [*ids, 10**9]}
    answer = api.send("POST", f"/catalogs/{catalog.slug}/products/status", body)
    assert answer == (200, {"changed": 2, "left": 1})
    assert ProductVersion.objects.count() == 2


def test_statuses_of_many_are_set_by_a_filter(api, catalog, make_product):
    make_product()
    make_product(color=None)
    body = {"status": "in_review", "filter": {"photos": "0", "status": "draft"}}
    answer = api.send("POST", f"/catalogs/{catalog.slug}/products/status", body)
    assert answer == (200, {"changed": 1, "left": 0})
    assert Product.objects.get(status="in_review").placements.count() == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"status": "approved"}, "either ids or a filter"),
        ({"status": "approved", "ids": [1], "filter": {}}, "either ids or a filter"),
        ({"status": "approved", "filter": {"colour": "red"}}, "cannot work: colour"),
        ({"status": "approved", "filter": {"photos": "seven"}}, "cannot work: photos"),
        ({"status": "sold", "ids": [1]}, ""),
    ],
)
def test_what_cannot_work_moves_nothing(api, catalog, make_product, body, said):
    make_product()
    status, answer = api.send("POST", f"/catalogs/{catalog.slug}/products/status", body)
    assert status == 422
    assert said in str(answer)
    assert not Product.objects.exclude(status="draft").exists()


def test_editor_may_not_approve_many(api_of, catalog, make_product, make_user):
    editor = make_user()
    catalog.memberships.create(user=editor, role="editor")
    body = {"status": "approved", "ids": [make_product().pk]}
    status, _ = api_of(editor).send("POST", f"/catalogs/{catalog.slug}/products/status", body)
    assert status == 403
