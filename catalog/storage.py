"""Stored files: whatever holds them, one kind of failure. The only importer of botocore."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage


class StorageUnavailable(Exception):  # noqa: N818 -- the state of the storage is the name
    """Files cannot be written or read just now; the same call may succeed later."""


class FileMissing(Exception):  # noqa: N818 -- likewise
    """The storage answers, and has no such file."""


@functools.cache
def _failures() -> tuple[type[Exception], ...]:
    if not settings.STORAGES["default"]["BACKEND"].startswith("storages."):
        return (OSError,)
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 -- heavy, S3 only

    return (OSError, BotoCoreError, ClientError)


@contextmanager
def _named_failures(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise FileMissing(f"The stored file {name} is missing.") from error
    except _failures() as error:
        message = f"The photo storage cannot be used just now: {error}"
        raise StorageUnavailable(message) from error


def save(name: str, data: bytes) -> str:
    """Store bytes; returns the name they are kept under. Raises StorageUnavailable."""
    with _named_failures(name):
        return default_storage.save(name, ContentFile(data))


def read(name: str) -> bytes:
    """The bytes of a stored file. Raises FileMissing, StorageUnavailable."""
    with _named_failures(name), default_storage.open(name) as file:
        return file.read()


def exists(name: str) -> bool:
    with _named_failures(name):
        return default_storage.exists(name)


def delete(name: str) -> None:
    """Delete a stored file; one that is gone already is no error. Raises StorageUnavailable."""
    with _named_failures(name):
        default_storage.delete(name)
