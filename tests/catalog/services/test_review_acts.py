"""What people do with suggestions one after the other, and what becomes of each act."""

from __future__ import annotations

import pytest

from catalog.models import CurrentAttribute, LedgerEntry, ReviewSampleItem, Source, Verdict
from catalog.services.review_acts import Act, ActKind, OutcomeState, review_acts
from catalog.services.review_samples import sample_draw

pytestmark = pytest.mark.django_db
DONE, ALREADY, REFUSED = OutcomeState.DONE, OutcomeState.ALREADY, OutcomeState.REFUSED


@pytest.fixture
def act(catalog, person):
    """Carries out acts, given as (entry, kind) or (entry, kind, value)."""

    def do(*acts, actor=person, **options):
        made = [Act(entry.pk, ActKind(kind), *value) for entry, kind, *value in acts]
        return review_acts(catalog=catalog, acts=made, actor=actor, **options)

    return do


def value_of(product, field="color"):
    row = CurrentAttribute.objects.filter(product=product, field=field).first()
    return row and (row.value, row.locked)


def test_acts_are_carried_out_in_their_order(product, guess, act):
    entry = guess("color", ["blue"])
    outcomes = act((entry, "accept"), (entry, "undo"), (entry, "reject"))
    assert [outcome.state for outcome in outcomes] == [DONE, DONE, DONE]
    entry.refresh_from_db()
    assert entry.decision == "rejected"


def test_edit_gives_the_person_s_value_and_closes_the_suggestion(product, guess, act):
    entry = guess("color", ["blue"])
    act((entry, "edit", ["red"]))
    entry.refresh_from_db()
    assert value_of(product) == (["red"], True)
    assert (entry.decision, entry.awaits_review) == ("rejected", False)


def test_edit_that_is_taken_back_leaves_the_suggestion_as_it_was(product, guess, act):
    entry = guess("color", ["blue"])
    act((entry, "edit", ["red"]), (entry, "undo"))
    entry.refresh_from_db()
    assert value_of(product) == (["blue"], False)
    assert (entry.decision, entry.awaits_review) == ("", True)


def test_edited_title_that_is_taken_back_is_the_old_one(product, guess, act):
    entry = guess("title", ["A mug"])
    act((entry, "edit", ["A blue mug"]))
    product.refresh_from_db()
    assert product.title == "A blue mug"
    act((entry, "undo"))
    product.refresh_from_db()
    assert product.title == "Mug"


def test_act_that_arrives_twice_is_no_error(product, guess, act):
    for field, kind in (("color", ("accept",)), ("material", ("edit", ["wood"]))):
        entry = guess(field, ["blue"] if field == "color" else ["steel"])
        (first,) = act((entry, *kind))
        (again,) = act((entry, *kind))
        assert (first.state, again.state, again.message) == (DONE, ALREADY, "")


def test_second_reviewer_is_told_who_decided(product, guess, act, make_user):
    entry = guess("color", ["blue"])
    act((entry, "reject"))
    (outcome,) = act((entry, "accept"), actor=make_user("bob"))
    assert (outcome.state, outcome.message) == (ALREADY, "ada has rejected this already.")


def test_nobody_takes_back_what_somebody_else_decided(product, guess, act, make_user):
    entry = guess("color", ["blue"])
    act((entry, "accept"))
    (outcome,) = act((entry, "undo"), actor=make_user("bob"))
    entry.refresh_from_db()
    assert (outcome.state, entry.decision) == (ALREADY, "accepted")


def test_withdrawn_suggestion_is_not_decided_on(product, guess, act):
    entry = guess("color", ["blue"])
    guess("color", ["red"])
    (outcome,) = act((entry, "accept"))
    assert outcome.state == ALREADY
    assert "something else" in outcome.message


def test_value_that_does_not_fit_is_refused_and_the_suggestion_waits_on(product, guess, act):
    entry = guess("color", ["blue"])
    for value in (["mauve"], {"a": 1}, [["red"]], "x" * 5000):
        (outcome,) = act((entry, "edit", value))
        assert outcome.state == REFUSED
        assert outcome.message
    entry.refresh_from_db()
    assert entry.awaits_review


def test_refused_act_does_not_stop_those_behind_it(product, guess, act):
    title, color = guess("title", ["x" * 400]), guess("color", ["blue"])
    outcomes = act((title, "accept"), (color, "accept"))
    assert [outcome.state for outcome in outcomes] == [REFUSED, DONE]


def test_suggestion_of_another_catalogue_is_not_there(product, guess, person, make_catalog):
    entry = guess("color", ["blue"])
    other = make_catalog("Other", owner=person)
    acts = [Act(entry.pk, ActKind.ACCEPT)]
    (outcome,) = review_acts(catalog=other, acts=acts, actor=person)
    entry.refresh_from_db()
    assert (outcome.state, entry.decision) == (REFUSED, "")


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        (("accept",), Verdict.RIGHT),
        (("reject",), Verdict.WRONG),
        (("edit", ["red"]), Verdict.WRONG),
    ],
)
def test_verdict_of_a_sample_follows_the_act(product, guess, act, catalog, person, kind, verdict):
    entry = guess("color", ["blue"], Source.VISION_LLM)
    sample = sample_draw(catalog=catalog, field="color", category=None, actor=person)
    act((entry, *kind), sample=sample)
    assert ReviewSampleItem.objects.get().verdict == verdict
    act((entry, "undo"), sample=sample)
    assert ReviewSampleItem.objects.get().verdict == Verdict.NONE
    assert LedgerEntry.objects.get(pk=entry.pk).awaits_review
