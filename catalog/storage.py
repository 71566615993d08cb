"""Stored files: whatever holds them, one kind of failure. The only importer of botocore."""

from __future__ import annotations

import functools
import glob
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from prodintel.lib.optional_cache import CACHE

PROBE = "probe"
SIGNED_SECONDS = 3600
# The rest is for whoever was led to an address just before another is made.
STEADY_SECONDS = 2700
DRAFT = ".draft-{name}-"


class StorageUnavailable(Exception):  # noqa: N818 -- the state of the storage is the name
    """Files cannot be written or read just now; the same call may succeed later."""


class FileMissing(Exception):  # noqa: N818 -- likewise
    """The storage answers, and has no such file."""


def is_remote() -> bool:
    """Whether files are kept by a service that signs addresses for them."""
    return bool(settings.S3_BUCKET)


@functools.cache
def _failures() -> tuple[type[Exception], ...]:
    if not is_remote():
        return (OSError,)
    from botocore.exceptions import BotoCoreError, ClientError

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
    """Store bytes; returns the name they are kept under. Raises StorageUnavailable.

    Whoever reads the name sees all of the bytes or none.
    """
    with _named_failures(name):
        try:
            path = Path(default_storage.path(name))
        except NotImplementedError:
            return default_storage.save(name, ContentFile(data))
        _write_whole(path, data)
        return name


def _write_whole(path: Path, data: bytes) -> None:
    """Write a local file aside, then put it in its place at once."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Two may write the same file at once; and whoever deletes it finds what a killed one left.
    prefix = DRAFT.format(name=path.name)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=prefix)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(draft).replace(path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise


def read(name: str) -> bytes:
    """The bytes of a stored file. Raises FileMissing, StorageUnavailable."""
    with _named_failures(name), default_storage.open(name) as file:
        return file.read()


def signed_address(name: str) -> str:
    """Where anybody may get the file for an hour at most. Raises StorageUnavailable.

    It stays the same for most of that time: a browser that comes again has the file already.
    """
    with _named_failures(name):
        return CACHE.get_or_make(
            f"signed:{name}",
            lambda: default_storage.url(name, expire=SIGNED_SECONDS),  # type: ignore[call-arg]
            STEADY_SECONDS,
        )


def exists(name: str) -> bool:
    with _named_failures(name):
        return default_storage.exists(name)


def delete(name: str) -> None:
    """Delete a stored file, and what was left of writing it; one that is gone already is no error.

    Raises StorageUnavailable.
    """
    with _named_failures(name):
        default_storage.delete(name)
        try:
            path = Path(default_storage.path(name))
        except NotImplementedError:
            return
        for draft in path.parent.glob(glob.escape(DRAFT.format(name=path.name)) + "*"):
            draft.unlink(missing_ok=True)


def is_working() -> bool:
    """Whether a file can be written and deleted: if so, what fails for another is its own matter."""
    try:
        delete(save(PROBE, b""))
    except StorageUnavailable:
        return False
    return True
