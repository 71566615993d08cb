"""Secrets in the database, encrypted with keys derived from SECRET_KEY and its fallbacks."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class CannotDecryptError(Exception):
    """The text was encrypted with a SECRET_KEY that is no longer known."""


def encrypt(text: str, *, purpose: str) -> str:
    """The text as only somebody with SECRET_KEY can read it; `purpose` keeps uses apart."""
    return _keys(purpose).encrypt(text.encode()).decode("ascii")


def decrypt(token: str, *, purpose: str) -> str:
    """What was encrypted. Raises CannotDecryptError."""
    from cryptography.fernet import InvalidToken

    try:
        return _keys(purpose).decrypt(token.encode("ascii")).decode()
    except InvalidToken as error:
        raise CannotDecryptError from error


def renew(token: str, *, purpose: str) -> str:
    """The same secret, encrypted with the present SECRET_KEY. Raises CannotDecryptError."""
    from cryptography.fernet import InvalidToken

    try:
        return _keys(purpose).rotate(token.encode("ascii")).decode("ascii")
    except InvalidToken as error:
        raise CannotDecryptError from error


def _keys(purpose: str) -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet

    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(secret, purpose)) for secret in secrets])


def _derived(secret: str, purpose: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"prodintel:{purpose}".encode())
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))
