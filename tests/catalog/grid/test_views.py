"""The grid's page, its forms, and what its script asks for."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.urls import reverse

from catalog.models import GridColumns, GridEdit, Product
from catalog.services.ledger import attribute_set
from catalog.services.products import product_update

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, person):
    client.force_login(person)
    return client


def url(name, catalog, *args):
    return reverse(f"catalog:{name}", args=[catalog.slug, *args])


def send(client, address, **body):
    return client.post(
        address,
        json.dumps(body),
        content_type="application/json",
        headers={"Accept": "application/json"},
    )


def rows_of(response):
    return [row["key"] for row in response.context["rows"]]


def test_the_page_has_a_row_for_each_product_and_each_of_several_variants(
    browser, catalog, make_product
):
    mug = make_product("Mug", sku="A", price=Decimal("4.5"))
    shirt = make_product("Shirt", variants=[{"sku": "S"}, {"sku": "M"}])
    small, medium = shirt.variants.all()
    page = browser.get(url("grid", catalog))
    assert rows_of(page) == [
        str(shirt.pk),
        f"{shirt.pk}-{small.pk}",
        f"{shirt.pk}-{medium.pk}",
        str(mug.pk),
    ]
    assert "4.50" in page.text


def test_the_filters_of_the_list_hold(browser, catalog, make_product):
    mug = make_product("Mug", status="archived")
    make_product("Stool")
    assert rows_of(browser.get(url("grid", catalog) + "?status=archived")) == [str(mug.pk)]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("product.title", ["Bowl", "Mug", "Stool"]),
        ("-product.title", ["Stool", "Mug", "Bowl"]),
        ("variant.price", ["Mug", "Stool", "Bowl"]),
        ("-variant.price", ["Stool", "Mug", "Bowl"]),
        ("attribute.height", ["Stool", "Mug", "Bowl"]),
        ("attribute.material", ["Mug", "Stool", "Bowl"]),
        ("product.photos", ["Bowl", "Stool", "Mug"]),
        ("product.brand", ["Mug", "Bowl", "Stool"]),
    ],
)
def test_rows_stand_in_the_order_of_a_column_with_the_empty_last(
    browser, catalog, make_product, person, sort, order
):
    bowl = make_product("Bowl", color=None)
    mug = make_product("Mug", price=Decimal(9), brand="Acme")
    stool = make_product("Stool", price=Decimal(10), color=None)
    for product, height, material in ((mug, 90, "steel"), (stool, 10, "wood")):
        attribute_set(product=product, field="height", value=height, actor=person)
        attribute_set(product=product, field="material", value=material, actor=person)
    assert bowl.title == "Bowl"
    page = browser.get(url("grid", catalog), {"sort": sort})
    assert [row["name"] for row in page.context["rows"]] == order


def test_what_cannot_be_sorted_by_is_ignored(browser, catalog, make_product):
    make_product()
    assert browser.get(url("grid", catalog) + "?sort=nothing&page=x").status_code == 200


def test_a_page_takes_as_many_queries_for_many_products(
    browser, catalog, make_product, person, django_assert_num_queries, django_assert_max_num_queries
):
    GridColumns.objects.create(
        catalog=catalog,
        user=person,
        columns=[
            "product.title",
            "product.photos",
            "variant.sku",
            "attribute.category",
            "attribute.color",
            "attribute.material",
            "attribute.composition@de",
        ],
    )

    def fill(count):
        for _ in range(count):
            product = make_product(variants=[{}, {}])
            attribute_set(product=product, field="color", value=["red"], actor=person)
            attribute_set(
                product=product, field="category", value="home/kitchen/mugs", actor=person
            )

    fill(2)
    browser.get(url("grid", catalog))  # what a process remembers is read once
    with django_assert_max_num_queries(40) as few:
        browser.get(url("grid", catalog))
    fill(6)
    with django_assert_num_queries(len(few)):
        browser.get(url("grid", catalog))


def test_columns_are_kept_for_the_person_and_in_their_order(browser, catalog, person):
    keys = ["attribute.material", "variant.sku", "nothing.here"]
    browser.post(url("grid_columns", catalog), {"column": keys})
    kept = GridColumns.objects.get(catalog=catalog, user=person)
    assert kept.columns == ["product.title", "attribute.material", "variant.sku"]
    page = browser.get(url("grid", catalog))
    assert [column["key"] for column in page.context["columns"]] == kept.columns


def test_a_cell_is_written_and_undone(browser, catalog, make_product):
    mug = make_product("Mug")
    cell = {"row": str(mug.pk), "column": "product.title", "text": "Cup", "before": "Mug"}
    answer = send(browser, url("grid_cells", catalog), cells=[cell]).json()
    assert answer["cells"][0]["state"] == "saved"
    assert Product.objects.get(pk=mug.pk).title == "Cup"
    undone = send(browser, answer["undo_url"]).json()
    assert undone["message"] == "1 cell back as before."
    assert Product.objects.get(pk=mug.pk).title == "Mug"


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"cells": 1}', '{"cells": [1]}', '{"cells": [{"row": 1}]}']
)
def test_what_is_no_list_of_cells_is_refused(browser, catalog, body):
    address = url("grid_cells", catalog)
    assert browser.post(address, body, content_type="application/json").status_code == 422


def test_a_plan_is_shown_before_it_is_done(browser, catalog, make_product):
    mug, stool = make_product("Red mug"), make_product("Red stool")
    form = {"act": "replace", "find": "red", "text": "Blue", "column": "product.title", "all": "1"}
    page = browser.post(url("grid_plan", catalog), form, follow=True)
    assert "2 cells" in page.text
    assert "Blue mug" in page.text
    assert Product.objects.get(pk=mug.pk).title == "Red mug"
    edit = GridEdit.objects.get()
    browser.post(url("grid_apply", catalog, edit.pk))
    assert Product.objects.get(pk=stool.pk).title == "Blue stool"
    browser.post(url("grid_undo", catalog, edit.pk))
    assert Product.objects.get(pk=stool.pk).title == "Red stool"


def test_a_plan_says_which_variant_each_cell_is_of(browser, catalog, make_product):
    make_product("Shirt", variants=[{"sku": "S-WHITE"}, {"sku": "M-WHITE"}])
    form = {"act": "set", "text": "9", "column": "variant.price", "all": "1"}
    page = browser.post(url("grid_plan", catalog), form, follow=True)
    assert ("S-WHITE" in page.text, "M-WHITE" in page.text) == (True, True)


def test_an_act_on_all_that_match_keeps_to_the_filter(browser, catalog, make_product):
    make_product("Mug", status="archived")
    make_product("Stool")
    form = {
        "act": "set",
        "text": "Acme",
        "column": "product.brand",
        "all": "1",
        "query": "status=archived",
    }
    browser.post(url("grid_plan", catalog), form)
    assert GridEdit.objects.get().counts["cells"] == 1


def test_an_act_on_chosen_rows_needs_some(browser, catalog, make_product):
    make_product("Mug")
    form = {"act": "clear", "column": "product.title", "all": "0"}
    page = browser.post(url("grid_plan", catalog), form, follow=True)
    assert "Choose at least one row" in page.text


def test_refusals_are_shown_in_the_plan(browser, catalog, make_product):
    mug = make_product("Mug")
    cells = [{"row": str(mug.pk), "column": "variant.price", "text": "<b>cheap</b>"}]
    answer = send(browser, url("grid_plan", catalog), cells=cells).json()
    page = browser.get(answer["url"], headers={"X-Grid-Part": "1"})
    assert "is not an amount" in page.text
    assert "<b>" not in page.text
    assert "<html" not in page.text


def test_a_row_is_edited_with_a_form(browser, catalog, make_product):
    mug = make_product("Mug", sku="A")
    address = url("grid_row", catalog, str(mug.pk))
    assert browser.get(address).status_code == 200
    form = {
        "product.title": "Cup",
        "before.product.title": "Mug",
        "variant.price": "cheap",
        "before.variant.price": "",
    }
    page = browser.post(address, form)
    assert page.status_code == 422
    assert "is not an amount" in page.text
    assert Product.objects.get(pk=mug.pk).title == "Cup"


def test_a_row_that_somebody_changed_since_shows_both_values(
    browser, catalog, make_product, person
):
    mug = make_product("Mug")
    product_update(product=mug, actor=person, fields={"title": "Theirs"})
    form = {"product.title": "Mine", "before.product.title": "Mug"}
    page = browser.post(url("grid_row", catalog, str(mug.pk)), form)
    assert "“Theirs”" in page.text
    assert 'value="Mine"' in page.text
    assert Product.objects.get(pk=mug.pk).title == "Theirs"


@pytest.mark.parametrize("row", ["0", "x", "1-2-3"])
def test_a_row_that_is_none_is_not_there(browser, catalog, row):
    assert browser.get(url("grid_row", catalog, row)).status_code == 404


def test_readers_see_no_way_to_edit(client, catalog, make_product, make_user):
    viewer = make_user("viewer")
    catalog.memberships.create(user=viewer, role="viewer")
    make_product("Mug")
    client.force_login(viewer)
    page = client.get(url("grid", catalog))
    assert 'aria-readonly="true"' in page.text
    assert 'grid-change-form"' not in page.text.replace('form="grid-change-form"', "")


def test_texts_of_cells_are_escaped(browser, catalog, make_product):
    make_product("<script>alert(1)</script>")
    assert "<script>alert" not in browser.get(url("grid", catalog)).text
