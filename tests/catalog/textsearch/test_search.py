"""What a query finds, and why."""

from __future__ import annotations

import pytest
from django.utils import timezone

from catalog.models import Variant

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("query", ["TEE-001/RED", "tee-001/red", "  tee-001 / Red "])
def test_sku_is_exact_without_regard_to_case_and_spaces(make_product, search, query):
    wanted = make_product("Plain tee", sku="TEE-001/RED")
    make_product("TEE-001/RED look-alike", sku="TEE-0012/RED")
    first = search(query)[0]
    assert (first.product_id, first.kind, first.score) == (wanted.pk, "sku", 1.0)
    assert first.matched == "TEE-001/RED"


def test_hyphens_of_a_sku_count_for_exactness(make_product, search):
    make_product("Plain tee", sku="AB-12")
    assert search("AB-12")[0].kind == "sku"
    assert search("AB12")[0].kind == "words"


@pytest.mark.parametrize("query", ["4006381333931", "04006381333931", "4006381 333931"])
def test_gtin_is_found_with_and_without_leading_zeros(make_product, search, query):
    wanted = make_product("Highlighter", gtin="4006381333931")
    assert [(m.product_id, m.kind) for m in search(query)] == [(wanted.pk, "gtin")]


def test_stored_leading_zeros_of_a_gtin_do_not_hide_it(make_product, search):
    wanted = make_product("Soap", gtin="00036000291452")
    assert [(m.product_id, m.kind) for m in search("036000291452")] == [(wanted.pk, "gtin")]


def test_mpn_is_found_after_titles(make_product, search):
    by_mpn = make_product("Drill bit", mpn="X-77")
    by_title = make_product("X-77")
    assert [(m.product_id, m.kind) for m in search("x-77")] == [
        (by_title.pk, "title"),
        (by_mpn.pk, "mpn"),
    ]


@pytest.mark.parametrize("query", ["Café Tea Pot", "cafe tea pot", "CAFÉ   TEAPOT", "café teapot"])
def test_whole_title_is_exact_without_case_accents_and_spaces(make_product, search, query):
    make_product("Café Tea Pot with lid")
    wanted = make_product("Café Tea Pot")
    first = search(query)[0]
    assert (first.product_id, first.kind, first.matched) == (wanted.pk, "title", "Café Tea Pot")


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("mugs", "Blue mug"),
        ("mug", "Two blue mugs"),
        ("vase", "Glass vases"),
        ("dresses", "Summer dress"),
        ("knife", "Kitchen knives set"),
        ("berry", "Berries bowl"),
        ("cookies", "Cookie jar"),
        ("woman", "Women's coat"),
        ("womens", "Women's coat"),
        ("t-shirt", "Printed T-Shirt"),
        ("tshirt", "Printed T-Shirt"),
        ("t shirt", "Printed Tshirt"),
        ("tea pot", "Blue Teapot"),
        ("mug for tea", "Tea mug"),
        ("杯", "青花茶杯"),
    ],
)
def test_whole_words_match_in_singular_plural_and_compound(make_product, search, query, title):
    wanted = make_product(title)
    make_product("Wooden chair")
    assert [(m.product_id, m.kind) for m in search(query)] == [(wanted.pk, "words")]


@pytest.mark.parametrize(("query", "title"), [("caps", "Cape"), ("pins", "Pine"), ("bus", "Bu")])
def test_other_words_are_not_taken_for_plurals(make_product, search, query, title):
    make_product(f"{title} of wool")
    assert not any(match.kind == "words" for match in search(query))


def test_words_may_stand_in_different_fields(make_product, search):
    wanted = make_product(
        "Classic", brand="Nordia", tags=["winter", "wool socks"], option1_value="Navy", sku="SO-9"
    )
    make_product("Classic", brand="Nordia", option1_value="Black")
    (match,) = search("nordia navy sock")
    assert (match.product_id, match.kind) == (wanted.pk, "words")
    assert match.matched == "Nordia socks Navy"


def test_every_word_must_be_met(make_product, found):
    make_product("Red dress")
    assert found("red trousers") == []


def test_title_counts_more_than_tags(make_product, found):
    in_title = make_product("Lamp")
    in_tags = make_product("Cable", tags=["lamp"])
    assert found("lamps") == [in_title.pk, in_tags.pk]


@pytest.mark.parametrize("length", range(1, len("Headphones")))
def test_typing_a_word_finds_it_from_the_first_letter(make_product, search, length):
    wanted = make_product("Black Headphones")
    make_product("Wooden spoon")
    (match,) = search("Headphones"[:length])
    assert match.product_id == wanted.pk
    assert match.kind == ("words" if length == len("Headphone") else "partial")


def test_last_word_may_be_unfinished(make_product, search):
    wanted = make_product("Black Teapot")
    make_product("White Teapot")
    assert [(m.product_id, m.kind) for m in search("black te")] == [(wanted.pk, "partial")]


@pytest.mark.parametrize("query", ["phones", "adphon", "black phones"])
def test_part_inside_a_word_is_found(make_product, search, query):
    wanted = make_product("Black Headphones")
    assert [(m.product_id, m.kind) for m in search(query)] == [(wanted.pk, "partial")]


def test_beginning_of_a_sku_is_found(make_product, found):
    wanted = make_product("Tee", sku="TEE-001-RED")
    make_product("Tee", sku="TEE-002-RED")
    assert found("tee-00") != []
    assert found("tee-001-r") == [wanted.pk]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("hedphones", "Black Headphones"),
        ("headfones", "Black Headphones"),
        ("teapto", "Blue Teapot"),
        ("blakc teapot", "Black Teapot"),
        ("shrit", "Linen Shirt"),
        ("sunglases", "Round Sunglasses"),
        ("jewlery box", "Jewelry Box"),
        ("lether walet", "Leather Wallet"),
        ("hedphon", "Black Headphones"),
    ],
)
def test_misspelt_words_are_found(make_product, search, query, title):
    wanted = make_product(title)
    make_product("Oak stool")
    (match,) = search(query)
    assert (match.product_id, match.kind) == (wanted.pk, "fuzzy")


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("rug", "Blue mug"),
        ("boot", "Model boat"),
        ("wine", "Copper wire"),
        ("shirt", "Short trousers"),
        ("packet", "Denim jacket"),
        ("feather", "Leather belt"),
        ("envelope", "Antelope figure"),
        ("qwxzkj", "Quartz watch"),
        ("1234567", "Lamp 1234568"),
    ],
)
def test_unrelated_words_are_not_taken_for_misspellings(make_product, found, query, title):
    make_product(title)
    assert found(query) == []


def test_known_words_are_not_corrected(make_product, found):
    make_product("Silver ring")
    sliver = make_product("Sliver of oak")
    assert found("sliver") == [sliver.pk]


def test_better_kinds_come_first_with_better_scores(make_product, search):
    by_part = make_product("Mugshot print")
    by_word = make_product("Blue mug")
    by_title = make_product("Mug")
    by_sku = make_product("Thing", sku="MUG")
    matches = search("mug")
    assert [(m.product_id, m.kind) for m in matches] == [
        (by_sku.pk, "sku"),
        (by_title.pk, "title"),
        (by_word.pk, "words"),
        (by_part.pk, "partial"),
    ]
    assert [m.score for m in matches] == sorted((m.score for m in matches), reverse=True)


def test_equal_products_come_newest_first_and_stay_so(make_product, found):
    ids = [make_product("Blue mug").pk for _ in range(5)]
    assert found("mug") == found("mug") == ids[::-1]


def test_limit_keeps_the_best(make_product, found):
    exact = make_product("Mug")
    for _ in range(4):
        make_product("Blue mug")
    assert found("mug", limit=2)[0] == exact.pk
    assert len(found("mug", limit=2)) == 2
    assert found("mug", limit=0) == []


def test_other_catalogues_are_not_searched(make_product, make_catalog, found):
    make_product("Blue teapot", sku="T-1", catalog=make_catalog())
    assert found("teapot") == found("T-1") == found("teapto") == found("eapo") == []


def test_deleted_products_are_not_found(make_product, found):
    product = make_product("Blue teapot", sku="T-1")
    product.deleted_at = timezone.now()
    product.save()
    assert found("teapot") == found("T-1") == found("Blue teapot") == found("teapto") == []


def test_deleted_variants_do_not_answer_for_their_product(make_product, catalog, found):
    product = make_product("Tee", sku="TEE-S")
    Variant.objects.create(product=product, catalog=catalog, currency="EUR", sku="TEE-M")
    Variant.objects.filter(sku="TEE-M").update(deleted_at=timezone.now())
    assert found("TEE-S") == [product.pk]
    assert found("TEE-M") == []


def test_function_narrows_the_search(make_product, found):
    make_product("Mug", brand="Red")
    blue = make_product("Mug", brand="Blue")
    assert found("mugs", narrow=lambda products: products.exclude(brand="Red")) == [blue.pk]


def test_narrowing_to_nothing_finds_nothing(make_product, found):
    make_product("Mug")
    assert found("mug", narrow=lambda products: products.none()) == []


def test_narrowing_reaches_past_the_newest(make_product, found):
    oldest = make_product("Blue mug", brand="Wanted")
    for _ in range(6):
        make_product("Blue mug")
    wanted = found("mug", limit=2, narrow=lambda products: products.filter(brand="Wanted"))
    assert wanted == [oldest.pk]
