"""Keys to language models in the audit trail."""

from __future__ import annotations

import pytest
from django.urls import reverse

from catalog.models import AuditEvent
from prodintel.llm.models import Credential

pytestmark = pytest.mark.django_db
KEYS = "gsk_secret_of_ours_1111", "gsk_secret_of_ours_2222"


@pytest.fixture
def root(client, make_user, settings):
    settings.GROQ_API_KEY = ""
    # Nobody answers here.
    settings.GROQ_BASE_URL = "http://127.0.0.1:9"
    client.force_login(make_user("root", superuser=True))
    return client


def test_every_change_of_the_key_is_audited_without_the_key(root):
    for key in KEYS:
        root.post(reverse("llm:key_set"), {"key": key})
    root.post(reverse("llm:key_remove"))
    root.post(reverse("llm:key_restore", args=[Credential.objects.latest("pk").pk]))
    events = list(AuditEvent.objects.order_by("pk"))
    assert [(event.action.rpartition(".")[2], event.summary[-4:]) for event in events] == [
        ("enter", "1111"),
        ("change", "2222"),
        ("remove", "2222"),
        ("restore", "2222"),
    ]
    assert {event.actor.get_username() for event in events} == {"root"}
    assert "gsk_" not in str(list(AuditEvent.objects.values()))


def test_what_changes_nothing_is_not_audited(root):
    root.post(reverse("llm:key_remove"))
    root.post(reverse("llm:key_restore", args=[1]))
    assert not AuditEvent.objects.exists()


def test_audit_trail_of_the_admin_shows_it(root):
    root.post(reverse("llm:key_set"), {"key": KEYS[0]})
    page = root.get(reverse("admin:catalog_auditevent_changelist")).content.decode()
    assert "language_model_key.enter" in page
    assert "key ending in 1111" in page
