"""The key to the models: from the environment, or entered on the site and kept encrypted.

Every process asks the database at most every two seconds, so a key that is entered, changed or
removed counts everywhere within moments, without a restart.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from pydantic import SecretStr

from prodintel.lib import encryption
from prodintel.llm.models import Credential
from prodintel.llm.signals import credential_changed

PURPOSE = "language-model-key"
FRESH_SECONDS = 2.0
KEEP_REMOVED = timedelta(days=1)
MAX_LENGTH = 500
NO_KEY = (
    "No key for language models is set. Set GROQ_API_KEY, or have a superuser enter one under "
    "Language models in the account menu."
)
UNREADABLE = (
    "The stored key for language models cannot be read, because SECRET_KEY has changed since. Enter "
    "it again, or add the former SECRET_KEY to SECRET_KEY_FALLBACKS."
)


@dataclass(frozen=True)
class Active:
    """The key in use. `account` is a fingerprint of address and key, fit for storing."""

    key: SecretStr
    base_url: str
    from_environment: bool
    account: str


@dataclass
class _Kept:
    asked_at: float = 0.0
    row: int | None = None
    token: str = ""
    key: SecretStr | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


_kept = _Kept()


def current() -> Active | None:
    """The key in use: the environment's before the stored one; None without any."""
    if settings.GROQ_API_KEY:
        return _active(SecretStr(settings.GROQ_API_KEY), from_environment=True)
    key = _stored_key()
    return _active(key, from_environment=False) if key else None


def _active(key: SecretStr, *, from_environment: bool) -> Active:
    base_url = settings.GROQ_BASE_URL
    digest = hashlib.sha256(f"{base_url}\n{key.get_secret_value()}".encode())
    return Active(key, base_url, from_environment, digest.hexdigest()[:16])


def why_none() -> str:
    """Why there is no key, for people; empty where there is one."""
    if current() is not None:
        return ""
    return UNREADABLE if stored() is not None else NO_KEY


def stored() -> Credential | None:
    """The key that was entered on the site and not removed, whether or not it is the one in use."""
    return Credential.objects.filter(removed_at=None).select_related("created_by").first()


def _stored_key() -> SecretStr | None:
    if time.monotonic() - _kept.asked_at < FRESH_SECONDS:
        return _kept.key
    with _kept.lock:
        row = Credential.objects.filter(removed_at=None).only("pk", "secret").first()
        if row is None:
            _kept.row, _kept.token, _kept.key = None, "", None
        elif (row.pk, row.secret) != (_kept.row, _kept.token):
            _kept.row, _kept.token, _kept.key = row.pk, row.secret, _decrypted(row.secret)
        _kept.asked_at = time.monotonic()
        return _kept.key


def _decrypted(token: str) -> SecretStr | None:
    try:
        return SecretStr(encryption.decrypt(token, purpose=PURPOSE))
    except encryption.CannotDecryptError:
        return None


def forget() -> None:
    """Have this process ask the database again at the next call."""
    _kept.asked_at, _kept.row, _kept.token, _kept.key = 0.0, None, "", None


def _changed(credential: Credential, act: str, user: User | None) -> None:
    """Seen at once in this transaction, and by other threads when it is done."""
    forget()
    transaction.on_commit(forget)
    credential_changed.send(Credential, credential=credential, act=act, user=user)


@sensitive_variables("key")
@transaction.atomic
def credential_set(*, key: str, user: User | None) -> Credential:
    """Use this key from now on; the one before is removed."""
    replaced = Credential.objects.filter(removed_at=None).update(removed_at=timezone.now())
    credential = Credential.objects.create(
        secret=encryption.encrypt(key, purpose=PURPOSE),
        hint=key[-4:],
        created_by=user,
    )
    _changed(credential, "change" if replaced else "enter", user)
    return credential


@transaction.atomic
def credential_remove(*, user: User | None) -> Credential | None:
    """Use the stored key no longer; it can be brought back for a day."""
    credential = stored()
    if credential is not None:
        Credential.objects.filter(pk=credential.pk).update(removed_at=timezone.now())
        _changed(credential, "remove", user)
    return credential


@transaction.atomic
def credential_restore(*, pk: int, user: User | None) -> bool:
    """Use a removed key again, unless another one was entered meanwhile."""
    if stored() is not None:
        return False
    credential = Credential.objects.filter(pk=pk).exclude(removed_at=None).first()
    if credential is None:
        return False
    Credential.objects.filter(pk=pk).update(removed_at=None)
    _changed(credential, "restore", user)
    return True


def credentials_tidy() -> None:
    """Delete keys removed more than a day ago, and encrypt the others with the present SECRET_KEY."""
    Credential.objects.filter(removed_at__lt=timezone.now() - KEEP_REMOVED).delete()
    for credential in Credential.objects.all():
        try:
            renewed = encryption.renew(credential.secret, purpose=PURPOSE)
        except encryption.CannotDecryptError:
            continue
        Credential.objects.filter(pk=credential.pk, secret=credential.secret).update(secret=renewed)
