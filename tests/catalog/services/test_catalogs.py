"""Catalogues, members and tokens."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from catalog.models import ApiToken, AuditEvent, Catalog, Membership
from catalog.selectors import token_user
from catalog.services.catalogs import (
    catalog_create,
    catalog_delete,
    catalog_restore,
    catalog_update,
    membership_remove,
    membership_set,
    token_create,
    token_revoke,
)

pytestmark = pytest.mark.django_db


def test_creator_owns_the_new_catalogue(person):
    catalog = catalog_create(name="Spring 2026", actor=person, currency="usd")
    assert (catalog.slug, catalog.currency) == ("spring-2026", "USD")
    assert Membership.objects.get().role == "owner"


def test_second_catalogue_of_a_name_gets_an_address_of_its_own(person):
    slugs = {catalog_create(name="Spring", actor=person).slug for _ in range(3)}
    assert slugs == {"spring", "spring-2", "spring-3"}


def test_name_without_latin_letters_gets_an_address(person):
    assert catalog_create(name="夏", actor=person).slug == "catalogue"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": "  "}, "name"),
        ({"name": "A", "currency": "EURO"}, "currency"),
        ({"name": "A", "language": "english!"}, "language"),
        ({"name": "x" * 121}, "name"),
    ],
)
def test_unfit_fields_are_named(person, fields, wrong):
    with pytest.raises(ValidationError) as caught:
        catalog_create(actor=person, **fields)
    assert wrong in caught.value.message_dict
    assert not Catalog.objects.exists()


def test_update_is_checked(catalog, person):
    with pytest.raises(ValidationError):
        catalog_update(catalog=catalog, actor=person, currency="??")


def test_deleted_catalogue_can_be_brought_back(catalog, person):
    catalog_delete(catalog=catalog, actor=person)
    assert not Catalog.objects.alive().exists()
    catalog_restore(catalog=catalog, actor=person)
    assert Catalog.objects.alive().get() == catalog


def test_role_can_be_changed(catalog, person, make_user):
    friend = make_user()
    membership_set(catalog=catalog, user=friend, role="viewer", actor=person)
    membership_set(catalog=catalog, user=friend, role="editor", actor=person)
    assert Membership.objects.get(user=friend).role == "editor"


def test_unknown_role_is_refused(catalog, person, make_user):
    with pytest.raises(ValidationError, match="Choose one of"):
        membership_set(catalog=catalog, user=make_user(), role="god", actor=person)


def test_last_owner_keeps_the_role(catalog, person):
    with pytest.raises(ValidationError, match="at least one owner"):
        membership_set(catalog=catalog, user=person, role="viewer", actor=person)
    with pytest.raises(ValidationError, match="at least one owner"):
        membership_remove(catalog=catalog, user=person, actor=person)


def test_one_of_two_owners_may_leave(catalog, person, make_user):
    membership_set(catalog=catalog, user=make_user(), role="owner", actor=person)
    membership_remove(catalog=catalog, user=person, actor=person)
    assert Membership.objects.filter(catalog=catalog).count() == 1


def test_membership_changes_are_on_the_audit_trail(catalog, person, make_user):
    membership_set(catalog=catalog, user=make_user("eve"), role="editor", actor=person)
    assert AuditEvent.objects.get(action="member.set").summary == "eve: editor"


def test_token_stands_for_its_user(person):
    _, text = token_create(user=person)
    assert token_user(text) == person


def test_token_itself_is_not_kept(person):
    token, text = token_create(user=person)
    row = ApiToken.objects.values().get(pk=token.pk)
    assert text not in str(row)


def test_revoked_token_stands_for_nobody(person):
    token, text = token_create(user=person)
    token_revoke(token=token, actor=person)
    assert token_user(text) is None


def test_token_of_an_inactive_user_stands_for_nobody(person):
    _, text = token_create(user=person)
    person.is_active = False
    person.save()
    assert token_user(text) is None


@pytest.mark.parametrize("field", ["name", "brand_voice"])
def test_text_that_cannot_be_stored_is_refused_on_its_field(catalog, person, field):
    with pytest.raises(ValidationError) as caught:
        catalog_update(catalog=catalog, actor=person, **{field: "a\x00b"})
    assert field in caught.value.message_dict


def test_address_that_is_taken_meanwhile_gives_way_to_the_next(person, monkeypatch):
    from django.db.models import QuerySet

    catalog_create(name="Spring", actor=person)
    exists, answers = QuerySet.exists, [False]

    def first_look_is_too_early(rows):
        if rows.model is Catalog and answers:
            return answers.pop()
        return exists(rows)

    monkeypatch.setattr(QuerySet, "exists", first_look_is_too_early)
    assert catalog_create(name="Spring", actor=person).slug == "spring-2"


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_leave_one_owner(catalog, make_user, person):
    import threading

    from django.db import connection

    other = make_user("other")
    membership_set(catalog=catalog, user=other, role="owner", actor=person)
    start, refused = threading.Barrier(2), []

    def leave(user) -> None:
        try:
            start.wait()
            membership_remove(catalog=catalog, user=user, actor=user)
        except ValidationError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=leave, args=(user,)) for user in (person, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert Membership.objects.filter(catalog=catalog, role="owner").count() == 1
