"""Queries that were not written to find anything."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.textsearch import search_text
from catalog.textsearch.scoring import MAX_QUERY, MAX_TERMS, Query

pytestmark = pytest.mark.django_db

SYNTAX = [
    '"mug"',
    '"mug',
    "mug*",
    "words: mug",
    "mug AND",
    "NEAR(mug, 2)",
    "mug OR",
    "NOT mug",
    "(mug",
    "^mug",
    "mug'; DROP TABLE catalog_product; --",
    "mug:*",
    "mug & !",
    "{mug}",
    "mug\\",
    "%(mug)s",
]


@pytest.mark.parametrize("query", SYNTAX)
def test_query_syntax_has_no_meaning(make_product, search, query):
    make_product("Blue mug", tags=["words", "and", "not", "near", "or", "2", "drop table s"])
    make_product("catalog_product")
    make_product("Chair")
    assert all(match.matched != "Chair" for match in search(query))


@pytest.mark.parametrize("query", ["%", "_", "%%%", "m%g", "___", "*", "?", "\\", "'", '"', "¶mug"])
def test_wildcards_and_marks_match_nothing_by_themselves(make_product, found, query):
    make_product("Blue chair")
    assert found(query) == []


@pytest.mark.parametrize(
    "query", ["", " ", "\t\n\u3000", "\x00", "🔥", "👩‍👩‍👧", "\ud800", "…", "¤§¶"]
)
def test_query_without_letters_finds_nothing(make_product, found, query):
    make_product("Blue mug")
    assert found(query) == []


@pytest.mark.parametrize(
    "query", ["mug\x00", "mug 🔥", "\u202emug", "m\u0301ug", "\uff2d\uff35\uff27", "mug\ud800"]
)
def test_word_among_odd_characters_is_found(make_product, found, query):
    wanted = make_product("Blue mug")
    assert found(query) == [wanted.pk]


@pytest.mark.parametrize("query", ["mug " * 2500, "m" * 10_000, "'" * 10_000, "mug blue " * 1000])
def test_very_long_query_is_cut(make_product, search, query):
    make_product("Blue mug")
    assert len(search(query)) <= 1


def test_of_a_very_long_query_little_is_read():
    query = Query.read("mug blue " * 1000)
    assert len(query.terms) == MAX_TERMS
    assert len(query.code) <= MAX_QUERY


def test_limit_is_bounded(make_product, found):
    wanted = make_product("Blue mug")
    assert found("mug", limit=10**9) == [wanted.pk]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(query=st.text(max_size=60))
def test_any_text_is_a_query(catalog, make_product, query):
    if not catalog.products.exists():
        make_product("Blue mug", sku="M-1", gtin="4006381333931")
    for match in search_text(catalog_id=catalog.pk, query=query):
        assert 0 < match.score <= 1


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    title=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=80)
)
def test_any_title_is_found_by_itself(catalog, make_product, title):
    product = make_product(title)
    if any(c.isalnum() for c in title):
        matches = search_text(catalog_id=catalog.pk, query=title, limit=1000)
        assert product.pk in {match.product_id for match in matches}
