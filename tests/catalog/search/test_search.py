"""A query to hits: order, reasons, paging, and what is said when a part is away."""

from __future__ import annotations

import numpy as np
import pytest

from catalog.index import spaces, vector_index
from catalog.index.embedded import EmbeddedIndex
from catalog.models import EmbeddingSpace, Product
from catalog.search import Query, clean_text, neighbours
from catalog.services.ledger import attribute_set
from catalog.services.products import product_create, products_delete
from catalog.services.search_photos import (
    photo_vector,
)
from prodintel.engine.errors import EngineError
from tests.catalog.colours import ColourEncoder, picture, staged
from tests.catalog.search.conftest import titles

pytestmark = pytest.mark.django_db


def kinds(hit) -> list[str]:
    return [reason.kind for reason in hit.reasons]


def test_words_find_what_looks_like_them(make_product, ingest, ask):
    for color in ("blue", "red", "green"):
        make_product(f"Thing in {len(color)}", color=color)
    ingest()
    result = ask("red")
    assert titles(result)[0] == "Thing in 3"
    assert "look" in kinds(result.hits[0])


def test_photo_of_a_product_finds_that_product_first(make_product, ingest, ask):
    for color in ("blue", "red", "green", "white"):
        make_product(color, color=color)
    ingest()
    first = ask("", photo=photo_vector(picture("green", mark=3))).hits[0]
    assert (first.product.title, first.strength) == ("green", "exact")
    assert first.reasons[0].text == "The same photo"


def test_crop_of_a_photo_counts_alone(encoder, engine, embedder, data_dir):
    embedder.step()
    import io

    from PIL import Image

    image = Image.new("RGB", (100, 50), "red")
    image.paste("blue", (50, 0, 100, 50))
    file = io.BytesIO()
    image.save(file, "PNG")
    right = photo_vector(file.getvalue(), (0.5, 0.0, 0.5, 1.0))
    assert right @ encoder.encode_texts(["blue"])[0] > 0.99


def test_weight_moves_between_words_and_photo(make_product, ingest, ask):
    make_product("A", color="red")
    make_product("B", color="blue")
    ingest()
    photo = photo_vector(picture("blue"))
    assert titles(ask("red", photo=photo, text_weight=0.9))[0] == "A"
    assert titles(ask("red", photo=photo, text_weight=0.1))[0] == "B"


@pytest.fixture
def mug_and_cloths(make_product, ingest):
    """A product that is called a mug and is red, and two that look like the sea."""
    make_product("Red mug", color="red", sku="mug")
    for number in range(2):
        make_product(f"Cloth {number}", color="seagreen")
    ingest()


@pytest.mark.parametrize("text", ["mug", "red mug"])
def test_photo_with_all_the_weight_is_not_outdone_by_words(mug_and_cloths, ask, text):
    photo = photo_vector(picture("seagreen"))
    alone = ask("", photo=photo)
    weighed = ask(text, photo=photo, text_weight=0.0)
    assert titles(weighed) == titles(alone)
    assert [hit.strength for hit in weighed.hits] == [hit.strength for hit in alone.hits]
    assert [hit.reasons for hit in weighed.hits] == [hit.reasons for hit in alone.hits]


def test_words_with_all_the_weight_are_not_outdone_by_the_photo(mug_and_cloths, ask):
    photo = photo_vector(picture("seagreen"))
    assert titles(ask("mug", photo=photo, text_weight=1.0)) == titles(ask("mug"))


def test_match_on_words_counts_less_with_less_weight(mug_and_cloths, ask):
    photo = photo_vector(picture("seagreen"))
    score = {
        weight: hit.score
        for weight in (0.1, 0.3)
        for hit in ask("mugs", photo=photo, text_weight=weight).hits
        if hit.product.title == "Red mug"
    }
    assert score[0.1] < score[0.3]


def test_like_finds_similar_products_without_the_product_itself(make_product, ingest):
    red = make_product("A", color="red")
    make_product("B", color="blue")
    make_product("C", color="darkred")
    ingest()
    found = neighbours(red)
    assert titles(found) == ["C", "B"]
    assert kinds(found.hits[0]) == ["like"]


def test_like_of_a_product_without_photos_finds_nothing(make_product, ingest):
    make_product("A")
    ingest()
    assert neighbours(make_product("B", color=None)).hits == []


def test_less_moves_away_from_words(make_product, ingest, ask):
    make_product("A", color="red")
    make_product("B", color="purple")
    ingest()
    photo = photo_vector(picture("purple"))
    plain = {hit.product.title: hit for hit in ask("", photo=photo).hits}
    away = ask("", photo=photo, less="red")
    assert titles(away)[0] == "B"
    assert set(plain) == {"A", "B"}


def test_vector_that_is_weighed_away_to_nothing_still_answers(make_product, ingest, ask):
    make_product("A")
    ingest()
    looks = photo_vector(picture("red"))
    assert ask("red", photo=-looks).total == 1


@pytest.mark.parametrize(
    ("query", "kind"),
    [("m-1", "sku"), ("4006381333931", "gtin"), ("large RED mug", "title"), ("P-77", "mpn")],
)
def test_exact_code_or_title_comes_first(make_product, ingest, ask, query, kind):
    make_product("Blue thing", color="blue")
    make_product("Large red mug", color="green", sku="M-1", gtin="4006381333931", mpn="P-77")
    make_product("Red thing", color="red")
    ingest()
    first = ask(query).hits[0]
    assert first.product.title == "Large red mug"
    assert (first.strength, kinds(first)[0]) == ("exact", kind)


def test_misspelt_title_is_found(make_product, ingest, ask):
    make_product("Porcelain teapot", color="blue")
    make_product("Chair", color="blue")
    ingest()
    first = ask("porcelan teapt").hits[0]
    assert first.product.title == "Porcelain teapot"
    assert kinds(first)[0] == "fuzzy"


def test_part_of_a_title_is_found_while_typing(make_product, ask, no_engine):
    make_product("Porcelain teapot")
    assert titles(ask("porc")) == ["Porcelain teapot"]


def test_attribute_that_the_words_name_is_a_reason(make_product, ingest, ask, person, vocabulary):
    product = make_product("Thing")
    attribute_set(product=product, field="material", value="wood", actor=person)
    ingest()
    texts = [reason.text for reason in ask("wood").hits[0].reasons]
    assert "material: wood" in texts


def test_several_photos_of_a_product_are_one_hit(make_product, ingest, ask):
    make_product("A", photos=[staged("red", mark=1), staged("red", mark=2)])
    ingest()
    assert titles(ask("red")) == ["A"]


def test_deleted_product_is_gone_from_results_at_once(make_product, ingest, ask, person):
    gone, _ = make_product("A"), make_product("B")
    ingest()
    products_delete(products=[gone], actor=person)
    assert titles(ask("red")) == ["B"]
    assert titles(ask("")) == ["B"]


def test_other_catalogues_are_not_searched(make_product, make_catalog, ingest, ask):
    make_product("Theirs", catalog=make_catalog(), sku="X-1")
    ingest()
    assert ask("red").hits == ask("X-1").hits == ask("").hits == []


def test_browsing_shows_the_newest_first(make_product, ask, no_engine):
    for title in "ABC":
        make_product(title, color=None)
    assert titles(ask("")) == ["C", "B", "A"]


def test_equal_scores_keep_a_stable_order(make_product, ingest, ask):
    for number in range(6):
        make_product(f"Thing {number}", photos=[staged("red", mark=0)], allow_duplicate=True)
    ingest()
    assert titles(ask("crimson")) == titles(ask("crimson"))


def test_search_without_an_engine_goes_by_words_and_says_so(make_product, ingest, ask, engine):
    make_product("Red mug")
    ingest()
    engine.stop()
    result = ask("mug")
    assert titles(result) == ["Red mug"]
    assert "encoder does not answer" in result.notice


def test_search_before_the_first_model_says_that_it_is_being_loaded(make_product, ask, no_engine):
    make_product("Red mug")
    result = ask("mug")
    assert titles(result) == ["Red mug"]
    assert "being loaded" in result.notice


def test_search_while_the_model_is_changed_goes_by_words(make_product, ingest, ask, engine):
    make_product("Red mug")
    ingest()
    engine._engine._encoder = ColourEncoder("other")
    assert "loaded or changed" in ask("mug").notice


def test_search_while_the_index_is_lost_says_so(make_product, ingest, ask):
    make_product("Red mug")
    ingest()
    vector_index().drop(spaces.live_space().collection)
    result = ask("mug")
    assert titles(result) == ["Red mug"]
    assert "index is being filled" in result.notice


@pytest.fixture
def half_rebuilt(make_product, ingest):
    """The index is being rebuilt and has one product of two so far."""
    for title in ("Red mug", "Red pot"):
        make_product(title)
    ingest()
    collection = spaces.live_space().collection
    EmbeddingSpace.objects.update(filled_index="")
    vector_index().delete(collection, list(vector_index().ids(collection))[:1])


def test_search_while_the_index_is_rebuilt_says_so(half_rebuilt, ask):
    result = ask("crimson")
    assert result.total == 1
    assert "being rebuilt" in result.notice


def test_rebuild_that_begins_during_the_search_is_said_too(make_product, ingest, ask, monkeypatch):
    make_product("Red mug")
    ingest()

    def search_beside_a_rebuild(*args, **options):
        EmbeddingSpace.objects.update(filled_index="")
        return search(*args, **options)

    search = EmbeddedIndex.search
    monkeypatch.setattr(EmbeddedIndex, "search", search_beside_a_rebuild)
    assert "being rebuilt" in ask("crimson").notice


def test_answer_from_a_half_rebuilt_index_is_not_kept(half_rebuilt, ask, ingest):
    assert ask("crimson", limit=1).total == 1
    ingest()
    rest = ask("crimson", limit=1, offset=1)
    assert (rest.total, rest.notice) == (2, "")


def test_answer_without_its_looks_is_not_kept(make_product, ingest, ask, encoder):
    for title in ("Red mug", "Cup"):
        make_product(title)
    ingest()
    encoder.error = EngineError("Out of memory.")
    first = ask("mug", limit=1)
    assert (first.total, bool(first.notice)) == (1, True)
    encoder.error = None
    rest = ask("mug", limit=1, offset=1)
    assert (rest.total, rest.notice) == (2, "")


def test_no_good_match_is_said_when_nothing_fits_the_words(make_product, ingest, ask):
    for number in range(25):
        make_product(
            f"Thing {number}", color=("red", "blue", "green", "white", "black")[number % 5]
        )
    ingest()
    assert ask("zzzzqqqq").no_good_match
    assert not ask("red").no_good_match


def test_no_good_match_is_said_when_every_hit_of_a_photo_is_weak(make_product, ingest, ask):
    colors = ("navy", "blue", "darkblue", "mediumblue")
    for number in range(24):
        make_product(f"Thing {number}", color=colors[number % 4])
    ingest()
    result = ask("", photo=photo_vector(picture("yellow")))
    assert {hit.strength for hit in result.hits} == {"weak"}
    assert result.no_good_match
    assert (result.total, result.matching) == (24, 0)
    assert result.facets["status"] == {"draft": 24}
    assert not ask("", photo=photo_vector(picture("navy"))).no_good_match


def test_product_itself_is_no_good_match_for_its_neighbours(make_product, ingest):
    odd = make_product("Odd", color="yellow")
    for number in range(24):
        make_product(f"Thing {number}", color=("navy", "blue")[number % 2])
    ingest()
    assert neighbours(odd).no_good_match


def test_hits_are_judged_against_the_background(make_product, ingest, ask):
    for number in range(30):
        make_product(f"Thing {number}", color="blue" if number else "red")
    ingest()
    assert EmbeddingSpace.objects.get().background_count == 30
    strengths = {hit.product.title: hit.strength for hit in ask("red", limit=30).hits}
    assert strengths["Thing 0"] in {"strong", "exact"}
    assert strengths["Thing 7"] == "weak"


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE catalog_product; --",
        '"unbalanced',
        "NEAR( AND OR NOT *",
        "%_\\",
        "<script>alert(1)</script>",
        "a" * 10_000,
        "\x00\x01\u202e",
        "🧥" * 50,
        "((((((((((",
        "title:red -blue +x ^2",
    ],
)
def test_hostile_words_are_just_words(make_product, ingest, ask, text):
    make_product("Red mug")
    ingest()
    assert ask(clean_text(text)).total in {0, 1}
    assert Product.objects.count() == 1


def test_same_question_has_the_same_key():
    vector = np.ones(4, np.float32)
    assert Query(text="a", photo=vector).key(1) == Query(text="a", photo=vector.copy()).key(1)


@pytest.mark.parametrize(
    "other",
    [
        Query(text="b"),
        Query(text="a", less="x"),
        Query(text="a", like=1),
        Query(text="a", text_weight=0.6),
        Query(text="a", photo=np.ones(4, np.float32)),
    ],
)
def test_other_questions_have_other_keys(other):
    assert other.key(1) != Query(text="a").key(1)


def test_other_catalogue_has_another_key():
    assert Query(text="a").key(1) != Query(text="a").key(2)


def test_found_product_comes_with_its_details_in_few_queries(
    make_product, ingest, ask, django_assert_max_num_queries
):
    for _ in range(10):
        make_product()
    ingest()
    with django_assert_max_num_queries(40):
        for hit in ask("red").hits:
            assert hit.product.variants.all()
            assert hit.product.placements.all()[0].photo.embed_tasks.all()[0].space.state == "live"


def test_duplicate_photo_is_found_on_every_product_that_has_it(
    make_product, ingest, ask, catalog, person
):
    photo = staged("red")
    for title in "AB":
        product_create(
            catalog=catalog, actor=person, photos=[photo], title=title, allow_duplicate=True
        )
    ingest()
    assert sorted(titles(ask("", photo=photo_vector(picture("red"))))) == ["A", "B"]
