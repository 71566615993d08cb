"""Lists are kept, matched, decided on, deleted, and all of it can be taken back."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from catalog.ingest import jobs
from catalog.models import AuditEvent
from catalog.models.catalog import KEEP_DELETED
from tools.competitors import services
from tools.competitors.selectors import MATCHED, OPEN, UNMATCHED, counted, lists_in, rows_of
from tools.models import CompetitorList, CompetitorMatch, CompetitorRow

pytestmark = pytest.mark.django_db
FILE = """title,gtin,price
Something else entirely,4006381333931,5
Barrel mug speckled,,6
Garden hose,,7
"""


@pytest.fixture
def mug(make_product):
    return make_product("Speckled barrel mug", variants=[{"gtin": "4006381333931"}], color=None)


def standings():
    return {m.row.title: m.standing for m in CompetitorMatch.objects.select_related("row")}


def test_an_equal_gtin_counts_and_likeness_is_only_suggested(bring, mug):
    brought = bring(FILE)
    assert brought.matched == services.Matched(confirmed=1, suggested=1)
    assert standings() == {
        "Something else entirely": "confirmed",
        "Barrel mug speckled": "suggested",
    }
    confirmed = CompetitorMatch.objects.confirmed()
    assert [match.row.title for match in confirmed] == ["Something else entirely"]


def test_only_products_of_the_catalogue_are_matched(bring, make_catalog, make_product, person):
    other = make_catalog(owner=person)
    make_product("Barrel mug speckled", catalog=other, color=None)
    assert bring(FILE).matched.suggested == 0


def test_keeps_what_was_wrong_row_by_row(bring):
    brought = bring("title,price\nMug,cheap\nCup,5\n")
    assert brought.list.problems == [
        {"row": 2, "field": "price", "message": "“cheap” is not one price.", "left_out": False}
    ]
    assert brought.list.row_count == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"source": " "}, "source"),
        ({"as_of": date(2999, 1, 1)}, "as_of"),
        ({"text": "foo\n1\n"}, "file"),
        ({"name": "a\x00b"}, "name"),
    ],
)
def test_a_list_needs_a_name_a_source_a_day_and_rows(bring, fields, field):
    with pytest.raises(ValidationError) as refused:
        bring(**{"text": FILE, **fields})
    assert field in refused.value.message_dict
    assert not CompetitorList.objects.exists()


def test_a_decision_counts_and_is_taken_back(bring, mug, person):
    bring(FILE)
    row = CompetitorRow.objects.get(title="Barrel mug speckled")
    match = services.match_confirm(row=row, product=mug, actor=person)
    assert (match.standing, match.decided_by) == ("confirmed", person)
    services.match_undo(match=match, actor=person)
    assert standings()["Barrel mug speckled"] == "suggested"
    with pytest.raises(ValidationError):
        services.match_undo(match=match, actor=person)


def test_an_equal_gtin_can_be_rejected(bring, mug, person):
    bring(FILE)
    row = CompetitorRow.objects.get(gtin="04006381333931")
    services.match_reject(row=row, product=mug, actor=person)
    assert not CompetitorMatch.objects.confirmed().exists()


def test_a_match_that_a_person_named_is_gone_when_it_is_taken_back(bring, mug, person):
    bring(FILE)
    row = CompetitorRow.objects.get(title="Garden hose")
    match = services.match_confirm(row=row, product=mug, actor=person)
    services.match_undo(match=match, actor=person)
    assert not row.matches.exists()


def test_a_product_of_another_catalogue_is_no_match(bring, make_catalog, make_product, person):
    bring(FILE)
    stranger = make_product(catalog=make_catalog(owner=person), color=None)
    with pytest.raises(ValidationError):
        services.match_confirm(row=CompetitorRow.objects.first(), product=stranger, actor=person)


def test_looking_for_matches_again_leaves_decisions_as_they_are(bring, mug, person):
    brought = bring(FILE)
    row = CompetitorRow.objects.get(title="Barrel mug speckled")
    services.match_reject(row=row, product=mug, actor=person)
    assert services.competitors_match(competitor_list=brought.list) == services.Matched()
    assert standings()["Barrel mug speckled"] == "rejected"


@pytest.mark.parametrize(("limit", "value"), [("MOST_PRODUCTS", 1), ("MOST_SECONDS", -1.0)])
def test_products_that_were_passed_over_for_suggestions_are_counted(
    limit, value, bring, mug, make_product, monkeypatch
):
    make_product("Newer jug", color=None)
    monkeypatch.setattr(services, limit, value)
    made = bring("title\nSpeckled barrel mug\n").list
    made.refresh_from_db()
    assert made.passed_over == (1 if limit == "MOST_PRODUCTS" else 2)
    assert standings() == {}
    monkeypatch.undo()
    services.competitors_match(competitor_list=made)
    made.refresh_from_db()
    assert made.passed_over == 0


def test_a_deleted_list_is_hidden_and_comes_back(bring, catalog, person):
    made = bring(FILE).list
    services.competitor_list_delete(competitor_list=made, actor=person)
    assert not lists_in(catalog).exists()
    services.competitor_list_restore(competitor_list=made, actor=person)
    assert lists_in(catalog).get() == made


def test_what_was_deleted_long_ago_is_removed_for_good(bring, person):
    made = bring(FILE).list
    services.competitor_list_delete(competitor_list=made, actor=person)
    jobs.purge(None)
    assert CompetitorRow.objects.exists()
    CompetitorList.objects.update(deleted_at=made.deleted_at - KEEP_DELETED)
    jobs.purge(None)
    assert not CompetitorList.objects.exists()
    assert not CompetitorRow.objects.exists()


def test_every_act_is_in_the_audit_trail(bring, mug, person):
    made = bring(FILE).list
    services.match_confirm(row=made.rows.last(), product=mug, actor=person)
    services.competitor_list_delete(competitor_list=made, actor=person)
    acts = AuditEvent.objects.filter(action__startswith="competitors.").values_list(
        "action", flat=True
    )
    assert set(acts) == {"competitors.import", "competitors.confirmed", "competitors.delete"}


def test_lists_say_how_many_rows_are_matched_and_open(bring, mug, catalog):
    made = bring(FILE).list
    listed = counted(lists_in(catalog)).get()
    assert (listed.matched_count, listed.open_count) == (1, 1)
    assert [rows_of(made, only).count() for only in (MATCHED, OPEN, UNMATCHED, "")] == [1, 1, 1, 3]
