"""Files for channels: a good one has no errors, and every mistake is found in its line."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.management import CommandError, call_command

from catalog.channels.validating import validate_feed

OFFER = {
    "id": "A-1",
    "title": "Red mug",
    "description": "A mug.",
    "link": "https://shop.example/mug",
    "image_link": "https://shop.example/mug.jpg",
    "availability": "in_stock",
    "price": "12.50 EUR",
    "condition": "new",
    "brand": "Own",
    "gtin": "4006381333931",
    "google_product_category": "2169",
}
META = OFFER | {"availability": "in stock"}
PRODUCT = {
    "Title": "Mug",
    "URL handle": "mug",
    "Description": "A mug.",
    "Vendor": "Own",
    "Tags": "red, tall",
    "Status": "Active",
    "SKU": "A-1",
    "Option1 name": "Size",
    "Option1 value": "S",
    "Price": "12.50",
    "Product image URL": "https://shop.example/mug.jpg",
    "Image position": "1",
}
NEXT = {"URL handle": "mug", "SKU": "A-2", "Option1 value": "M", "Price": "13.00"}


@pytest.fixture
def write(tmp_path):
    def _write(rows, delimiter="\t", headers=None):
        text = io.StringIO()
        names = headers or list(dict.fromkeys(name for row in rows for name in row))
        writer = csv.DictWriter(text, names, delimiter=delimiter, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        file = tmp_path / "feed.txt"
        file.write_text(text.getvalue())
        return file

    return _write


def errors(problems):
    return [(each.row, each.field) for each in problems if each.severity == "error"]


def messages(problems):
    return " | ".join(each.message for each in problems)


@pytest.fixture
def google(write):
    return lambda *rows, **more: validate_feed(write(list(rows), **more), "google", "DE")


@pytest.fixture
def shopify(write):
    return lambda *rows, **more: validate_feed(write(list(rows), ",", **more), "shopify")


def test_a_good_feed_has_no_problems(google, write):
    assert google(OFFER) == []
    assert validate_feed(write([META], ","), "meta", "DE") == []


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"price": "12.50"}, "price", "not written as 12.50 EUR"),
        ({"price": "12,50 EUR"}, "price", "not written as 12.50 EUR"),
        ({"price": "EUR 12.50"}, "price", "not written as 12.50 EUR"),
        ({"price": "12.50 €"}, "price", "not written as 12.50 EUR"),
        ({"price": "0.00 EUR"}, "price", "not above zero"),
        ({"sale_price": "9"}, "sale_price", "not written as"),
        ({"sale_price": "12.50 EUR"}, "sale_price", "not lower"),
        ({"sale_price": "9.00 USD"}, "sale_price", "another currency"),
        ({"availability": "in stock"}, "availability", "not one of in_stock"),
        ({"condition": "good"}, "condition", "not one of new"),
        ({"link": "shop.example"}, "link", "no address"),
        ({"image_link": "//shop.example/a.jpg"}, "image_link", "no address"),
        ({"additional_image_link": "https://a.example/1,x"}, "additional_image_link", "no address"),
        ({"additional_image_link": ",".join(["https://a.example/1"] * 11)}, "additional_image_link", "10 at most"),
        ({"title": ""}, "title", "missing"),
        ({"title": "x" * 151}, "title", "151 characters"),
        ({"description": "x" * 5001}, "description", "5,001 characters"),
        ({"id": "x" * 51}, "id", "51 characters"),
        ({"gtin": "4006381333932"}, "gtin", "should be 1"),
        ({"identifier_exists": "false"}, "identifier_exists", "neither yes nor no"),
        ({"shipping_weight": "250"}, "shipping_weight", "not written as 250 g"),
        ({"product_type": "x" * 751}, "product_type", "750"),
        ({"item_group_id": "x" * 51}, "item_group_id", "50"),
        ({"structured_title": 'trained_algorithmic_media:"Mug"'}, "structured_title", "either"),
        ({"title": "", "structured_title": "Mug"}, "structured_title", "trained_algorithmic_media"),
        ({"title": "", "structured_title": 'ai:"Mug"'}, "structured_title", "trained_algorithmic"),
        ({"google_product_category": "1604"}, "gender", "missing"),
    ],
)  # fmt: skip
def test_a_mistake_of_an_offer_is_found_in_its_line(google, change, field, words):
    good = OFFER | {"id": "B-2", "gtin": "036000291452"}
    problems = [each for each in google(good, OFFER | change) if each.severity == "error"]
    assert {each.row for each in problems} == {3}
    assert any(each.field == field and words in each.message for each in problems)


def test_what_a_country_does_not_ask_is_no_error_there(write):
    file = write([OFFER | {"google_product_category": "1604"}])
    assert errors(validate_feed(file, "google", "ES")) == []


@pytest.mark.parametrize("name", ["title", "description"])
def test_a_text_that_a_model_wrote_stands_in_its_own_column(google, name):
    cell = 'trained_algorithmic_media:"A ""red"" mug, tall: 9 cm"'
    assert google(OFFER | {name: "", f"structured_{name}": cell}) == []


def test_a_text_without_signs_needs_no_quotes(google):
    cell = "trained_algorithmic_media:Red mug"
    assert google(OFFER | {"title": "", "structured_title": cell}) == []


def test_a_feed_that_says_there_is_no_number_is_believed(google):
    offer = OFFER | {"gtin": "", "identifier_exists": "no"}
    assert google(offer) == []
    assert "gtin" in messages(google(offer | {"identifier_exists": ""})).lower()


def test_ids_and_gtins_are_there_once(google):
    twice = google(OFFER, OFFER)
    assert "“A-1” stands in line 2, too." in messages(twice)
    assert {(3, "id"), (3, "gtin")} <= set(errors(twice))


def test_items_of_a_group_differ(google):
    one = OFFER | {"item_group_id": "mug", "color": "Red", "size": "S"}
    other = one | {"id": "A-2", "gtin": "036000291452"}
    assert errors(google(one, other | {"size": "M"})) == []
    assert errors(google(one, other | {"color": "RED"})) == [(3, "item_group_id")]


@pytest.mark.parametrize("name", ["id", "link", "image_link", "availability", "price", "title"])
def test_a_column_that_is_missing_is_said_of_the_first_line(google, name):
    offer = {key: value for key, value in OFFER.items() if key != name}
    assert (1, name) in errors(google(offer))


def test_a_column_that_nobody_knows_is_a_warning(google):
    assert [(each.severity, each.field) for each in google(OFFER | {"colour": "red"})] == [
        ("warning", "colour")
    ]


def test_a_line_with_too_few_cells_is_said(write):
    file = write([OFFER])
    file.write_text(file.read_text() + "A-9\tonly two\n")
    assert errors(validate_feed(file, "google")) == [(3, "")]


XML = """<?xml version="1.0"?>
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel><title>Shop</title>
<item>{}</item><item>{}</item></channel></rss>"""


def as_xml(offer, extra=""):
    return "".join(f"<g:{name}>{value}</g:{name}>" for name, value in offer.items()) + extra


def test_a_feed_in_xml_is_checked_item_by_item(tmp_path):
    title = (
        "<g:structured_title><g:digital_source_type>trained_algorithmic_media"
        "</g:digital_source_type><g:content>Red mug</g:content></g:structured_title>"
    )
    second = {name: value for name, value in OFFER.items() if name != "title"}
    second |= {"id": "A-2", "gtin": "036000291452"}
    file = tmp_path / "feed.xml"
    file.write_text(XML.format(as_xml(OFFER), as_xml(second, title)))
    assert validate_feed(file, "google", "DE") == []
    file.write_text(XML.format(as_xml(OFFER), as_xml(second | {"price": "1"}, title)))
    assert set(errors(validate_feed(file, "google", "DE"))) == {(2, "price")}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"id\ttitle\n\xff\xfe\t\n", "UTF-8"),
        (b'id\ttitle\n"open\t\n', "cannot be read on"),
        (b"<rss><channel></channel></rss>", "no items"),
        (b"<rss><item></rss>", "cannot be read on"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><rss><item>&b;</item></rss>', "cannot be read on"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem_and_no_crash(tmp_path, content, words):
    file = tmp_path / "feed"
    file.write_bytes(content)
    assert words in messages(validate_feed(file, "google"))


def test_meta_has_words_of_its_own(write):
    problems = validate_feed(write([META | {"availability": "in_stock"}], ","), "meta", "DE")
    assert (2, "availability") in errors(problems)


def test_a_good_shopify_file_has_no_errors(shopify):
    image = {
        "URL handle": "mug",
        "Product image URL": "https://a.example/2.jpg",
        "Image position": "2",
    }
    assert errors(shopify(PRODUCT, NEXT, image)) == []


def test_the_old_headers_are_as_good(shopify):
    old = {
        "Handle": "mug",
        "Title": "Mug",
        "Body (HTML)": "<p>A mug.</p>",
        "Vendor": "Own",
        "Option1 Name": "Title",
        "Option1 Value": "Default Title",
        "Variant SKU": "A",
        "Variant Price": "12.50",
        "Image Src": "https://a.example/1.jpg",
    }
    assert errors(shopify(old)) == []


@pytest.mark.parametrize(
    ("first", "second", "line", "words"),
    [
        ({"Price": "12,50"}, {}, 2, "no amount"),
        ({"Price": "12.50 EUR"}, {}, 2, "no amount"),
        ({}, {"Price": ""}, 2, "No price"),
        ({"URL handle": "My Mug"}, {"URL handle": "My Mug"}, 2, "My Mug"),
        ({"Title": ""}, {}, 2, "Title is missing"),
        ({"Title": "x" * 256}, {}, 2, "256 characters"),
        ({}, {"Title": "Other"}, 3, "title is another"),
        ({}, {"Option1 value": "s"}, 2, "Two variants are both"),
        ({}, {"Option1 value": ""}, 2, "has no value for"),
        ({}, {"Option1 name": "Fit"}, 3, "it has one name"),
        ({"Option1 name": ""}, {}, 3, "no name in line 2"),
        ({"Status": "live"}, {}, 2, "not one of active"),
        ({"Image position": "first"}, {}, 2, "no whole number"),
        ({"Product image URL": "mug.jpg"}, {}, 2, "no address"),
        ({}, {"SKU": "", "Price": "", "Option1 value": ""}, 3, "neither a variant nor a photo"),
    ],
)
def test_a_mistake_of_a_shopify_file_is_found(shopify, first, second, line, words):
    problems = shopify(PRODUCT | first, NEXT | second)
    assert any(each.row == line and words in each.message for each in problems)


def test_variants_without_their_option_columns_would_be_deleted(shopify):
    row = {name: value for name, value in PRODUCT.items() if not name.startswith("Option1")}
    assert "replaces all variants" in messages(shopify(row))


def test_lines_of_a_product_stand_together(shopify):
    other = PRODUCT | {"URL handle": "cup", "SKU": "C"}
    assert "do not stand together" in messages(shopify(PRODUCT, other, NEXT))


@pytest.mark.parametrize("name", ["Title", "URL handle"])
def test_a_shopify_file_without_its_key_columns_is_refused(shopify, name):
    row = {key: value for key, value in PRODUCT.items() if key != name}
    assert (1, name) in errors(shopify(row))


def test_the_command_ends_well_for_a_good_file(write, capsys):
    call_command("check_feed", str(write([OFFER])), channel="google", country="de")
    assert capsys.readouterr().out == "0 errors, 0 warnings.\n"


def test_the_command_ends_with_an_error_for_a_bad_one(write, capsys):
    with pytest.raises(CommandError, match=r"2 errors"):
        call_command("check_feed", str(write([OFFER | {"price": "1"}])), channel="google")
    assert "error: line 2, price: “1” is not written as 12.50 EUR." in capsys.readouterr().out


def test_the_command_writes_out_no_more_than_it_is_to(write, capsys):
    rows = [OFFER | {"id": f"A{n}", "gtin": "", "price": ""} for n in range(9)]
    with pytest.raises(CommandError):
        call_command("check_feed", str(write(rows)), channel="google", limit=3)
    assert len(capsys.readouterr().out.splitlines()) == 3


@pytest.mark.parametrize(
    ("file", "country", "words"),
    [("no-such-file", "", "cannot be read"), (".", "Germany", "two letters")],
)
def test_the_command_says_what_it_cannot_do(file, country, words):
    with pytest.raises(CommandError, match=words):
        call_command("check_feed", file, channel="google", country=country)
