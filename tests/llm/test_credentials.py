"""The key: encrypted, rotated, entered and removed while everything runs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from prodintel.lib import encryption
from prodintel.llm import credentials
from prodintel.llm.credentials import credential_remove, credential_restore, credential_set
from prodintel.llm.models import Credential

pytestmark = pytest.mark.django_db
KEY = "gsk_secret_of_ours_4321"


@pytest.fixture(autouse=True)
def _keys(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "first" * 10, []
    credentials.forget()


@pytest.fixture
def enter(django_capture_on_commit_callbacks):
    def call(key: str = KEY, user=None) -> Credential:
        with django_capture_on_commit_callbacks(execute=True):
            return credential_set(key=key, user=user)

    return call


def key_in_use() -> str:
    active = credentials.current()
    return active.key.get_secret_value() if active else ""


def test_stored_key_is_encrypted(enter):
    credential = enter()
    assert KEY not in credential.secret
    assert credential.hint == "4321"
    assert key_in_use() == KEY
    assert KEY not in repr(credentials.current())


def test_environment_wins(enter, settings):
    enter()
    settings.GROQ_API_KEY = "from-outside"
    assert key_in_use() == "from-outside"
    assert credentials.current().from_environment


def test_new_key_takes_the_place_of_the_one_before(enter):
    enter("one-key")
    enter("another-key")
    assert key_in_use() == "another-key"
    assert Credential.objects.filter(removed_at=None).count() == 1


def test_only_one_key_is_in_use():
    Credential.objects.create(secret="a", hint="a")
    with pytest.raises(IntegrityError), transaction.atomic():
        Credential.objects.create(secret="b", hint="b")


def test_key_changed_by_another_process_counts_within_two_seconds(enter, monkeypatch):
    enter()
    assert key_in_use() == KEY
    Credential.objects.update(secret=encryption.encrypt("other", purpose=credentials.PURPOSE))
    assert key_in_use() == KEY
    now = credentials.time.monotonic()
    monkeypatch.setattr(credentials.time, "monotonic", lambda: now + credentials.FRESH_SECONDS)
    assert key_in_use() == "other"


def test_removed_key_is_used_no_longer_and_can_be_brought_back(
    enter, django_capture_on_commit_callbacks
):
    pk = enter().pk
    with django_capture_on_commit_callbacks(execute=True):
        credential_remove(user=None)
    assert key_in_use() == ""
    with django_capture_on_commit_callbacks(execute=True):
        assert credential_restore(pk=pk, user=None)
    assert key_in_use() == KEY


def test_removed_key_does_not_take_the_place_of_a_newer_one(enter):
    pk = enter("old").pk
    enter("new")
    assert not credential_restore(pk=pk, user=None)
    assert key_in_use() == "new"


def test_key_survives_a_rotated_secret_key_and_is_encrypted_anew(enter, settings):
    enter()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "second" * 10, ["first" * 10]
    credentials.forget()
    assert key_in_use() == KEY
    credentials.credentials_tidy()
    settings.SECRET_KEY_FALLBACKS = []
    credentials.forget()
    assert key_in_use() == KEY


def test_key_that_cannot_be_decrypted_says_so(enter, settings):
    enter()
    settings.SECRET_KEY = "second" * 10
    credentials.forget()
    assert credentials.current() is None
    assert "SECRET_KEY" in credentials.why_none()
    credentials.credentials_tidy()
    assert Credential.objects.count() == 1


def test_removed_key_is_deleted_after_a_day(enter):
    enter("old")
    enter("new")
    Credential.objects.exclude(removed_at=None).update(
        removed_at=timezone.now() - timedelta(days=1, minutes=1)
    )
    credentials.credentials_tidy()
    assert [one.hint for one in Credential.objects.all()] == ["new"]


def test_what_is_encrypted_for_one_purpose_is_no_good_for_another():
    token = encryption.encrypt("text", purpose="one")
    assert encryption.decrypt(token, purpose="one") == "text"
    with pytest.raises(encryption.CannotDecryptError):
        encryption.decrypt(token, purpose="other")
