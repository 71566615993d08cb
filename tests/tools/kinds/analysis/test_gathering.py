"""The evidence of an analysis: completeness, photos, standing among similar products."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from catalog.describe import vocabulary as words
from catalog.models import AttributeDefinition, Placement
from catalog.services.photos import photo_stage
from catalog.services.products import products_delete
from tests.catalog.vision.bad_photos import encode
from tools.blocks import render_block
from tools.kinds.analysis import gathering
from tools.kinds.analysis.options import Options
from tools.kinds.analysis.tool import Analysis
from tools.runs.course import as_json

pytestmark = pytest.mark.django_db


def block(evidence, block_id: str) -> dict:
    return next(each.data for each in evidence.blocks if each.id == block_id)


# Completeness


def test_missing_are_the_fields_that_such_a_product_should_have(evidence):
    found = evidence["completeness"]
    # Title, brand, category, price, colour and material are known.
    assert (found["filled"], found["of"]) == (6, 11)
    assert {each["field"] for each in found["missing"]} == {
        "description",
        "composition",
        "height",
        "organic",
        "style",
    }


def test_what_was_left_empty_on_purpose_is_not_missing(mug, say):
    say(mug, organic=None)
    found = gathering.gather(mug).facts["completeness"]
    assert "organic" not in {each["field"] for each in found["missing"]}


def test_what_others_of_its_category_have_comes_first(mug, others, no_engine):
    first = gathering.gather(mug).facts["completeness"]["missing"][0]
    assert (first["key"], first["field"]) == ("m1", "height")
    assert first["share_of_similar_products_that_have_it"] == 0.75


def test_attributes_of_other_categories_are_not_missing(mug, vocabulary):
    vocabulary["height"].categories.set([])
    vocabulary["style"].categories.add(
        *vocabulary["style"].categories.model.objects.filter(path="clothes")
    )
    found = gathering.gather(mug).facts["completeness"]
    assert "style" not in {each["field"] for each in found["missing"]}


def test_that_nothing_is_written_in_a_photo_is_no_gap(mug, vocabulary):
    AttributeDefinition.objects.create(
        key="photo_text", labels={"en": "Text in the photos"}, kind="text"
    )
    words._kept = None
    assert gathering.gather(mug).facts["completeness"]["of"] == 11


def test_without_an_engine_the_rest_is_gathered_and_it_is_said(mug, no_engine):
    evidence = gathering.gather(mug)
    assert evidence.facts["completeness"]["of"] == 11
    assert "cannot be looked for" in block(evidence, "neighbours-notice")["text"]


# Photos


def test_photos_are_judged_by_what_their_role_asks_for(make_product):
    pictures = [Image.effect_noise((900, 900), 60).convert("RGB") for _ in range(2)]
    staged = [photo_stage(data=encode(each, "JPEG"), name="a.jpg") for each in pictures]
    product = make_product("Mug", photos=staged)
    Placement.objects.filter(product=product).exclude(role="main").update(role="chart")
    evidence = gathering.gather(product)
    measures = evidence.facts["photo_measures"]
    assert "background" in measures["p1"]
    assert list(measures["p2"]) == ["size"]
    texts = [each["text"] for each in block(evidence, "photo-quality")["items"]]
    assert "Photo 1, size could be better: 900 × 900 pixels." in texts
    assert "Photo 2, size could be better: 900 × 900 pixels." in texts


def test_a_photo_whose_file_is_gone_is_told_of(mug, data_dir):
    for file in (data_dir / "media").rglob("*.png"):
        file.unlink()
    (photo,) = gathering.gather(mug).facts["photo_quality"]
    assert (photo["found"], photo["score"]) == ("cannot be opened", None)
    assert "missing" in photo["advice"][0]


def test_a_product_without_photos_is_told_of(make_product):
    evidence = gathering.gather(make_product("Bare", color=None))
    assert block(evidence, "photos") == {"level": "warning", "text": "The product has no photo."}


# All of it


def test_all_keys_in_the_evidence_can_be_cited(shelf):
    facts = gathering.gather(shelf).facts
    text = json.dumps(
        {
            key: value
            for key, value in facts.items()
            if key not in {"cites", "photo_ids", "photo_measures"}
        }
    )
    keys = {part.split('"')[0] for part in text.split('"key": "')[1:]}
    assert keys <= set(facts["cites"])
    assert {"a1", "v1", "p1", "q1", "m1", "g1", "n1", "price"} <= keys


def test_evidence_is_shown_whatever_the_product_is_called(shelf):
    shelf.title = "<script>alert(1)</script>"
    shelf.save()
    for each in gathering.gather(shelf).blocks:
        html = render_block(as_json(each), None, may_edit=False)
        assert "cannot be shown" not in html
        assert "<script>" not in html


def test_gathering_takes_the_same_number_of_queries_however_much_there_is(
    shelf, make_product, say, ingest, django_assert_num_queries, django_assert_max_num_queries
):
    gathering.gather(shelf)
    with django_assert_max_num_queries(60) as taken:
        gathering.gather(shelf)
    for n in range(4):
        say(make_product(f"More {n}", color="crimson", price=Decimal(5)), style="plain")
    ingest()
    gathering.gather(shelf)
    with django_assert_num_queries(len(taken)):
        gathering.gather(shelf)


def test_a_deleted_product_is_refused(mug, person):
    products_delete(products=[mug], actor=person)
    with pytest.raises(ValidationError):
        Analysis().gather(mug, Options())
