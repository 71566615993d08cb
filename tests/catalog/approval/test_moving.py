"""Many products moved to a status at once, and put back."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import AuditEvent, Product
from catalog.services.products import product_update
from catalog.services.statuses import products_move, products_move_back

pytestmark = pytest.mark.django_db


@pytest.fixture
def move(catalog, person):
    def act(*products, to="approved", allowed=("draft", "in_review", "approved", "archived")):
        ids = [product.pk for product in products]
        started = products_move(catalog=catalog, ids=ids, status=to, allowed=allowed, actor=person)
        return told(started)

    return act


@pytest.fixture
def move_back(person):
    return lambda event: told(products_move_back(event=event, actor=person))


def told(started):
    result = started.result
    event = AuditEvent.objects.filter(pk=result.get("event")).first()
    return SimpleNamespace(count=result["changed"], left=result["left"], event=event)


def state(product) -> tuple[str, bool, list[int]]:
    row = Product.objects.get(pk=product.pk)
    numbers = row.versions.standing().values_list("number", flat=True)
    return row.status, row.changed_since_approval, list(numbers)


def test_event_says_from_where_each_came(make_product, move, catalog):
    mug, cup = make_product(status="in_review"), make_product()
    moved = move(mug, cup)
    assert (moved.count, moved.left) == (2, 0)
    assert moved.event.data["moved"] == {"in_review": [mug.pk], "draft": [cup.pk]}
    assert (moved.event.catalog, moved.event.summary) == (catalog, "2 → approved")


def test_each_product_has_its_line_in_the_audit_trail(make_product, move, person):
    mugs = [make_product() for _ in range(2)]
    move(*mugs, to="archived")
    events = AuditEvent.objects.filter(action="product.status", actor=person)
    assert {(e.target_id, e.summary) for e in events} == {
        (mug.pk, "draft → archived") for mug in mugs
    }


def test_product_that_may_not_be_moved_from_there_is_left(make_product, move):
    mug, approved = make_product(), make_product(status="approved")
    moved = move(mug, approved, to="archived", allowed=["draft"])
    assert (moved.count, moved.left) == (1, 1)
    assert (state(mug)[0], state(approved)[0]) == ("archived", "approved")


def test_product_of_another_catalogue_is_left(make_product, make_catalog, move):
    other = make_product(catalog=make_catalog("Other"))
    assert move(other).event is None
    assert state(other)[0] == "draft"


def test_nothing_moved_leaves_no_trace(make_product, move):
    mug = make_product(status="archived")
    events = AuditEvent.objects.count()
    assert move(mug, to="archived").event is None
    assert AuditEvent.objects.count() == events


def test_undo_puts_everyone_back_where_he_was(make_product, move, move_back):
    mug, cup = make_product(status="in_review"), make_product()
    back = move_back(move(mug, cup).event)
    assert (back.count, back.left) == (2, 0)
    assert (state(mug), state(cup)) == (("in_review", False, []), ("draft", False, []))


def test_number_of_a_withdrawn_version_is_not_used_again(make_product, move, move_back):
    mug = make_product()
    move_back(move(mug).event)
    move(mug)
    assert state(mug) == ("approved", False, [2])


def test_undo_of_approving_anew_says_again_that_it_changed(make_product, move, move_back, person):
    mug = make_product("Mug")
    move(mug)
    product_update(product=mug, actor=person, fields={"title": "Cup"})
    again = move(mug)
    assert (again.count, state(mug)) == (1, ("approved", False, [2, 1]))
    assert move_back(again.event).count == 1
    assert state(mug) == ("approved", True, [1])


def test_undo_of_archiving_says_again_what_had_changed(make_product, move, move_back, person):
    mug = make_product("Mug")
    move(mug)
    product_update(product=mug, actor=person, fields={"title": "Cup"})
    archived = move(mug, to="archived")
    assert state(mug) == ("archived", False, [1])
    move_back(archived.event)
    assert state(mug) == ("approved", True, [1])


def test_undo_leaves_what_somebody_moved_since(make_product, move, move_back):
    mug, cup = make_product(), make_product()
    event = move(mug, cup, to="in_review").event
    move(mug, to="archived")
    back = move_back(event)
    assert (back.count, back.left) == (1, 1)
    assert (state(mug)[0], state(cup)[0]) == ("archived", "draft")


def test_undo_leaves_what_somebody_approved_anew(make_product, move, move_back, person):
    mug = make_product("Mug")
    event = move(mug).event
    product_update(product=mug, actor=person, fields={"title": "Cup"})
    move(mug)
    assert move_back(event).count == 0
    assert state(mug) == ("approved", False, [2, 1])


def test_second_undo_leaves_what_somebody_did_again(make_product, move, move_back):
    mug = make_product()
    event = move(mug, to="archived").event
    move_back(event)
    move(mug, to="archived")
    with pytest.raises(ValidationError, match="undone already"):
        move_back(event)
    assert state(mug)[0] == "archived"


def test_move_that_does_not_say_when_it_began_is_undone(make_product, move, move_back):
    mug = make_product()
    event = move(mug).event
    del event.data["began"]
    assert move_back(event).count == 1


def test_many_are_moved_in_as_many_queries_as_two(make_product, move):
    mugs = [make_product() for _ in range(7)]
    with CaptureQueriesContext(connection) as two:
        move(*mugs[:2])
    with CaptureQueriesContext(connection) as five:
        move(*mugs[2:])
    assert len(two) == len(five)
