"""The pages of an answer continue one list, whatever happens meanwhile."""

from __future__ import annotations

import pytest

from catalog.search import Query, search
from tests.catalog.search.conftest import titles

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("text", ["", "red"])
def test_pages_continue_each_other_without_gaps_or_repeats(make_product, ingest, ask, text):
    for number in range(11):
        make_product(f"Thing {number}")
    ingest()
    seen = []
    for offset in range(0, 12, 4):
        page = ask(text, limit=4, offset=offset)
        assert page.total == 11
        seen += titles(page)
    assert len(seen) == len(set(seen)) == 11


def test_products_that_come_between_two_pages_do_not_shift_them(make_product, ingest, ask):
    for number in range(8):
        make_product(f"Thing {number}")
    ingest()
    first = titles(ask("red", limit=4))
    make_product("Latecomer")
    ingest()
    second = titles(ask("red", limit=4, offset=4))
    assert set(first) | set(second) == {f"Thing {number}" for number in range(8)}


def test_page_beyond_the_end_is_empty(make_product, ask, no_engine):
    make_product(color=None)
    assert ask("", offset=10**30).hits == []
    assert ask("", offset=10**30).total == 1


@pytest.fixture
def things(make_product, ingest) -> set[str]:
    """The titles of four products that look the same, in the index."""
    named = {f"Thing {number}" for number in range(4)}
    for title in sorted(named):
        make_product(title)
    ingest()
    return named


@pytest.fixture
def newcomers(make_product, ingest):
    """Makes two more products that come before all others for the words "red thing"."""

    def run() -> None:
        for _ in range(2):
            make_product("Red thing")
        ingest()

    return run


def test_page_continues_its_list_though_the_question_was_asked_again(things, newcomers, ask):
    first = ask("red thing", limit=2)
    newcomers()
    ask("red thing", limit=2)
    second = ask("red thing", limit=2, offset=2, ranking=first.ranking)
    assert {*titles(first), *titles(second)} == things
    assert second.ranking == first.ranking


def test_first_page_is_always_a_new_answer(things, newcomers, ask):
    first = ask("red thing")
    newcomers()
    again = ask("red thing", ranking=first.ranking)
    assert again.total == 6
    assert again.ranking != first.ranking


def test_page_without_a_token_continues_the_latest_answer(things, newcomers, ask):
    ask("red thing", limit=2)
    newcomers()
    latest = ask("red thing", limit=2)
    second = ask("red thing", limit=2, offset=2)
    assert (second.total, second.ranking) == (6, latest.ranking)


@pytest.mark.parametrize(
    "other", [{"text": "thing"}, {"filters": {"status": ["draft"]}}, {"user_id": 8}]
)
def test_token_opens_nothing_but_the_same_user_s_same_question(things, newcomers, ask, other):
    asked = {"text": "red thing", "user_id": 7}
    token = ask(**asked).ranking
    newcomers()
    page = ask(**{**asked, **other}, offset=1, ranking=token)
    assert page.total == 6
    assert page.ranking != token


def test_token_of_another_catalogue_opens_nothing(things, ask, make_catalog):
    token = ask("red thing").ranking
    page = search(catalog=make_catalog(), query=Query("red thing"), offset=1, ranking=token)
    assert page.total == 0


@pytest.mark.parametrize("token", ["forgotten", "x" * 10_000, "a b\n\x00é"])
def test_token_that_is_not_known_gives_a_new_answer(things, ask, token):
    page = ask("red thing", limit=2, offset=2, ranking=token)
    assert page.total == 4
    assert ask("red thing", offset=2, ranking=page.ranking).ranking == page.ranking


def test_later_page_took_no_time_for_encoding_and_the_index(things, ask):
    first = ask("red thing", limit=2)
    assert first.took_ms["index"] > 0
    second = ask("red thing", limit=2, offset=2)
    assert (second.took_ms["encode"], second.took_ms["index"]) == (0.0, 0.0)


def test_browsing_has_no_ranking(things, ask):
    assert ask("").ranking == ""
