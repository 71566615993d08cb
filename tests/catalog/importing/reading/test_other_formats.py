"""WooCommerce, Google, Meta, our own table and JSON Lines."""

from __future__ import annotations

import json

import pytest

from catalog.interchange import google
from catalog.interchange.records import PhotoRecord, ProductRecord, VariantRecord

WOO = (
    "ID,Type,SKU,Name,Published,Is featured?,Description,In stock?,Stock,Backorders allowed?,Weight (kg),"
    "Sale price,Regular price,Categories,Images,Parent,Attribute 1 name,Attribute 1 value(s),"
    "Attribute 2 name,Attribute 2 value(s),Meta: _x\n"
)
GOOGLE = "id\titem_group_id\ttitle\tdescription\tlink\timage_link\tprice\tavailability\tcolor\tsize\tlabel\n"
OWN = "handle,title,description,tags,sku,option1_name,option1_value,price,weight_grams,material,variant:color,photo,photo_alt_text,photo_role,photo_variant\n"


def test_a_woocommerce_product_with_variations(read):
    inspection, (product,) = read(
        WOO
        + '44,variable,tee,Tee,1,1,"<p>Long</p>\\nmore",1,,0,,,,"Clothing > T-shirts, Sale",https://x.example/a.jpg,,Color,"Blue, Green",Material,Cotton,1\n'
        "45,variation,tee-b,Tee - Blue,1,0,,1,5,0,0.5,15,20,,https://x.example/b.jpg,tee,Color,Blue,,,\n"
        "46,variation,tee-g,Tee - Green,1,0,,backorder,,0,,,20,,,tee,Color,Green,,,\n"
    )
    record = product.record
    assert inspection.format == "woocommerce"
    assert (record.key, record.fields["title"], record.fields["status"]) == (
        "tee",
        "Tee",
        "approved",
    )
    assert record.attributes == {
        "category": ["Clothing > T-shirts", "Sale"],
        "material": ["Cotton"],
    }
    blue, green = record.variants
    assert (blue.fields["price"], blue.fields["compare_at_price"]) == ("15.00", "20.00")
    assert (blue.fields["option1_name"], blue.fields["option1_value"]) == ("Color", "Blue")
    assert blue.fields["weight_grams"] == "500"
    assert green.fields["availability"] == "backorder"
    assert [(photo.source, photo.variant) for photo in record.photos] == [
        ("https://x.example/a.jpg", ""),
        ("https://x.example/b.jpg", "tee-b"),
    ]
    assert record.extra["Parent SKU"] == "tee"
    assert record.extra["Meta: _x"] == "1"
    assert record.extra["Categories"] == "Clothing > T-shirts, Sale"


def test_a_woocommerce_variation_far_from_its_parent_has_its_key_and_nothing_of_the_product(read):
    _, found = read(
        WOO
        + "44,variable,,Tee,1,1,,1,,0,,,,,,,,,,,\n"
        + '50,simple,mug,Mug,-1,0,,0,,0,,,9.9,,,,Material,"Ceramic, Glass",,,\n'
        + "45,variation,tee-b,Tee - Blue,1,0,,1,,0,,,20,,,id:44,Color,Blue,,,\n"
    )
    assert [product.record.key for product in found] == ["id:44", "mug", "id:44"]
    parent, mug, variation = (product.record for product in found)
    assert not parent.variants
    assert not variation.fields
    assert mug.attributes["material"] == ["Ceramic", "Glass"]


def test_items_of_a_google_group_are_one_product_with_options(read):
    inspection, (product,) = read(
        GOOGLE
        + "A-1\ttee\tTee\tGood\thttps://x.example/tee\thttps://x.example/r.jpg\t12.50 EUR\tin stock\tRed\tM\tx\n"
        + "A-2\ttee\tTee Blue\tGood\thttps://x.example/tee\thttps://x.example/b.jpg\t12.50 EUR\tout_of_stock\tBlue\tM\ty\n"
    )
    record = product.record
    assert inspection.format == "google"
    assert record.attributes["size"] == ["M"]
    assert [variant.attributes for variant in record.variants] == [
        {"color": ["Red"]},
        {"color": ["Blue"]},
    ]
    assert [variant.fields["option1_value"] for variant in record.variants] == ["Red", "Blue"]
    assert record.variants[0].fields["currency"] == "EUR"
    assert [photo.variant for photo in record.photos] == ["A-1", "A-2"]
    assert record.variants[1].extra["label"] == "y"


OFFERS = "id\titem_group_id\titem_group_title\ttitle\tlink\tprice\tavailability\tcolor\tgender\tvariant_option(name:value)\n"


def offer(number: int, color: str, gender: str, options: str) -> str:
    return (
        f"S-{number}\tshoe\tShoe\tShoe {number}\thttps://x.example/{number}\t9 EUR\tin_stock"
        f"\t{color}\t{gender}\t{options}\n"
    )


def options_of(read, *offers: str) -> list[dict[str, str]]:
    _, (product,) = read(OFFERS + "".join(offers))
    return [
        {
            variant.fields[f"option{n}_name"]: variant.fields[f"option{n}_value"]
            for n in (1, 2, 3)
            if variant.fields.get(f"option{n}_name")
        }
        for variant in product.record.variants
    ]


def test_what_items_of_a_google_group_name_as_their_options_are_these(read):
    first = offer(1, "Red", "", '"""Shoe width"":narrow,Size:8"')
    second = offer(2, "Blue", "", '"Shoe width:""wide, very"",Size:8"')
    assert options_of(read, first, second) == [
        {"Shoe width": "narrow", "Size": "8"},
        {"Shoe width": "wide, very", "Size": "8"},
    ]


def test_what_options_do_not_tell_apart_columns_do(read):
    items = [offer(1, "Red", "male", "Size:8"), offer(2, "Red", "female", "Size:8")]
    assert options_of(read, *items) == [
        {"Size": "8", "Gender": "male"},
        {"Size": "8", "Gender": "female"},
    ]


def test_the_title_of_a_google_group_is_the_product_s(read):
    _, (product,) = read(OFFERS + offer(1, "Red", "", "Size:8") + offer(2, "Red", "", "Size:9"))
    assert product.record.fields["title"] == "Shoe"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Shoe width:narrow,size:8", {"Shoe width": "narrow", "size": "8"}),
        (' "a ""b""" : "1, 2" , c:d:e', {'a "b"': "1, 2", "c": "d:e"}),
        ("Size:8,Size:9", {"Size": "8"}),
        ("alone,:8,Size:", {}),
        ('"never ended:8', {'"never ended': "8"}),
        ("", {}),
    ],
)
def test_names_with_values_in_one_cell(text, found):
    assert google.named_values(text) == found


def test_a_text_that_a_model_wrote_is_known_as_one(read):
    _, (product,) = read(
        "id\ttitle\tstructured_title\tlink\tprice\tavailability\n"
        'A\t\t"trained_algorithmic_media:""A """"good"""" mug"""\thttps://x.example/a\t1 EUR\tin_stock\n'
    )
    assert product.record.fields["title"] == 'A "good" mug'
    assert product.record.written_by == {"title": "vision-llm"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('trained_algorithmic_media:"A ""b"""', ('A "b"', True)),
        ("default:Mug: blue", ("Mug: blue", False)),
        ("Mug: blue", ("Mug: blue", False)),
    ],
)
def test_structured_texts(text, found):
    assert google.structured(text) == found


def test_a_google_feed_in_xml(read):
    inspection, (product,) = read(
        '<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>A</g:id><title>Mug</title>'
        "<g:price>12.50 EUR</g:price><g:structured_description><g:digital_source_type>"
        "trained_algorithmic_media</g:digital_source_type><g:content>Blue</g:content>"
        "</g:structured_description></item></channel></rss>"
    )
    assert inspection.format == "google"
    assert product.record.fields == {"title": "Mug", "description": "Blue"}
    assert product.record.written_by == {"description": "vision-llm"}
    assert product.record.variants[0].fields["price"] == "12.50"


def test_a_meta_catalogue_below_its_comments(read):
    inspection, (product,) = read(
        "\"# Required | A unique content ID for the item. Use the item's SKU if you can. Each content ID must "
        'appear only once","# Required | A specific, relevant title for the item, of at most 200 characters",'
        '"# Optional | Whether it is in stock, and when not, when it will be so again, roughly, if known",'
        '"# Optional | Price with a currency code such as EUR and with a point before the cents, please",#,#,#\n'
        "id,title,availability,price,link,image_link,fb_product_category\n"
        "A,Mug,in stock,12.50 EUR,https://x.example/a,https://x.example/a.jpg,home > mugs\n"
    )
    assert inspection.format == "meta"
    assert product.record.attributes["category"] == ["home > mugs"]


def test_our_own_table(read):
    inspection, (product,) = read(
        OWN
        + 'mug,\'=Mug,"<b>\nas it is",a; b\\; c,M-1,Colour,Red,"1.299",350,ceramic; glass,red,a.jpg,A mug,main,M-1\n'
        + "mug,,,,M-2,Colour,Blue,12.50,,,blue,b.jpg,,detail,\n"
        + "mug,,,,,,,,,,,c.jpg,,,\n"
    )
    record = product.record
    assert inspection.format == "csv"
    assert record.fields == {
        "handle": "mug",
        "title": "=Mug",
        "description": "<b>\nas it is",
        "tags": ["a", "b; c"],
    }
    assert record.attributes == {"material": ["ceramic", "glass"]}
    assert [variant.attributes for variant in record.variants] == [
        {"color": ["red"]},
        {"color": ["blue"]},
    ]
    assert record.variants[0].fields["price"] == "1.299"
    assert record.photos == [
        PhotoRecord("a.jpg", "A mug", "main", "M-1"),
        PhotoRecord("b.jpg", None, "detail", ""),
        PhotoRecord("c.jpg", None, "", ""),
    ]
    assert not product.problems


def test_a_line_of_json_is_a_product(read):
    record = ProductRecord(
        key="mug",
        fields={"handle": "mug", "title": "Mug", "tags": ["a"]},
        attributes={"material": ["ceramic"], "fit": None},
        variants=[VariantRecord({"sku": "M-1", "price": "12.50", "gtin": None})],
        photos=[PhotoRecord("a.jpg", "A mug")],
        written_by={"title": "vision-llm"},
    )
    inspection, (product,) = read(json.dumps(record.as_json()) + "\n")
    record.rows, record.variants[0].row = [1], 1
    assert inspection.format == "jsonl"
    assert product.record == record


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{nonsense", "no valid JSON"),
        ("[1]", "no JSON object"),
        ('{"key": 5}', "key: "),
        ('{"key": "b", "price": "5"}', "“price”"),
        ('{"key": "b", "variants": [{"sku": "5"}]}', "variants: sku"),
        ('{"key": "b", "attributes": {"a": "b"}}', "attributes › a"),
    ],
)
def test_a_line_that_is_no_product_is_refused_alone(read, line, says):
    _, found = read('{"key": "a"}\n' + line + '\n{"key": "c"}\n')
    assert [product.record.key for product in found] == ["a", "row 2", "c"]
    assert says in found[1].problems[0].message
    assert found[1].is_refused


def test_a_report_that_was_mended_reads_like_the_file_it_is_of(read):
    inspection, (product,) = read("SKU,Title,Problems\na,'=Mug,Something was wrong.\n")
    assert inspection.mapping["Problems"] == "ignore"
    assert product.record.fields["title"] == "=Mug"
    assert not product.record.variants[0].extra
