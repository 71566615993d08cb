"""What a record lacks for a channel: every rule at its bounds, and for whom it counts."""

from __future__ import annotations

from datetime import date

import pytest

from catalog.channels.checking import check
from catalog.channels.facts import Known
from catalog.channels.profiles import profile
from catalog.channels.requirements import REQUIRED, Group, Profile, Requirement, When
from catalog.interchange.records import PhotoRecord, ProductRecord, VariantRecord


def only(rule, *fields, when=None, title="It", **more):
    """A profile of one requirement."""
    requirement = Requirement(
        id="it",
        severity="recommended",
        title=title,
        advice="Do it.",
        fields=fields,
        rule=rule,
        source=("https://example.com",),
        read=date(2026, 11, 27),
        when=when or When(),
        **more,
    )
    groups = {"mugs": Group("mugs", "mugs", categories=("mugs",))}
    return Profile("some", "Some", (), groups, {"it": requirement})


def said(profile, record=None, country="DE", **known):
    gaps = check(record or ProductRecord(), profile, country, Known(**known))
    return gaps[0].message if gaps else ""


def of(**fields):
    return ProductRecord(fields=fields)


def sold(*variants, **fields):
    return ProductRecord(fields=fields, variants=[VariantRecord(each) for each in variants])


def test_what_is_present_is_no_gap():
    assert said(only("present", "title"), of(title="Mug")) == ""


@pytest.mark.parametrize("record", [ProductRecord(), of(title=""), of(title=None), of(title=" ")])
def test_what_is_blank_or_not_there_is_missing(record):
    assert said(only("present", "title", title="Title"), record) == "Title is missing."


def test_one_of_several_fields_is_enough():
    asked = only("present", "brand", "variant.mpn")
    assert said(asked, sold({"mpn": "1"})) == ""
    assert said(asked, sold({}, brand="B")) == ""
    assert said(asked, sold({})) == "It is missing."


def test_a_variant_without_is_named():
    record = sold({"sku": "A", "mpn": "1"}, {"sku": "B"}, {"option1_value": "Red"})
    assert said(only("present", "variant.mpn"), record) == "It is missing for B and Red."


def test_of_many_variants_the_first_are_named():
    record = sold({"mpn": "1"}, *({"sku": f"V{n}"} for n in range(9)))
    assert said(only("present", "variant.mpn"), record).endswith("V0, V1, V2 and 6 more.")


def test_a_variant_has_the_attribute_of_its_product():
    record = sold({}, {})
    record.attributes["color"] = ["red"]
    assert said(only("present", "attribute.color"), record) == ""


@pytest.mark.parametrize("name", ["Colour", "color", "Farbe", "COULEUR"])
def test_an_option_says_what_the_attribute_would(name):
    record = sold({"option1_name": name, "option1_value": "Red"})
    assert said(only("present", "attribute.color"), record) == ""


def test_a_translation_is_better_than_nothing():
    record = ProductRecord(attributes={"care@de": ["kalt"]})
    assert said(only("present", "attribute.care"), record) == ""


def test_a_value_of_the_list_is_no_gap_and_none_is_none():
    asked = only("values", "variant.condition", values=("new", "used"))
    assert said(asked, sold({"condition": "used"})) == ""
    assert said(asked, sold({})) == ""
    assert said(asked, sold({"condition": "old"})) == "“old” is not one of new, used."


@pytest.mark.parametrize(
    ("length", "words"),
    [(0, ""), (1, "2 at least"), (2, ""), (5, ""), (6, "6 characters; 5 at most")],
)
def test_a_length_counts_characters_up_to_both_bounds(length, words):
    message = said(only("length", "title", min=2, max=5), of(title="ä" * length))
    assert (words in message) if words else not message


def test_values_of_a_list_count_each_and_together():
    asked = only("length", "attribute.color", max=4, max_total=9)
    assert said(asked, ProductRecord(attributes={"color": ["four", "four"]})) == ""
    together = said(asked, ProductRecord(attributes={"color": ["four", "four", "a"]}))
    assert together == "Together 11 characters; 9 at most."


def test_a_pattern_is_for_all_of_the_text():
    asked = only("pattern", "handle", pattern="[a-z-]+", max=5)
    assert said(asked, of(handle="a-b")) == ""
    assert "is not as it should be" in said(asked, of(handle="a b"))
    assert "6 characters" in said(asked, of(handle="abcdef"))


def test_the_key_of_a_file_stands_for_the_handle():
    assert said(only("pattern", "handle", pattern="[a-z]+"), ProductRecord(key="A")) != ""


@pytest.mark.parametrize(("number", "words"), [(0, "missing"), (1, ""), (2, ""), (3, "2 at most")])
def test_photos_are_counted(number, words):
    record = ProductRecord(photos=[PhotoRecord(str(n)) for n in range(number)])
    message = said(only("count", "photos", min=1, max=2), record)
    assert (words in message) if words else not message


def test_variants_options_and_tags_are_counted():
    assert said(only("count", "variants", max=1), sold({}, {})) == "There are 2; 1 at most."
    options = {f"option{n}_name": "x" for n in (1, 2, 3)}
    assert said(only("count", "options", max=2), sold(options)) == "There are 3; 2 at most."
    assert said(only("count", "tags", max=1), of(tags=["a", "b"])) == "There are 2; 1 at most."


@pytest.mark.parametrize("url", ["https://a.example/x", "http://a.example/?q=1&r=%20"])
def test_an_address_is_fine(url):
    assert said(only("url", "product_url", max=40), of(product_url=url)) == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (None, "is missing"),
        ("a.example/x", "no address"),
        ("ftp://a.example/x", "no address"),
        ("https://localhost/x", "no address"),
        ("https://[a/x", "no address"),
        ("https://a.example/ä", "%-codes"),
        ("https://a.example/a b", "%-codes"),
        ("https://a.example/" + 23 * "x", "41 characters; 40 at most"),
    ],
)
def test_an_address_that_no_channel_can_open_is_a_gap(url, words):
    assert words in said(only("url", "product_url", max=40), of(product_url=url))


@pytest.mark.parametrize("price", ["0.01", "12.50", "9999999.99"])
def test_a_price_is_fine(price):
    assert said(only("price", "variant.price"), sold({"price": price})) == ""


@pytest.mark.parametrize("price", [None, "", "0", "0.00", "-1", "twelve", "NaN", "Infinity"])
def test_what_is_no_price_above_zero_is_a_gap(price):
    assert said(only("price", "variant.price"), sold({"price": price})) != ""


def test_nothing_is_a_price_where_the_channel_takes_it():
    assert said(only("price", "variant.price", zero=True), sold({"price": "0.00"})) == ""


def test_a_currency_is_the_countrys_where_the_country_is_known():
    asked, record = only("currency", "variant.currency"), sold({"currency": "USD"})
    assert said(asked, record, "US") == ""
    assert said(asked, record, "XX") == ""
    assert said(asked, record) == "The price is in USD; the country's currency is EUR."


def test_a_wrong_gtin_is_said_with_its_variant():
    asked = only("gtin", "variant.gtin")
    assert said(asked, sold({"gtin": "4006381333931"})) == ""
    assert said(asked, sold({"gtin": "1"})).startswith("It has 1 digit")
    assert said(asked, sold({"sku": "A"}, {"sku": "B", "gtin": "1"})).startswith("B: It has")


def test_a_gtin_is_on_one_variant_and_one_product_only():
    asked, number = only("gtin_unique", "variant.gtin"), "036000291452"
    assert said(asked, sold({"gtin": number}, {})) == ""
    assert "two variants" in said(asked, sold({"gtin": number}, {"gtin": f"0{number}"}))
    shared = frozenset({"00036000291452"})
    assert "another product" in said(asked, sold({"gtin": number}), shared_gtins=shared)


def test_a_wrong_gtin_is_not_also_called_a_duplicate():
    record = sold({"gtin": "0000000000000"}, {"gtin": "0000000000000"})
    assert said(only("gtin_unique", "variant.gtin"), record) == ""


def option(value, name="Size", n=1):
    return {f"option{n}_name": name, f"option{n}_value": value}


@pytest.mark.parametrize(
    ("variants", "words"),
    [
        ([option("S"), option("M")], ""),
        ([option("S"), option("s")], "Two variants are both"),
        ([option("S"), option("M", "Fit")], "other options"),
        ([option("S"), {}], "other options"),
        ([{}, {}], "no options"),
        ([option("S"), option("")], "has no value for “Size”"),
    ],
)
def test_options_tell_variants_apart(variants, words):
    message = said(only("options_differ", "variants"), sold(*variants))
    assert (words in message) if words else not message


@pytest.mark.parametrize(
    ("size", "words"),
    [((100, 100), ""), ((99, 100), "at least"), ((100, 99), "at least"), ((2000, 1001), "2.0 meg")],
)
def test_a_photo_has_pixels_enough_and_not_too_many(size, words):
    asked = only("photo_size", "photos", min_width=100, min_height=100, max_megapixels=2)
    message = said(asked, ProductRecord(photos=[PhotoRecord("a")]), photo_sizes={"a": size})
    assert (words in message) if words else not message


def test_only_the_main_photo_is_measured_unless_all_are():
    record = ProductRecord(photos=[PhotoRecord("a"), PhotoRecord("b")])
    sizes = {"a": (100, 100), "b": (1, 1)}
    one = only("photo_size", "photos", min_width=9, min_height=9)
    assert said(one, record, photo_sizes=sizes) == ""
    each = only("photo_size", "photos", min_width=9, min_height=9, every=True)
    assert said(each, record, photo_sizes=sizes) != ""


def test_of_a_photo_whose_size_nobody_knows_nothing_is_said():
    asked = only("photo_size", "photos", min_width=9)
    assert said(asked, ProductRecord(photos=[PhotoRecord("a")])) == ""


@pytest.mark.parametrize(
    ("when", "applies"),
    [
        (When(groups=("mugs",)), True),
        (When(not_groups=("mugs",)), False),
        (When(countries=frozenset({"DE"})), True),
        (When(countries=frozenset({"FR"})), False),
        (When(facts=("has_variants",)), False),
        (When(facts=("is_used",)), True),
        (When(facts=("is_new",)), False),
        (When(facts=("has_brand",)), False),
        (When(facts=("has_gtin",)), True),
        (When(facts=("is_awaited",)), True),
        (When(facts=("is_used", "has_brand")), False),
    ],
)
def test_a_requirement_counts_where_all_of_its_conditions_hold(when, applies):
    fields = {"condition": "used", "gtin": "4006381333931", "availability": "preorder"}
    record = sold(fields)
    record.attributes["category"] = ["mugs/tall"]
    assert bool(said(only("present", "title", when=when), record)) is applies


def test_a_country_makes_a_requirement_of_a_recommendation():
    asked = only("present", "title", required_in=frozenset({"DE"}))
    record = ProductRecord()
    assert [check(record, asked, each)[0].severity for each in ("DE", "AT")] == [
        "required",
        "recommended",
    ]


def test_a_message_fits_its_column():
    record = sold(*({"sku": "x" * 80} for _ in range(5)), {"mpn": "1"})
    title = "T" * 290
    assert len(said(only("present", "variant.mpn", title=title), record)) == 300


def dress(**attributes):
    return ProductRecord(
        key="dress",
        fields={
            "title": "Dress",
            "description": "A dress.",
            "brand": "Own",
            "product_url": "https://shop.example/dress",
        },
        attributes={"category": ["clothing/dresses"], **attributes},
        variants=[
            VariantRecord(
                {
                    "sku": "D",
                    "gtin": "4006381333931",
                    "price": "12.00",
                    "currency": "EUR",
                    "availability": "in_stock",
                    "condition": "new",
                }
            )
        ],
        photos=[PhotoRecord("a")],
    )


def required(gaps):
    return {gap.requirement for gap in gaps if gap.severity == REQUIRED}


def test_google_wants_of_apparel_what_it_wants_of_no_mug_and_not_in_every_country():
    google, known = profile("google"), Known(google_ids={"clothing": "1604"})
    wanted = {"color", "size", "gender", "age_group"}
    assert required(check(dress(), google, "DE", known)) == wanted
    assert required(check(dress(), google, "ES", known)) == set()
    mug = dress(category=["tableware/mugs"])
    assert required(check(mug, google, "DE", known)) == set()


@pytest.mark.parametrize("channel", ["google", "shopify", "meta"])
def test_a_complete_product_is_ready_everywhere(channel):
    said = {"color": ["red"], "size": ["M"], "gender": ["female"], "age_group": ["adult"]}
    known = Known(google_ids={"clothing": "1604"}, photo_sizes={"a": (1500, 1500)})
    assert check(dress(**said), profile(channel), "DE", known) == []


def test_an_empty_record_lacks_much_and_breaks_nothing():
    for channel in ("google", "shopify", "meta"):
        assert required(check(ProductRecord(), profile(channel), "DE")) >= {"title", "price"}
