"""What goes out and comes back unedited says the same: all of it, or what the format has a place for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.describe.vocabulary import AttributeNode, CategoryNode, TermNode, Vocabulary
from catalog.exporting.formats import FORMATS, Writing
from catalog.importing.reading import inspect, read_records
from catalog.interchange.records import PhotoRecord, ProductRecord, VariantRecord
from catalog.models import AttributeKind, Catalog

FEW = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
VOCABULARY = Vocabulary(
    {
        "home": CategoryNode("home", "", {"en": "Home"}, ()),
        "home/mugs": CategoryNode(
            "home/mugs", "home", {"en": "Mugs"}, (), google_id="2169", shopify_id="hg-11-6-3"
        ),
    },
    {
        "color": AttributeNode(
            "color",
            AttributeKind.MULTI_CHOICE,
            {"en": "Color"},
            terms=(TermNode("red", {"en": "Red"}, ()), TermNode("blue", {"en": "Blue"}, ())),
        ),
        "care": AttributeNode("care", AttributeKind.TEXT, {"en": "Care"}),
    },
)
WRITING = Writing(
    Catalog(name="Shop", slug="shop", currency="EUR", language="en"),
    attributes=("color", "care", "care@de"),
    variant_attributes=("color",),
    vocabulary=VOCABULARY,
)
# What text is beyond blanks, and what a hostile one begins with.
LETTERS = "abÄß€日 =+-@'\";,<&|\\"
WORDS = st.text(LETTERS, min_size=1, max_size=12).map(lambda text: " ".join(text.split()))
LINE = WORDS.filter(bool)
PROSE = st.lists(LINE, min_size=1, max_size=3).map("\n\n".join)
CODE = st.text("ABC0123456789", min_size=4, max_size=8)
PRICE = st.decimals("0.01", "999", places=2).map(str)


@st.composite
def products(draw: Any) -> ProductRecord:
    count = draw(st.integers(1, 3))
    skus = draw(st.lists(CODE, min_size=count, max_size=count, unique=True))
    record = ProductRecord(
        key="mug",
        fields={
            "handle": "mug",
            "title": draw(LINE),
            "description": draw(PROSE | st.none()),
            "brand": draw(LINE | st.none()),
            "tags": draw(
                st.lists(
                    st.text("abcd", min_size=1),
                    max_size=3,
                    unique=True,
                )
            ),
            "product_url": draw(st.none() | st.just("https://shop.example/mug")),
            "status": "approved",
        },
        attributes={
            "category": ["home/mugs"],
            "color": draw(st.sampled_from([["red"], ["red", "blue"]])),
        },
        photos=[
            PhotoRecord(
                f"https://cdn.example/{n}.jpg", draw(LINE | st.none()), "detail" if n else "main"
            )
            for n in range(draw(st.integers(0, 4)))
        ],
    )
    if draw(st.booleans()):
        record.attributes["care@de"] = draw(st.lists(LINE, min_size=1, max_size=2, unique=True))
    record.variants = [_variant(draw, sku, n if count > 1 else None) for n, sku in enumerate(skus)]
    return record


def _variant(draw: Any, sku: str, number: int | None) -> VariantRecord:
    fields: dict[str, str | None] = {
        f"option{n}_{part}": None for n in (1, 2, 3) for part in ("name", "value")
    }
    if number is not None:
        fields |= {"option1_name": "Size", "option1_value": f"S{number}"}
    price = draw(PRICE)
    return VariantRecord(
        {
            **fields,
            "sku": sku,
            "gtin": draw(st.sampled_from([None, "04006381333931"])),
            "mpn": draw(CODE | st.none()),
            "price": price,
            "compare_at_price": draw(st.sampled_from([None, "1000.00"])),
            "cost": draw(PRICE | st.none()),
            "currency": "EUR",
            "weight_grams": draw(st.none() | st.integers(1, 9999).map(str)),
            "availability": draw(st.sampled_from(["in_stock", "out_of_stock"])),
            "condition": draw(st.sampled_from(["new", "used"])),
        }
    )


def back(
    form: str, record: ProductRecord, folder: Path, writing: Writing = WRITING
) -> ProductRecord:
    path = folder / f"products.{FORMATS[form].extension}"
    path.write_bytes(b"".join(FORMATS[form].write([record], writing)))
    inspection = inspect(path, path.name)
    (read,) = read_records(path, inspection, inspection.mapping)
    assert read.problems == []
    return read.record


def said(names: dict[str, Any]) -> dict[str, Any]:
    """Without what is blank: a table has a cell for everything."""
    return {name: value for name, value in names.items() if value}


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
@FEW
@given(record=products())
def test_our_own_formats_lose_nothing(form, record, tmp_path):
    read = back(form, record, tmp_path)
    assert said(read.fields) == said(record.fields)
    assert said(read.attributes) == said(record.attributes)
    assert [said(variant.fields) for variant in read.variants] == [
        said(variant.fields) for variant in record.variants
    ]
    assert read.photos == record.photos


def only(names: dict[str, Any], kept: set[str]) -> dict[str, Any]:
    return {name: value for name, value in said(names).items() if name in kept}


OPTIONS = {f"option{n}_{part}" for n in (1, 2, 3) for part in ("name", "value")}
PRICES = {"price", "compare_at_price"}


@FEW
@given(record=products())
def test_shopify_keeps_what_it_has_a_place_for(record, tmp_path):
    read = back("shopify", record, tmp_path)
    held = {"handle", "title", "description", "brand", "tags", "status"}
    assert only(read.fields, held) == only(record.fields, held)
    assert [value.casefold() for value in read.attributes["color"] or []] == record.attributes[
        "color"
    ]
    # On sale, without a count of pieces, is what a shop takes for granted.
    of_variant = {"sku", "gtin", "mpn", "cost", "weight_grams", "condition"} | OPTIONS | PRICES
    for variant, known in zip(read.variants, record.variants, strict=True):
        assert only(variant.fields, of_variant) == only(known.fields, of_variant)
        assert variant.fields.get("availability") in {None, known.fields["availability"]}
    assert [(photo.source, photo.alt_text) for photo in read.photos] == [
        (photo.source, photo.alt_text) for photo in record.photos
    ]


@FEW
@given(record=products())
def test_woocommerce_keeps_what_it_has_a_place_for(record, tmp_path):
    read = back("woocommerce", record, tmp_path)
    held = {"title", "description", "brand", "tags", "status"}
    assert only(read.fields, held) == only(record.fields, held)
    of_variant = {"sku", "gtin", "weight_grams", "availability"} | OPTIONS | PRICES
    assert [only(variant.fields, of_variant) for variant in read.variants] == [
        only(variant.fields, of_variant) for variant in record.variants
    ]
    assert [photo.source for photo in read.photos] == [photo.source for photo in record.photos]


@pytest.mark.parametrize("form", ["google", "google-xml", "meta"])
@FEW
@given(record=products())
def test_feeds_keep_what_they_have_a_place_for(form, record, tmp_path):
    read = back(form, record, tmp_path)
    held = {"title", "brand", "product_url"}
    assert only(read.fields, held) == only(record.fields, held)
    words = (record.fields["description"] or "").split()
    assert (read.fields.get("description") or "").split() == words
    of_variant = {"sku", "gtin", "mpn", "weight_grams", "availability", "condition"} | PRICES
    assert [only(variant.fields, of_variant) for variant in read.variants] == [
        only(variant.fields, of_variant) for variant in record.variants
    ]
    assert [photo.source for photo in read.photos] == [photo.source for photo in record.photos]


def with_options(record: ProductRecord, names: list[str], values: list[list[str]]) -> ProductRecord:
    """The product with other options; one that is sold in one way has none."""
    for variant, said in zip(record.variants, values, strict=False):
        for n in (1, 2, 3):
            is_there = n <= len(names) and len(record.variants) > 1
            variant.fields[f"option{n}_name"] = names[n - 1] if is_there else None
            variant.fields[f"option{n}_value"] = said[n - 1] if is_there else None
    return record


OPTION_NAMES = st.sampled_from(["Length", "Shaft", "Colour", "Size", "Age group", 'Cut: "in", cm'])
OPTION_VALUES = st.lists(
    st.lists(LINE, min_size=3, max_size=3), min_size=3, max_size=3, unique_by=tuple
)


@pytest.mark.parametrize("form", ["google", "google-xml"])
@FEW
@given(
    record=products(),
    names=st.lists(OPTION_NAMES, min_size=3, max_size=3, unique=True),
    values=OPTION_VALUES,
)
def test_google_keeps_options_by_their_names_whatever_they_are(
    form, record, names, values, tmp_path
):
    record = with_options(record, names, values)
    read = back(form, record, tmp_path)
    assert [only(variant.fields, OPTIONS) for variant in read.variants] == [
        only(variant.fields, OPTIONS) for variant in record.variants
    ]


def test_meta_keeps_options_after_those_that_have_columns_of_their_own(tmp_path):
    record = ProductRecord(key="mug", fields={"handle": "mug", "title": "Mug"})
    record.variants = [VariantRecord({"sku": f"M-{n}", "price": "5.00"}) for n in (1, 2)]
    values = [["8 hours", "Red", "Oak"], ["12 hours", "Blue", "Oak"]]
    read = back("meta", with_options(record, ["Burns", "Colour", "Shaft"], values), tmp_path)
    assert [only(variant.fields, OPTIONS) for variant in read.variants] == [
        {
            "option1_name": "Color",
            "option1_value": color,
            "option2_name": "Burns",
            "option2_value": hours,
            "option3_name": "Shaft",
            "option3_value": "Oak",
        }
        for hours, color, _ in values
    ]


@pytest.mark.parametrize("form", ["google", "google-xml"])
def test_titles_with_options_come_back_without_them(form, tmp_path):
    record = ProductRecord(key="mug", fields={"handle": "mug", "title": "Mug"})
    record.variants = [VariantRecord({"sku": f"M-{n}", "price": "5.00"}) for n in (1, 2)]
    with_options(record, ["Size"], [["Small"], ["Large"]])
    read = back(form, record, tmp_path, replace(WRITING, options={"titles": "options"}))
    assert read.fields["title"] == "Mug"


@pytest.mark.parametrize("form", ["google", "google-xml"])
def test_words_of_a_model_stay_marked(form, tmp_path):
    record = ProductRecord(
        key="mug",
        fields={"title": '"Fine": a "mug"', "description": "Plain"},
        variants=[VariantRecord({"sku": "M", "price": "5.00", "currency": "EUR"})],
        written_by={"title": "vision-llm"},
    )
    read = back(form, record, tmp_path)
    assert (read.fields["title"], read.written_by) == ('"Fine": a "mug"', {"title": "vision-llm"})
