"""Who may undo and restore an act as a whole: what it wrote, an editor; decisions, a reviewer."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from catalog.models import Batch
from catalog.services.batches import batch_decide
from catalog.services.catalogs import token_create

pytestmark = pytest.mark.django_db


@pytest.fixture
def wrote(shop: Any) -> Batch:
    return shop.batch


@pytest.fixture
def decided(shop: Any, people: dict[str, Any]) -> Batch:
    batch, _ = batch_decide(
        catalog=shop.catalog,
        entries=[shop.suggestion],
        accept=True,
        actor=people["reviewer"],
        label="Accepted",
    )
    assert batch is not None
    return batch


@pytest.fixture
def described(shop: Any) -> Batch:
    """Of a run that has written nothing yet."""
    shop.run.batch = Batch.objects.create(catalog=shop.catalog, label="Described")
    shop.run.save()
    return shop.run.batch


def on_its_page(user: Any, batch: Batch) -> int:
    return _post(user, "batch_undo", batch)


def in_review(user: Any, batch: Batch) -> int:
    return _post(user, "review_batch_undo", batch)


def _post(user: Any, name: str, batch: Batch) -> int:
    client = Client()
    client.force_login(user)
    address = reverse(f"catalog:{name}", args=[batch.catalog.slug, batch.pk])
    return client.post(address).status_code


def through_the_api(user: Any, batch: Batch) -> int:
    client = Client(headers={"Authorization": f"Bearer {token_create(user=user)[1]}"})
    return client.post(f"/api/v1/batches/{batch.pk}/undo").status_code


WAYS = [on_its_page, in_review, through_the_api]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("role", "act", "may"),
    [
        ("editor", "wrote", True),
        ("reviewer", "wrote", False),
        ("editor", "decided", False),
        ("reviewer", "decided", True),
        ("reviewer", "described", False),
        ("viewer", "decided", False),
        ("owner", "wrote", True),
        ("owner", "decided", True),
    ],
)
def test_act_is_undone_by_whose_word_it_is(request, people, way, role, act, may):
    batch = request.getfixturevalue(act)
    assert way(people[role], batch) in ({200, 302} if may else {403})
    batch.refresh_from_db()
    assert (batch.retracted_at is not None) == may


@pytest.mark.parametrize("way", WAYS)
def test_stranger_finds_no_act(people, decided, way):
    assert way(people["stranger"], decided) == 404


def test_editor_undoes_decisions_of_their_own(people, decided):
    # An edit that says what was suggested is an acceptance.
    decided.created_by = people["editor"]
    decided.save()
    assert on_its_page(people["editor"], decided) == 302


@pytest.mark.parametrize(("role", "offered"), [("editor", "wrote"), ("reviewer", "decided")])
def test_list_offers_what_the_person_may_undo(people, client, shop, wrote, decided, role, offered):
    client.force_login(people[role])
    page = client.get(reverse("catalog:batches", args=[shop.slug]))
    batch = {"wrote": wrote, "decided": decided}[offered]
    assert batch.pk in page.context["undoable"]
    assert page.content.decode().count('type="submit"') >= 1
    other = {"wrote": decided, "decided": wrote}[offered]
    assert reverse("catalog:batch_undo", args=[shop.slug, other.pk]) not in page.content.decode()


def test_admin_leaves_a_reviewer_s_decisions_to_reviewers(people, client, decided):
    editor = people["editor"]
    editor.is_staff = True
    editor.save()
    editor.user_permissions.set(Permission.objects.all())
    client.force_login(editor)
    form = {"action": "undo", "_selected_action": [decided.pk]}
    client.post(reverse("admin:catalog_batch_changelist"), form)
    decided.refresh_from_db()
    assert decided.retracted_at is None
