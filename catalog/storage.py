"""Stored files: whatever holds them, one kind of failure. The only importer of botocore."""

from __future__ import annotations

import errno
import functools
import glob
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

from prodintel.lib.optional_cache import CACHE

PROBE = "probe"
SIGNED_SECONDS = 3600
# The rest is for whoever was led to an address just before another is made.
STEADY_SECONDS = 2700
DRAFT = ".draft-{name}-"
COPY_BYTES = 1024 * 1024
_FULL = {errno.ENOSPC, errno.EDQUOT}


class StorageUnavailable(Exception):  # noqa: N818 -- the state of the storage is the name
    """Files cannot be written or read just now; the same call may succeed later."""


class StorageFull(StorageUnavailable):
    """There is no room left for what is to be written."""


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
def named_failures(name: str) -> Iterator[None]:
    """Turns what a disk or a service raises about the file into the exceptions above."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileMissing(f"The stored file {name} is missing.") from error
    except _failures() as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            raise StorageFull(
                "The server's disk is full. What is stored stays; ask whoever runs it to make room."
            ) from error
        message = f"The photo storage cannot be used just now: {error}"
        raise StorageUnavailable(message) from error


def save(name: str, data: bytes) -> str:
    """Store bytes; returns the name they are kept under. Raises StorageUnavailable.

    Whoever reads the name sees all of the bytes or none.
    """
    with named_failures(name):
        try:
            path = Path(default_storage.path(name))
        except NotImplementedError:
            return default_storage.save(name, ContentFile(data))
        _write_whole(path, lambda file: file.write(data))
        return name


def save_stream(name: str, source: IO[bytes]) -> str:
    """As `save`, of all that `source` still has, in constant memory. What it raises itself passes."""
    with named_failures(name):
        try:
            path = Path(default_storage.path(name))
        except NotImplementedError:
            return _send_stream(name, source)
        _write_whole(path, lambda file: shutil.copyfileobj(source, file, COPY_BYTES))
        return name


def _send_stream(name: str, source: IO[bytes]) -> str:
    # Clients of services go back to the beginning and try again, which a stream does not allow.
    with tempfile.TemporaryFile() as spooled:
        shutil.copyfileobj(source, spooled, COPY_BYTES)
        spooled.seek(0)
        return default_storage.save(name, File(spooled))


def _write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a local file aside, then put it in its place at once."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Two may write the same file at once; and whoever deletes it finds what a killed one left.
    prefix = DRAFT.format(name=path.name)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=prefix)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def read(name: str) -> bytes:
    """The bytes of a stored file. Raises FileMissing, StorageUnavailable."""
    with named_failures(name), default_storage.open(name) as file:
        return file.read()


def open_stream(name: str) -> IO[bytes]:
    """A stored file to read from and to close. Raises FileMissing, StorageUnavailable."""
    with named_failures(name):
        file = default_storage.open(name)
        # Services are asked at the first reading only.
        file.seek(0)
        return file


def local_path(name: str) -> Path | None:
    """Where the file lies on this machine's disk; None where a service keeps the files."""
    try:
        return Path(default_storage.path(name))
    except NotImplementedError:
        return None


def free_bytes() -> int | None:
    """How much can still be stored; None where a service keeps the files, which does not say."""
    root = local_path("")
    if root is None:
        return None
    while not root.exists():
        root = root.parent
    return shutil.disk_usage(root).free


def signed_address(name: str) -> str:
    """Where anybody may get the file for an hour at most. Raises StorageUnavailable.

    It stays the same for most of that time: a browser that comes again has the file already.
    """
    with named_failures(name):
        return CACHE.get_or_make(
            f"signed:{name}",
            lambda: default_storage.url(name, expire=SIGNED_SECONDS),  # type: ignore[call-arg]
            STEADY_SECONDS,
        )


def exists(name: str) -> bool:
    with named_failures(name):
        return default_storage.exists(name)


def delete(name: str) -> None:
    """Delete a stored file, and what was left of writing it; one that is gone already is no error.

    Raises StorageUnavailable.
    """
    with named_failures(name):
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
