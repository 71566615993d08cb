"""Feeds of Google and Meta."""

from __future__ import annotations

import csv
import io
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from catalog.models import Category, TermState
from catalog.services.ledger import attribute_set
from catalog.services.products import product_update
from catalog.services.suggestions import suggestion_decide

pytestmark = pytest.mark.django_db
G = "{http://base.google.com/ns/1.0}"


def table(data: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), delimiter=delimiter))


@pytest.fixture
def google(exported):
    return lambda **options: table(exported("google", **options), "\t")


@pytest.fixture
def items(exported):
    def found(**options) -> list[Element]:
        return fromstring(exported("google-xml", **options)).findall("channel/item")

    return found


def test_variants_are_offers_of_one_group(mug, google):
    small, large = google()
    assert (small["id"], large["id"]) == ("M-1", "M-2")
    assert small["item_group_id"] == large["item_group_id"] == "mug"
    assert (small["title"], small["size"], large["size"]) == ("Mug", "S", "L")
    assert (small["color"], large["color"]) == ("Red/Blue", "Green")
    assert small["link"] == "https://shop.example/mug"
    assert (small["availability"], small["condition"]) == ("in_stock", "new")
    assert small["shipping_weight"] == "300 g"


def test_titles_tell_variants_apart_where_that_was_chosen(mug, google):
    assert [row["title"] for row in google(titles="options")] == ["Mug – S", "Mug – L"]


def test_what_was_asked_before_is_the_price_of_what_is_on_sale(mug, google):
    small, large = google()
    assert (small["price"], small["sale_price"]) == ("15.00 EUR", "12.50 EUR")
    assert (large["price"], large["sale_price"]) == ("14.00 EUR", "")


def test_identifiers_are_told_or_said_not_to_exist(mug, google, make_product):
    make_product("Plain", mpn="X1", brand="Ida")
    make_product("Handmade", brand="Ida")
    rows = {row["title"]: row for row in google()}
    assert (rows["Plain"]["mpn"], rows["Plain"]["identifier_exists"]) == ("X1", "")
    assert rows["Handmade"]["identifier_exists"] == "no"
    assert rows["Mug"]["identifier_exists"] == "no"
    assert google()[0]["gtin"] == "04006381333931"
    assert google()[0]["identifier_exists"] == ""


def test_category_is_googles_number_of_the_nearest_that_has_one(mug, google):
    Category.objects.filter(path="home/kitchen").update(google_id="638")
    row = google()[0]
    assert row["google_product_category"] == "638"
    assert row["product_type"] == "Home > Kitchen > Mugs"


def test_simple_product_without_sku_is_told_by_its_number(make_product, google):
    made = make_product("Bowl")
    (row,) = google()
    assert (row["id"], row["item_group_id"]) == (f"p{made.pk}", "")


def test_texts_of_a_model_stand_in_the_structured_attributes(mug, guess_of, person, google, items):
    for name, text in (("title", 'Fine: "red" mug'), ("description", "Plain words")):
        suggestion_decide(entry=guess_of(mug, name, [text]), accept=True, actor=person)
    row = google()[0]
    assert (row["title"], row["description"]) == ("", "")
    assert row["structured_title"] == 'trained_algorithmic_media:"Fine: ""red"" mug"'
    assert row["structured_description"] == "trained_algorithmic_media:Plain words"
    item = items()[0]
    assert item.find(f"{G}title") is None
    structured = item.find(f"{G}structured_title")
    assert structured.findtext(f"{G}digital_source_type") == "trained_algorithmic_media"
    assert structured.findtext(f"{G}content") == 'Fine: "red" mug'


def test_texts_of_people_stand_in_the_plain_attributes(mug, google):
    row = google()[0]
    assert row["title"] == "Mug"
    assert row["description"] == "Holds tea. And coffee; both."
    assert (row["structured_title"], row["structured_description"]) == ("", "")


def test_long_texts_end_with_a_whole_word(mug, person, google):
    words = "word " * 1200
    product_update(
        product=mug, actor=person, fields={"title": words[:200].strip(), "description": words}
    )
    row = google()[0]
    assert (len(row["title"]), row["title"][-5:]) == (149, " word")
    assert (len(row["description"]), row["description"][-5:]) == (4999, " word")


def test_values_that_channels_do_not_know_are_left_out(mug, person, google, vocabulary):
    for key, value in (("gender", "female"), ("age_group", "elder")):
        vocabulary["composition"].__class__.objects.create(key=key, kind="text")
        attribute_set(product=mug, field=key, value=value, actor=person)
    row = google()[0]
    assert (row["gender"], row["age_group"]) == ("female", "")


def test_value_that_waits_for_a_decision_is_written_as_people_said_it(
    mug, person, google, vocabulary
):
    attribute_set(product=mug, field="material", value=["wood"], actor=person)
    term = vocabulary["material"].terms.get(key="wood")
    term.labels, term.state = {"en": "Wood, Metal"}, TermState.PROPOSED
    term.save()
    assert google()[0]["material"] == "Wood, Metal"


def test_xml_lists_more_photos_one_by_one_and_escapes(mug, make_photos, person, items):
    make_photos(mug, 2)
    product_update(product=mug, actor=person, fields={"title": "Mug <b>&"})
    item = items()[0]
    assert item.findtext(f"{G}title") == "Mug <b>&"
    assert len(item.findall(f"{G}additional_image_link")) == 2
    assert item.findtext(f"{G}image_link").endswith(".webp")


def test_lines_and_tabs_do_not_break_the_table(mug, person, exported):
    product_update(product=mug, actor=person, fields={"description": "a\tb\r\nc"})
    lines = exported("google").decode().splitlines()
    assert len(lines) == 3
    assert len({line.count("\t") for line in lines}) == 1


def test_cells_are_as_they_are_for_programs(mug, person, google):
    product_update(product=mug, actor=person, fields={"title": "=Mug"})
    assert google()[0]["title"] == "=Mug"


def test_photo_of_another_variant_is_not_shown(mug, make_photos, google):
    face, other = mug.placements.get(), make_photos(mug, 1)[0]
    other.variant = mug.variants.get(sku="M-2")
    other.save()
    small, large = google()
    assert f"/photos/{face.photo_id}/" in small["image_link"]
    assert small["additional_image_link"] == ""
    assert f"/photos/{other.photo_id}/" in large["image_link"]


def test_meta_has_words_of_its_own(mug, exported):
    mug.variants.filter(sku="M-2").update(availability="backorder")
    small, large = table(exported("meta"))
    assert (small["availability"], large["availability"]) == ("in stock", "available for order")
    assert (small["price"], small["sale_price"]) == ("15.00 EUR", "12.50 EUR")
    assert small["item_group_id"] == "mug"


def test_columns_of_a_feed_can_be_chosen_but_for_its_id(mug, exported):
    assert exported("google", columns=["price"]).splitlines()[0] == b"id\tprice"
    assert b"<g:title>" not in exported("google-xml", columns=["price"])
