"""What models claim, checked against the evidence. Needs no database."""

from __future__ import annotations

import pytest

from tools.kinds.analysis import draft, presenting
from tools.kinds.analysis.answers import seen_of, suggestions_of
from tools.kinds.analysis.options import Options
from tools.kinds.analysis.presenting import (
    SECTIONS,
    checked,
    citable,
    fields_of,
    growing_sections,
    sections_of,
    seen_data,
    shortened,
)

CITES = {
    "a1": {"label": "Colour: Red", "url": "/c/shop/products/1/#attributes"},
    "m1": {"label": "Height is missing", "url": "/c/shop/products/1/"},
    "p1": {"label": "Photo 1", "url": "/photos/1"},
    "p2": {"label": "Photo 2", "url": "/photos/2"},
    "price": {"label": "12.50 EUR", "url": "/c/shop/products/1/"},
    "title": {"label": "Title", "url": "/c/shop/products/1/"},
}
EVIDENCE = {
    "product": {
        "title": "Red mug",
        "photos": [{"key": "p1", "alt_text": ""}, {"key": "p2", "alt_text": "A red mug"}],
    },
    "photo_ids": {"p1": 71, "p2": 72},
}


def claim(text: str = "It is red.", *cites: str) -> dict:
    return {"text": text, "cites": list(cites)}


def points(data: dict, key: str) -> list[dict]:
    return next((each["items"] for each in data["sections"] if each["key"] == key), [])


def test_a_claim_shows_what_it_rests_on():
    assert checked(claim("It is red.", "a1"), CITES, "good") == {
        "text": "It is red.",
        "note": "",
        "tone": "good",
        "cites": [CITES["a1"]],
    }


def test_a_claim_that_rests_on_nothing_is_flagged():
    found = checked(claim("It won an award."), CITES, "good")
    assert (found["tone"], found["note"]) == ("warning", presenting.UNSUPPORTED)


def test_a_made_up_key_is_named_also_beside_a_good_one():
    found = checked(claim("It is red.", "a1", "a99"), CITES)
    assert (found["tone"], found["cites"]) == ("warning", [CITES["a1"]])
    assert found["note"] == "Cites “a99”, which the evidence does not have."


@pytest.mark.parametrize("cite", ["m1", "price", "a99", ""])
def test_a_material_that_nothing_shows_is_left_out_and_that_is_said(cite):
    said = {"materials": [claim("Silver", cite), claim("Steel", "a1")]}
    found = points(sections_of(said, CITES), "materials")
    assert found[0]["text"] == "Steel"
    assert found[1]["text"].startswith("Left out of the answer: 1")
    assert "Silver" not in str(found)


def test_a_material_that_a_photo_shows_stays():
    assert points(sections_of({"materials": [claim("Steel", "p1")]}, CITES), "materials")


def test_a_photo_that_nobody_looked_at_cannot_be_cited():
    seen = {"photos": [{"photo": "p1"}]}
    assert set(CITES) - set(citable(CITES, seen)) == {"p2"}
    assert set(CITES) - set(citable(CITES, None)) == {"p1", "p2"}
    assert "price" in citable(CITES, None)


def test_sections_without_claims_are_not_shown_and_the_others_stand_in_order():
    said = {"weaknesses": [claim("Dear", "price")], "what_it_is": claim("A mug", "title")}
    said["features"] = []
    found = sections_of(said, CITES)["sections"]
    assert [each["key"] for each in found] == ["what_it_is", "weaknesses"]
    assert {each["title"] for each in found} <= set(SECTIONS.values())


@pytest.mark.parametrize(
    ("partial", "shown"),
    [
        ({}, []),
        ({"what_it_is": {}}, []),
        ({"what_it_is": {"text": "A mu"}}, ["A mu"]),
        ({"what_it_is": {"text": "A mug"}, "features": [{"text": "Re"}, {}]}, ["A mug", "Re"]),
    ],
)
def test_a_report_is_shown_as_far_as_it_is_written(partial, shown):
    found = growing_sections(partial)["sections"]
    assert [item["text"] for each in found for item in each["items"]] == shown


def test_photos_that_are_not_there_are_not_described():
    told = {"shows": "A mug", "materials": ["clay"], "details": [], "text_in_photo": "SALE"}
    found = seen_data({"photos": [{"photo": "p1", **told}, {"photo": "p9", **told}]}, CITES)
    assert [each["photo"] for each in found["photos"]] == ["p1"]
    assert found["items"][0]["note"] == "Materials: clay. Written in it: SALE"


def test_of_a_photo_the_first_description_counts():
    told = {"materials": [], "details": [], "text_in_photo": ""}
    said = [
        {"photo": key, "shows": shows, **told}
        for key, shows in (("p2", "A"), ("p1", "B"), ("p2", "C"))
    ]
    found = seen_data({"photos": said}, CITES)
    assert [each["text"] for each in found["items"]] == ["B", "A"]


# Suggestions


def fields(answer: dict, *, final: bool = True) -> dict[str, dict]:
    return {each["key"]: each for each in fields_of(answer, EVIDENCE, CITES, final=final)}


def test_texts_that_are_too_long_are_cut_between_words_and_that_is_said():
    found = fields({"title": claim("word " * 30, "title")})["title"]
    assert found["value"] == ("word " * 14).strip()
    assert found["note"] == "Shortened: it had 149 characters."
    assert (found["limit"], found["field"]) == (70, "title")


def test_a_text_that_still_grows_is_not_cut():
    assert fields({"title": {"text": "word " * 30}}, final=False)["title"]["note"] == ""


def test_what_the_listing_says_already_is_not_suggested():
    said = {"title": claim("Red mug", "title"), "alt_text": [{"photo": "p2", "text": "A red mug"}]}
    assert fields(said) == {}


def test_a_text_that_rests_on_nothing_is_flagged():
    assert fields({"description": claim("Dishwasher safe.")})["description"]["note"] == (
        presenting.UNSUPPORTED
    )


def test_alternative_texts_lead_to_their_photos_each_once():
    said = [{"photo": key, "text": f"Mug {key}"} for key in ("p1", "p2", "p1", "p9", "")]
    found = fields({"alt_text": said})
    assert [(key, each["photo"]) for key, each in found.items()] == [("alt_p1", 71), ("alt_p2", 72)]


def test_a_meta_description_is_no_field_of_the_catalogue():
    assert fields({"meta_description": claim("A mug.", "title")})["meta_description"]["field"] == ""


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("short", 10, "short"),
        ("two words", 5, "two"),
        ("one, two", 6, "one"),
        ("endless", 3, "end"),
        ("exactly so", 10, "exactly so"),
        ("fits here no", 9, "fits here"),
    ],
)
def test_texts_are_cut_between_words(text, limit, cut):
    assert shortened(text, limit) == cut


# Schemas


def test_the_schema_of_suggestions_holds_what_is_wanted_and_can_be_had():
    assert list(suggestions_of(["alt_text", "title"], ["p1"], []).model_fields) == [
        "title",
        "alt_text",
    ]
    assert list(suggestions_of(["alt_text", "attributes"], [], []).model_fields) == []


def test_which_keys_there_are_is_said_but_a_wrong_one_costs_no_second_call():
    schema = seen_of(["p1", "p2"])
    assert '"enum": ["p1", "p2"]' in str(schema.model_json_schema()).replace("'", '"')
    answer = {"photos": [{"photo": "p7", "shows": "A mug"}]}
    assert schema.model_validate(answer).photos[0].photo == "p7"


def test_a_draft_says_of_a_guess_that_it_is_one_and_keeps_it_out_of_texts():
    guess = {"key": "a1", "field": "material", "attribute": "Material", "value": "Felt"}
    product = {
        "title": "Shopper",
        "brand": "Acme",
        "photos": [],
        "attributes": [{**guess, "by": "machine, 62% sure, not confirmed"}],
    }
    nothing = {"attributes_others_have_and_it_lacks": [], "attributes_only_it_has": []}
    evidence = {
        "product": product,
        "standing": {"compared_with": 0, **nothing},
        "photo_quality": [],
        "completeness": {"missing": []},
    }
    [said] = draft.report(evidence)["materials"]
    assert said["text"] == "Material: Felt (a machine's guess, not confirmed)"
    texts = draft.suggestions(evidence, Options())
    assert texts["title"]["text"] == "Acme Shopper"
    assert "description" not in texts
    product["attributes"][0]["by"] = "machine, confirmed by a person"
    assert draft.suggestions(evidence, Options())["title"]["text"] == "Acme Shopper, Felt"
