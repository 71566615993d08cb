"""WooCommerce's product CSV."""

from __future__ import annotations

import csv
import io

import pytest

from catalog.models import ForeignCells
from catalog.services.products import product_update

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(exported):
    def written() -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(exported("woocommerce").decode(), newline="")))

    return written


def test_variable_product_has_variations_that_name_it(mug, rows):
    parent, small, large = rows()
    assert [row["Type"] for row in (parent, small, large)] == ["variable", "variation", "variation"]
    assert (parent["SKU"], small["Parent"], large["Parent"]) == ("mug", "mug", "mug")
    assert (parent["Attribute 1 name"], parent["Attribute 1 value(s)"]) == ("Size", "S, L")
    assert (small["Attribute 1 name"], small["Attribute 1 value(s)"]) == ("Size", "S")
    assert (small["Regular price"], small["Sale price"]) == ("15.00", "12.50")
    assert (large["Regular price"], large["Sale price"], small["Weight (kg)"]) == (
        "14.00",
        "",
        "0.3",
    )


def test_parent_is_never_called_as_one_of_its_variations(mug, person, rows):
    mug.variants.filter(sku="M-1").update(sku="MUG")
    assert rows()[0]["SKU"] == "mug-all"


def test_simple_product_is_one_row(make_product, rows):
    make_product("Bowl", sku="B", price="5")
    (row,) = rows()
    assert (row["Type"], row["SKU"], row["Regular price"]) == ("simple", "B", "5.00")


def test_category_is_written_as_its_way(mug, rows):
    assert rows()[0]["Categories"] == "Home > Kitchen > Mugs"


def test_formulas_are_guarded_as_woocommerce_itself_does(mug, person, rows):
    product_update(product=mug, actor=person, fields={"title": "=Mug"})
    assert rows()[0]["Name"] == "'=Mug"


def test_html_that_came_in_goes_back_until_its_text_is_changed(mug, person, rows):
    html = "<div>Holds tea.</div><p>And <b>coffee</b>; both.</p>"
    ForeignCells.objects.create(product=mug, format="woocommerce", cells={"Description": html})
    assert rows()[0]["Description"] == html
    product_update(product=mug, actor=person, fields={"description": ""})
    assert rows()[0]["Description"] == ""


def test_backslashes_are_no_ends_of_lines(mug, person, rows):
    product_update(product=mug, actor=person, fields={"description": r"C:\new"})
    assert rows()[0]["Description"] == "<p>C:&#92;new</p>"
