"""Deleting people, and trying work again, in the admin."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from catalog.ingest import wake
from catalog.models import AuditEvent, FileRemoval, Membership, Role
from tests.catalog.admin.browser_form import texts

pytestmark = pytest.mark.django_db


def delete_page(user):
    return reverse("admin:auth_user_delete", args=[user.pk])


def test_deleting_the_only_owner_is_refused_with_what_to_do(browser, catalog, person):
    assert "make somebody else one first" in browser.get(delete_page(person)).content.decode()
    browser.post(delete_page(person), {"post": "yes"})
    assert User.objects.filter(pk=person.pk).exists()


def test_all_owners_of_a_catalogue_chosen_together_are_refused(browser, catalog, person, make_user):
    second = make_user()
    Membership.objects.create(user=second, catalog=catalog, role=Role.OWNER)
    chosen = {
        "action": "delete_selected",
        "_selected_action": [person.pk, second.pk],
        "post": "yes",
    }
    page = browser.post(reverse("admin:auth_user_changelist"), chosen).content.decode()
    assert "make somebody else one first" in page
    assert User.objects.filter(pk__in=[person.pk, second.pk]).count() == 2


def test_person_who_owns_no_catalogue_alone_is_deleted(browser, catalog, person, make_user):
    Membership.objects.create(user=make_user(), catalog=catalog, role=Role.OWNER)
    browser.post(delete_page(person), {"post": "yes"})
    assert not User.objects.filter(pk=person.pk).exists()


def test_retry_is_on_the_audit_trail_and_wakes_the_runner(
    browser, boss, monkeypatch, django_capture_on_commit_callbacks
):
    row = FileRemoval.objects.create(name="stuck", state="failed", attempts=5)
    woken = []
    monkeypatch.setattr("prodintel.lib.wake.notify", lambda _path, what: woken.append(what))
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser.post(
            reverse("admin:catalog_fileremoval_changelist"),
            {"action": "retry", "_selected_action": [row.pk]},
            follow=True,
        )
    assert texts(answer) == ["1 will be tried again."]
    event = AuditEvent.objects.get(action="work.retry")
    assert (event.actor, event.target_type, event.summary) == (boss, "fileremoval", "1")
    assert woken == [wake.JOBS]
