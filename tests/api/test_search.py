"""Search over HTTP."""

from __future__ import annotations

import json

import pytest

from tests.api.conftest import photo_file
from tests.catalog.colours import picture
from tests.catalog.vision.bad_photos import bad_photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(catalog) -> str:
    return f"/catalogs/{catalog.slug}/search"


@pytest.fixture
def shop(make_product, ingest, vocabulary):
    for color in ("red", "blue", "green"):
        make_product(f"{color} mug", color=color, price=len(color), sku=color.upper())
    ingest()


def found(answer) -> list[str]:
    return [hit["product"]["title"] for hit in answer[1]["hits"]]


def test_words_answer_with_hits_facets_and_times(api, path, shop):
    status, answer = api.get(path, q="red")
    assert status == 200
    assert set(answer) >= {"hits", "facets", "total", "no_good_match", "notice", "took_ms"}
    assert set(answer["took_ms"]) == {"encode", "index", "total"}
    first = answer["hits"][0]
    assert set(first) == {"product", "score", "strength", "reasons"}
    assert first["product"]["title"] == "red mug"
    assert first["reasons"]


def test_sku_comes_first_as_exact(api, path, shop):
    first = api.get(path, q="BLUE")[1]["hits"][0]
    assert (first["product"]["sku"], first["strength"]) == ("BLUE", "exact")


def test_photo_of_a_product_finds_it_first(api, path, shop):
    answer = api.post(path, image=photo_file(picture("green", mark=9)))
    assert found(answer)[0] == "green mug"
    assert answer[1]["hits"][0]["strength"] == "exact"


def test_photo_and_words_are_weighed(api, path, shop):
    photo = picture("green", mark=9)
    words = api.post(path, image=photo_file(photo), q="blue", text_weight="0.95")
    assert found(words)[0] == "blue mug"


def test_crop_and_like_and_less_are_taken(api, path, shop):
    photo = photo_file(picture("green"))
    assert api.post(path, image=photo, crop="0.1,0.1,0.5,0.5", less="blue")[0] == 200
    first = api.get(path, q="red")[1]["hits"][0]["product"]["id"]
    answer = api.post(path, like=str(first))
    assert "red mug" not in found(answer)


def test_price_filter_is_in_the_catalogue_s_currency(api, path, shop):
    filters = json.dumps({"price": {"gte": 4, "lte": 4.5}})
    assert found(api.get(path, filters=filters)) == ["blue mug"]


def test_bands_of_prices_are_counted_and_can_be_filtered_by(api, path, shop):
    prices = api.get(path)[1]["facets"]["price"]
    for band, count in prices.items():
        low, high = map(float, band.split("-"))
        filters = json.dumps({"price": {"gte": low, "lte": high}})
        assert api.get(path, filters=filters)[1]["total"] == count
    assert len(prices) > 1


def test_pages_cover_everything_once(api, path, shop):
    first, second = (found(api.get(path, q="mug", limit=2, offset=offset)) for offset in (0, 2))
    assert sorted(first + second) == ["blue mug", "green mug", "red mug"]


def test_pages_continue_the_ranking_they_name(api, path, shop, make_product, ingest):
    asked = {"q": "red mug", "limit": 2}
    _, first = api.get(path, **asked)
    make_product("Red mug")
    ingest()
    api.post(path, **asked)
    for call in (api.get, api.post):
        _, rest = call(path, **asked, offset=2, ranking=first["ranking"])
        assert (rest["total"], rest["ranking"]) == (3, first["ranking"])


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"filters": "{"}, "filters"),
        ({"filters": "[" * 50_000}, "filters"),
        ({"filters": '{"price": {"gte": ' + "9" * 5000 + "}}"}, "filters"),
        ({"filters": '{"flavour": "sweet"}'}, "filters"),
        ({"filters": '{"color": "\\ud800"}'}, "filters"),
        ({"crop": "0,0,1,1"}, "crop"),
        ({"like": "999999"}, "like"),
        ({"like": "9" * 40}, "like"),
        ({"like": "x"}, "like"),
        ({"text_weight": "2"}, "text_weight"),
        ({"text_weight": "nan"}, "text_weight"),
        ({"limit": "many"}, "limit"),
    ],
)
def test_unfit_question_is_refused_on_its_field(api, path, no_engine, vocabulary, form, field):
    status, answer = api.post(path, **form)
    assert status == 422
    assert field in answer["error"]["fields"]


@pytest.mark.parametrize("crop", ["1,2", "a,b,c,d", "0,0,2,1", "-1,0,1,1", "nan,0,1,1", "0,0,0,0"])
def test_crop_outside_the_photo_is_refused(api, path, no_engine, crop):
    status, answer = api.post(path, image=photo_file(picture()), crop=crop)
    assert status == 422
    assert "crop" in answer["error"]["fields"]


def test_unknown_filter_of_a_get_is_refused(api, path, no_engine, vocabulary):
    status, answer = api.get(path, filters='{"flavour": ["sweet"]}')
    assert status == 422
    assert "flavour" in answer["error"]["message"]


def test_like_of_another_catalogue_s_product_is_refused(
    api, path, no_engine, make_product, make_catalog
):
    other = make_product(catalog=make_catalog())
    assert api.post(path, like=str(other.pk))[0] == 422


def test_bad_photo_is_refused_with_its_code(api, path, engine):
    status, answer = api.post(path, image=photo_file(bad_photo("svg")))
    assert (status, answer["error"]["code"]) == (415, "unsupported_format")


def test_photo_without_an_engine_is_unavailable(api, path, no_engine):
    status, answer = api.post(path, image=photo_file(picture()))
    assert (status, answer["error"]["code"]) == (503, "unavailable")


def test_words_without_an_engine_are_answered_with_a_notice(api, path, no_engine, make_product):
    make_product("Red mug")
    status, answer = api.get(path, q="mug")
    assert status == 200
    assert answer["notice"]
    assert answer["hits"][0]["product"]["title"] == "Red mug"


@pytest.mark.parametrize("offset", ["-5", str(10**25)])
def test_absurd_offset_is_no_fault(api, path, no_engine, make_product, offset):
    make_product(color=None)
    assert api.get(path, offset=offset)[0] == 200


QUESTION = "which red mugs under 80 lack a material?"


def test_question_is_read_where_it_is_asked_for(api, path, shop):
    status, answer = api.get(path, q=QUESTION, ask="true", filters='{"status": ["draft"]}')
    assert status == 200
    assert answer["read_as"] == {
        "words": "red mugs",
        "filters": {"price": {"lte": 80.0}},
        "missing": ["material"],
        "by": "rules",
        "note": "",
        "parts": [
            {"said": "under 80", "field": "price", "value": "<=80"},
            {"said": "lack a material", "field": "missing", "value": "material"},
        ],
    }
    assert found((status, answer))[0] == "red mug"


def test_words_are_not_read_as_a_question_unless_asked(api, path, shop):
    assert api.get(path, q=QUESTION)[1]["read_as"] is None
    assert api.get(path, q="red mugs", ask="true")[1]["read_as"] is None


def test_what_is_missing_is_a_filter(api, path, shop):
    assert len(found(api.get(path, filters='{"missing": ["material"]}'))) == 3
    status, answer = api.get(path, filters='{"missing": ["flavour"]}')
    assert status == 422
    assert "flavour" in answer["error"]["message"] + str(answer["error"]["fields"])
