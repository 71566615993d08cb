"""What of a catalogue goes out."""

from __future__ import annotations

import itertools

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.exporting import records
from catalog.exporting.addresses import NoAddresses, OwnAddresses
from catalog.exporting.reading import texts
from catalog.models import ForeignCells, Product, Source
from catalog.services.photos import placement_delete, placement_update
from catalog.services.products import product_update
from catalog.services.suggesting import ToolValue, tool_value_suggest
from catalog.services.suggestions import suggestion_decide

pytestmark = pytest.mark.django_db


def test_record_holds_everything(mug, record_of):
    record = record_of(mug)
    assert (record.key, record.id) == ("mug", mug.pk)
    assert record.fields == {
        "handle": "mug",
        "title": "Mug",
        "description": "Holds tea.\n\nAnd coffee; both.",
        "brand": "Ida",
        "tags": ["tea; green", "cup"],
        "product_url": "https://shop.example/mug",
        "status": "draft",
    }
    assert record.attributes == {
        "category": ["home/kitchen/mugs"],
        "color": ["red", "blue"],
        "composition@de": ["Ton"],
        "height": ["24"],
        "organic": ["true"],
    }
    small, large = record.variants
    assert (small.fields["sku"], small.fields["price"], small.fields["compare_at_price"]) == (
        "M-1",
        "12.50",
        "15.00",
    )
    assert (small.fields["weight_grams"], small.fields["cost"]) == ("300", None)
    assert (small.attributes, large.attributes) == ({}, {"color": ["green"]})


def test_numbers_have_the_places_they_need():
    assert texts([24.0, 2.5, 1e22, True]) == ["24", "2.5", "1e+22", "true"]


def test_photos_are_named_in_order_with_what_they_show(mug, person, record_of):
    placement = mug.placements.get()
    placement_update(
        placement=placement, actor=person, alt_text="A mug", variant=mug.variants.last()
    )
    (photo,) = record_of(mug, addresses=OwnAddresses("https://here.example")).photos
    address = f"https://here.example/photos/{placement.photo_id}/1600.webp"
    assert (photo.source, photo.alt_text, photo.role, photo.variant) == (
        address,
        "A mug",
        "main",
        "M-2",
    )
    assert record_of(mug, addresses=NoAddresses()).photos == []


def test_approved_product_goes_out_as_it_was_approved(mug, person, approve, record_of):
    approve(mug)
    product_update(product=mug, actor=person, fields={"title": "Beaker"})
    assert record_of(mug, approved_only=True).fields["title"] == "Mug"
    assert record_of(mug).fields["title"] == "Beaker"


def test_what_is_not_approved_stays_here(catalog, make_product, person, approve):
    approved, taken_back, draft = make_product("A"), make_product("B"), make_product("C")
    approve(approved, taken_back)
    taken_back.refresh_from_db()
    product_update(product=taken_back, actor=person, fields={"status": "draft"})
    found = records(catalog, Product.objects.all(), approved_only=True)
    assert [record.id for record in found] == [approved.pk]
    assert draft.pk


def test_photo_that_was_taken_off_since_approval_is_left_out(mug, person, approve, record_of):
    approve(mug)
    placement_delete(placement=mug.placements.get(), actor=person)
    assert record_of(mug, approved_only=True).photos == []


def test_what_a_machine_says_is_marked_as_its_word(mug, guess_of, record_of):
    guess_of(mug, "material", ["wood"])
    assert record_of(mug).written_by == {"material": Source.VISION_LLM}


def test_accepted_text_of_a_model_is_still_its_own(mug, guess_of, person, record_of):
    entry = guess_of(mug, "title", ["Fine mug"])
    assert record_of(mug).written_by == {}
    suggestion_decide(entry=entry, accept=True, actor=person)
    assert record_of(mug).written_by == {"title": Source.VISION_LLM}


def test_text_that_a_person_changed_afterwards_is_theirs(mug, guess_of, person, record_of):
    suggestion_decide(entry=guess_of(mug, "title", ["Fine mug"]), accept=True, actor=person)
    product_update(product=mug, actor=person, fields={"title": "A fine mug"})
    assert record_of(mug).written_by == {}


def test_tools_text_is_a_models_where_one_wrote_it(mug, person, record_of):
    for field, model in (("title", "m"), ("description", "")):
        said = ToolValue(field, "Words", model=model)
        entry = tool_value_suggest(product=mug, said=said, actor=person).entry
        suggestion_decide(entry=entry, accept=True, actor=person)
    assert record_of(mug).written_by == {"title": Source.TOOL}


def test_cells_of_the_same_format_come_back(mug, record_of):
    ForeignCells.objects.create(product=mug, format="shopify", cells={"Gift card": "FALSE"})
    ForeignCells.objects.create(
        product=mug, variant=mug.variants.last(), format="shopify", cells={"Tax code": "P1"}
    )
    record = record_of(mug, kept="shopify")
    assert record.extra == {"Gift card": "FALSE"}
    assert [variant.extra for variant in record.variants] == [{}, {"Tax code": "P1"}]
    assert record_of(mug, kept="woocommerce").extra == {}


def test_queries_do_not_grow_with_the_products(catalog, mug, make_product, approve, monkeypatch):
    approve(mug, *(make_product() for _ in range(4)))
    monkeypatch.setattr("catalog.exporting.reading.CHUNK", 3)
    found = records(catalog, Product.objects.all(), approved_only=True, kept="shopify")
    with CaptureQueriesContext(connection) as first:
        assert len(list(itertools.islice(found, 3))) == 3
    with CaptureQueriesContext(connection) as second:
        assert len(list(found)) == 2
    assert len(first) == 8
    # The ids of a chunk that is empty end it.
    assert len(second) == len(first) + 1
