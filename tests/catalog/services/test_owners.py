"""A catalogue keeps an owner, whatever way the last one is taken away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from catalog.models import Catalog, Membership, Role
from catalog.services.catalogs import catalog_delete
from catalog.services.purging import catalog_purge

pytestmark = pytest.mark.django_db


def test_only_owner_is_not_deleted(catalog, person):
    with pytest.raises(ProtectedError, match="at least one owner"), transaction.atomic():
        person.delete()
    assert User.objects.filter(pk=person.pk).exists()
    assert Membership.objects.get(catalog=catalog).user == person


def test_owners_are_not_all_deleted_together(catalog, make_user):
    Membership.objects.create(user=make_user(), catalog=catalog, role=Role.OWNER)
    with pytest.raises(ProtectedError), transaction.atomic():
        User.objects.all().delete()
    assert catalog.memberships.count() == 2


def test_owner_may_go_where_another_stays(catalog, person, make_user):
    Membership.objects.create(user=make_user(), catalog=catalog, role=Role.OWNER)
    person.delete()
    assert catalog.memberships.count() == 1


def test_member_who_owns_nothing_may_go(catalog, make_user):
    editor = make_user()
    Membership.objects.create(user=editor, catalog=catalog, role=Role.EDITOR)
    editor.delete()
    assert catalog.memberships.count() == 1


def test_owner_of_a_deleted_catalogue_may_go(catalog, person):
    catalog_delete(catalog=catalog, actor=person)
    person.delete()
    assert not User.objects.exists()


def test_catalogue_is_purged_with_its_owner_s_membership(catalog, person):
    catalog_delete(catalog=catalog, actor=person)
    before = timezone.now() + timedelta(seconds=1)
    assert catalog_purge(catalog=catalog, deleted_before=before)
    assert not Catalog.objects.filter(pk=catalog.pk).exists()
