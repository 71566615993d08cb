"""Shopify's product CSV."""

from __future__ import annotations

import csv
import io

import pytest

from catalog.models import AttributeDefinition, Category, ForeignCells, Product
from catalog.services.ledger import attribute_set
from catalog.services.products import product_update

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(exported):
    def written(**options) -> list[dict[str, str]]:
        text = exported("shopify", **options).decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    return written


@pytest.fixture
def came_with(mug):
    """Cells that a Shopify file brought for the mug, or for one of its variants."""

    def kept(cells: dict[str, str], variant=None) -> None:
        ForeignCells.objects.create(product=mug, variant=variant, format="shopify", cells=cells)

    return kept


def test_variants_have_rows_and_their_options(mug, rows):
    small, large = rows()
    assert (small["URL handle"], small["Title"], small["Vendor"]) == ("mug", "Mug", "Ida")
    assert (small["Option1 name"], small["Option1 value"]) == ("Size", "S")
    assert (large["URL handle"], large["Title"], large["Option1 value"]) == ("mug", "", "L")
    assert (small["Price"], small["Compare-at price"], small["SKU"]) == ("12.50", "15.00", "M-1")
    assert (small["Barcode"], small["Weight value (grams)"]) == ("04006381333931", "300")


def test_headers_of_before_are_written_on_request(mug, rows):
    small, _ = rows(headers="old")
    assert (small["Handle"], small["Variant SKU"], small["Option1 Value"]) == ("mug", "M-1", "S")
    assert "URL handle" not in small


def test_simple_product_has_the_option_that_shopify_gives_it(make_product, rows):
    make_product("Bowl")
    (row,) = rows()
    assert (row["Option1 name"], row["Option1 value"]) == ("Title", "Default Title")


def test_option_columns_are_written_whatever_was_chosen(mug, rows):
    small, _ = rows(columns=["Price"])
    assert {"URL handle", "Title", "Price", "Option1 name", "Option3 value"} <= small.keys()
    assert "SKU" not in small


def test_further_photos_have_rows_of_their_own(mug, make_photos, person, rows):
    photos = make_photos(mug, 2)
    photos[0].variant = mug.variants.get(sku="M-2")
    photos[0].save()
    found = rows()
    assert [row["Image position"] for row in found] == ["1", "2", "3"]
    assert (found[2]["SKU"], found[2]["Option1 value"], found[2]["Title"]) == ("", "", "")
    assert found[1]["Variant image URL"] == found[1]["Product image URL"]
    assert found[0]["Variant image URL"] == ""


def test_description_becomes_html(mug, rows):
    assert rows()[0]["Description"] == "<p>Holds tea.</p><p>And coffee; both.</p>"


def test_html_that_came_in_goes_back_until_its_text_is_changed(mug, came_with, person, rows):
    html = "<div>Holds tea.</div><p>And <b>coffee</b>; both.</p>"
    came_with({"Body (HTML)": html})
    assert rows()[0]["Description"] == html
    product_update(product=mug, actor=person, fields={"description": "Holds milk."})
    assert rows()[0]["Description"] == "<p>Holds milk.</p>"
    product_update(product=mug, actor=person, fields={"description": ""})
    assert rows()[0]["Description"] == ""


def test_columns_that_mean_nothing_here_come_back(mug, came_with, rows):
    came_with({"SEO Title": "Mugs", "Sold in (product.metafields.custom.shop)": "Berlin"})
    came_with({"Variant Tax Code": "P000"}, mug.variants.get(sku="M-2"))
    small, large = rows()
    assert small["SEO title"] == "Mugs"
    assert small["Sold in (product.metafields.custom.shop)"] == "Berlin"
    assert (small["Tax code"], large["Tax code"]) == ("", "P000")


def test_cell_that_could_not_be_read_comes_back(mug, came_with, rows):
    came_with({"Variant Barcode": "no gtin"}, mug.variants.get(sku="M-2"))
    assert rows()[1]["Barcode"] == "no gtin"


def test_shop_decides_what_is_on_sale(mug, came_with, person, approve, rows):
    assert rows()[0]["Status"] == "draft"
    approve(mug)
    assert rows()[0]["Status"] == "active"
    came_with({"Status": "draft"})
    assert rows()[0]["Status"] == "draft"
    archived = Product.objects.get(pk=mug.pk)
    product_update(product=archived, actor=person, fields={"status": "archived"})
    assert rows()[0]["Status"] == "archived"


def test_stock_is_the_shops_where_it_counts_it(mug, came_with, rows):
    large = mug.variants.get(sku="M-2")
    mug.variants.update(availability="out_of_stock")
    came_with({"Variant Inventory Qty": "7", "Variant Inventory Policy": "deny"}, large)
    small, counted = rows()
    assert (small["Inventory tracker"], small["Inventory quantity"]) == ("shopify", "0")
    assert (counted["Inventory quantity"], counted["Inventory tracker"]) == ("7", "")
    assert counted["Continue selling when out of stock"] == "deny"


def test_what_can_be_ordered_goes_on_selling(mug, rows):
    mug.variants.filter(sku="M-1").update(availability="backorder")
    small, large = rows()
    assert small["Continue selling when out of stock"] == "CONTINUE"
    assert (large["Inventory quantity"], large["Continue selling when out of stock"]) == (
        "",
        "DENY",
    )


def test_attributes_become_metafields(mug, rows):
    small, _ = rows()
    assert small["Color (product.metafields.custom.color)"] == "Red; Blue"
    assert small["Height (product.metafields.custom.height)"] == "24"
    assert "Color (product.metafields.custom.color)" not in rows(attributes="none")[0]


def test_variants_own_attribute_is_their_metafield(mug, rows):
    small, large = rows()
    header = "Color (variant.metafields.custom.color)"
    assert (small[header], large[header]) == ("", "Green")


def test_attribute_goes_back_into_the_metafield_it_came_in(mug, came_with, person, rows):
    header = "Color (product.metafields.shopify.color-pattern)"
    came_with({header: '["blue","red-de"]'})
    attribute_set(product=mug, field="color", value=["blue", "red"], actor=person)
    assert rows()[0][header] == '["blue","red-de"]'
    attribute_set(product=mug, field="color", value=["green"], actor=person)
    assert rows()[0][header] == "Green"
    assert "Color (product.metafields.custom.color)" not in rows()[0]


def test_gender_stands_in_shopifys_own_column(mug, person, rows, vocabulary):
    AttributeDefinition.objects.create(key="gender", kind="text")
    attribute_set(product=mug, field="gender", value="female", actor=person)
    assert rows()[0]["Google Shopping / Gender"] == "Female"


def test_category_is_shopifys_number_unless_what_came_in_says_it(mug, came_with, rows):
    Category.objects.filter(path="home/kitchen/mugs").update(
        shopify_id="gid://shopify/TaxonomyCategory/hg-11-6-3", google_id="2169"
    )
    row = rows()[0]
    assert (row["Product category"], row["Type"]) == ("hg-11-6-3", "Mugs")
    assert row["Google Shopping / Google product category"] == "2169"
    came_with({"Product Category": "Home > Drinkware > Mugs", "Type": "Cups"})
    row = rows()[0]
    assert (row["Product category"], row["Type"]) == ("Home > Drinkware > Mugs", "Cups")


def test_category_that_came_in_gives_way_to_a_new_one(mug, came_with, person, rows):
    Category.objects.filter(path="clothes").update(shopify_id="aa-1")
    came_with({"Product Category": "Home > Drinkware > Mugs"})
    attribute_set(product=mug, field="category", value="clothes", actor=person)
    assert rows()[0]["Product category"] == "aa-1"


def test_prices_in_another_currency_are_no_prices_of_the_shop(mug, rows):
    mug.variants.filter(sku="M-1").update(currency="JPY")
    assert [row["Price"] for row in rows()] == ["", "14.00"]


def test_text_is_written_as_it_is(mug, person, rows):
    product_update(product=mug, actor=person, fields={"title": "=Mug"})
    assert rows()[0]["Title"] == "=Mug"
