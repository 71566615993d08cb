from __future__ import annotations

import pytest

from catalog.importing.reading import Inspection, inspect, read_records

OLD = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,"
    "Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,"
    "Variant Compare At Price,Variant Barcode,Image Src,Image Position,Image Alt Text,Variant Image,"
    "SEO Title,Status,Material (product.metafields.custom.material),Pallet\n"
)
NEW = (
    "Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,Status,SKU,"
    "Barcode,Option1 name,Option1 value,Option1 Linked To,Price,Compare-at price,Cost per item,Charge tax,"
    "Inventory tracker,Inventory quantity,Continue selling when out of stock,Weight value (grams),"
    "Weight unit for display,Product image URL,Image position,Image alt text,Variant image URL\n"
)


@pytest.fixture
def shopify(read):
    """Products of a file with the headers of before; each row is given by what is not blank in it."""
    names = OLD.strip().split(",")

    def products(*rows: dict[str, str]):
        lines = [",".join(f'"{row.get(name, "")}"' for name in names) for row in rows]
        inspection, found = read(OLD + "\n".join(lines) + "\n")
        assert inspection.format == "shopify"
        return found

    return products


def test_a_product_of_the_old_headers(shopify):
    (product,) = shopify(
        {
            "Handle": "mug",
            "Title": "Mug",
            "Body (HTML)": "<p>Blue</p>",
            "Vendor": "Halden",
            "Tags": "a, b",
            "Variant SKU": "M-1",
            "Variant Grams": "350",
            "Variant Price": "14.00",
            "Variant Barcode": "4057739102648",
            "Status": "active",
        }
    )
    record = product.record
    assert record.key == "mug"
    assert record.fields == {
        "handle": "mug",
        "title": "Mug",
        "description": "Blue",
        "brand": "Halden",
        "tags": ["a", "b"],
        "status": "approved",
    }
    assert record.extra["Body (HTML)"] == "<p>Blue</p>"
    (variant,) = record.variants
    assert variant.fields["sku"] == "M-1"
    assert variant.fields["price"] == "14.00"
    assert variant.fields["weight_grams"] == "350"
    assert variant.fields["gtin"] == "4057739102648"


def test_a_product_of_the_new_headers(read):
    inspection, (product,) = read(
        NEW
        + "Mug,mug,Blue,Halden,Home > Mugs,Mugs,,TRUE,draft,M-1,4057739102648,Colour,Red,,14.00,16.00,4.20,"
        "TRUE,shopify,0,CONTINUE,350,g,https://x.example/a.jpg,1,A mug,\n"
    )
    record = product.record
    assert inspection.format == "shopify"
    assert record.attributes == {"category": ["Home > Mugs", "Mugs"]}
    assert record.variants[0].fields["availability"] == "backorder"
    assert record.variants[0].fields["compare_at_price"] == "16.00"
    assert record.variants[0].fields["option1_value"] == "Red"
    assert record.photos[0].alt_text == "A mug"
    assert (record.fields["status"], record.extra["Status"]) == ("draft", "draft")


def test_further_rows_are_variants_and_photos(shopify):
    (product,) = shopify(
        {
            "Handle": "mug",
            "Title": "Mug",
            "Option1 Name": "Colour",
            "Option1 Value": "Red",
            "Variant SKU": "M-1",
            "Image Src": "https://x.example/2.jpg",
            "Image Position": "2",
        },
        {
            "Handle": "mug",
            "Option1 Value": "Blue",
            "Variant SKU": "M-2",
            "Image Src": "https://x.example/1.jpg",
            "Image Position": "1",
            "Variant Image": "https://x.example/2.jpg",
        },
        {"Handle": "mug", "Image Src": "https://x.example/3.jpg", "Image Position": "3"},
    )
    record = product.record
    assert [variant.name for variant in record.variants] == ["M-1", "M-2"]
    assert [variant.fields["option1_name"] for variant in record.variants] == ["Colour", "Colour"]
    assert [photo.source[-5:] for photo in record.photos] == ["1.jpg", "2.jpg", "3.jpg"]
    assert [photo.variant for photo in record.photos] == ["", "M-2", ""]
    assert record.rows == [2, 3, 4]
    assert not product.problems


def test_handles_that_differ_in_case_and_blanks_are_one_product(shopify):
    (product,) = shopify(
        {"Handle": "mug ", "Title": "Mug", "Variant SKU": "a"},
        {"Handle": " Mug", "Variant SKU": "b"},
    )
    assert [variant.name for variant in product.record.variants] == ["a", "b"]


def test_a_product_that_is_not_together_comes_in_parts_of_one_key(shopify):
    found = shopify(
        {"Handle": "mug", "Title": "Mug", "Variant SKU": "a"},
        {"Handle": "plate", "Title": "Plate", "Variant SKU": "b"},
        {"Handle": "mug", "Variant SKU": "c"},
    )
    assert [product.record.key for product in found] == ["mug", "plate", "mug"]


def test_the_default_option_is_none(shopify):
    (product,) = shopify(
        {
            "Handle": "mug",
            "Option1 Name": "Title",
            "Option1 Value": "Default Title",
            "Variant SKU": "a",
        }
    )
    fields = product.record.variants[0].fields
    assert (fields["option1_name"], fields["option1_value"]) == (None, None)


def test_an_option_without_a_name_gets_one_and_is_told_of(shopify):
    (product,) = shopify(
        {"Handle": "mug", "Option1 Value": "Red", "Variant SKU": "a"},
        {"Handle": "mug", "Option1 Value": "Blue", "Variant SKU": "b"},
    )
    assert product.record.variants[1].fields["option1_name"] == "Option 1"
    assert [problem.row for problem in product.problems] == [2]


def test_unknown_columns_and_metafields_are_kept_and_metafields_are_attributes(shopify):
    (product,) = shopify(
        {
            "Handle": "mug",
            "Variant SKU": "a",
            "SEO Title": "A mug",
            "Material (product.metafields.custom.material)": "ceramic; glass",
            "Pallet": "7",
        }
    )
    assert product.record.attributes["material"] == ["ceramic", "glass"]
    assert product.record.extra["Pallet"] == "7"
    assert product.record.extra["SEO Title"] == "A mug"


def test_what_is_not_understood_is_told_of_and_kept(shopify):
    (product,) = shopify(
        {
            "Handle": "mug",
            "Variant SKU": "a",
            "Variant Barcode": "4.00643E+12",
            "Variant Price": "on request",
            "Image Src": "htp:/broken",
        }
    )
    variant = product.record.variants[0]
    assert {problem.field for problem in product.problems} == {
        "Variant Barcode",
        "Variant Price",
        "Image Src",
    }
    assert {problem.severity for problem in product.problems} == {"warning"}
    assert variant.extra["Variant Price"] == "on request"
    assert "price" not in variant.fields
    assert not product.record.photos


def test_an_sku_that_stands_twice_in_a_product_is_refused_the_second_time(shopify):
    (product,) = shopify(
        {"Handle": "mug", "Variant SKU": "a", "Variant Price": "1"},
        {"Handle": "mug", "Variant SKU": "a", "Variant Price": "2"},
    )
    assert [variant.row for variant in product.record.variants] == [2]
    assert [(problem.row, problem.severity) for problem in product.problems] == [(3, "error")]


def test_a_type_is_the_category_where_nothing_else_says_it(shopify):
    (product,) = shopify({"Handle": "mug", "Type": "Mugs", "Variant SKU": "a"})
    assert product.record.attributes["category"] == ["Mugs"]


def test_a_column_that_a_person_leaves_out_is_left_out(file):
    path = file(OLD + '"mug","Mug"' + "," * 23 + "\n")
    inspection = Inspection.of_json(inspect(path, "a.csv").as_json())
    (product,) = read_records(path, inspection, inspection.mapping | {"Title": "ignore"})
    assert "title" not in product.record.fields


def test_a_row_without_a_handle_is_a_product_by_its_sku(shopify):
    (product,) = shopify({"Variant SKU": "a", "Variant Price": "5"})
    assert product.record.key == "a"
    assert "Give it the handle" in product.problems[0].message


def test_a_variant_far_from_its_product_has_the_names_of_its_options(shopify):
    *_, last = shopify(
        {"Handle": "mug", "Option1 Name": "Colour", "Option1 Value": "Red", "Variant SKU": "a"},
        {"Handle": "plate", "Variant SKU": "b"},
        {"Handle": "mug", "Option1 Value": "Blue", "Variant SKU": "c"},
    )
    assert last.record.variants[0].fields["option1_name"] == "Colour"
    assert not last.problems


def test_a_stock_in_words_is_told_of(shopify):
    (product,) = shopify({"Handle": "mug", "Variant SKU": "a", "Variant Inventory Qty": "many"})
    assert [problem.field for problem in product.problems] == ["Variant Inventory Qty"]
    assert "availability" not in product.record.variants[0].fields
