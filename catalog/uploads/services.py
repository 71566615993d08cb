"""Files on their way in, in parts or whole: begun, continued, dropped, removed when left lying.

A part is written after a `FileRemoval` row for it, and that row goes with the transaction that
records the part. So whatever is cut off in the middle leaves no file behind, and an upload always
says truly how far it is.
"""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import IO, Any, cast

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from catalog import storage
from catalog.models import Catalog, FileRemoval, Import, Upload, UploadPart
from catalog.services.errors import conflict
from catalog.services.locks import lock_row
from catalog.services.photo_files import LEFT_BEHIND_AFTER
from catalog.services.photos import safe_name
from catalog.uploads.files import forget_joined, forget_unread
from catalog.uploads.streams import Chunks, Measured, UploadTooLarge

FOLDER = "uploads/{catalog}/"
KEEP = timedelta(days=2)
# What one person may have lying around that no import has taken.
MAX_WAITING = 20
WAITING_SIZES = 2
PART_BYTES = 32 * 1024 * 1024
SPARE_BYTES = 256 * 1024 * 1024
GIBIBYTE = 1024**3


class OffsetMismatch(Exception):  # noqa: N818 -- the state of the upload is the name
    """The upload goes on somewhere else; `offset` is how far it is."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"The upload goes on at byte {offset}.")
        self.offset = offset


class ChecksumMismatch(Exception):  # noqa: N818 -- likewise
    """The bytes that arrived are not those that were sent; nothing of them was kept."""


@dataclass(frozen=True)
class Checksum:
    """What the bytes of a part must hash to: `algorithm` is a name of `hashlib`."""

    algorithm: str
    digest: bytes


def upload_begin(
    *, catalog: Catalog, actor: Any, name: str, size: int, metadata: str = ""
) -> Upload:
    """An upload of `size` bytes that waits for the first of them; `metadata` is the client's own.

    Raises ValidationError where it is empty or its owner has too much lying around, UploadTooLarge,
    storage.StorageFull.
    """
    _check_size(size)
    free = storage.free_bytes()
    # It is joined from its parts when it is read, and then there twice.
    if free is not None and free < 2 * size + SPARE_BYTES:
        raise storage.StorageFull(
            "The server's disk has too little room for this file. Ask whoever runs it to make room."
        )
    return _create(catalog, actor, name, size, metadata=metadata)


@transaction.atomic
def _create(catalog: Catalog, actor: Any, name: str, size: int, **columns: Any) -> Upload:
    if actor is not None:
        # Of several that begin at once each counts those before it.
        lock_row(get_user_model()(pk=actor.pk))
        _check_quota(actor, size)
    return Upload.objects.create(
        catalog=catalog,
        name=safe_name(name) or "upload",
        size=size,
        created_by=actor,
        expires_at=timezone.now() + KEEP,
        **columns,
    )


def _check_size(size: int) -> None:
    if size < 1:
        raise conflict("file", "This file is empty. Choose another.")
    if size > settings.MAX_UPLOAD_BYTES:
        limit = settings.MAX_UPLOAD_BYTES / GIBIBYTE
        message = (
            f"A file may have {limit:g} GB at most. Split it into several, such as one a season."
        )
        raise UploadTooLarge({"file": [message]})


def _check_quota(actor: Any, size: int) -> None:
    waiting = uploads_waiting().filter(created_by=actor)
    total = waiting.aggregate(total=Sum("size"))["total"] or 0
    if waiting.count() >= MAX_WAITING or total + size > WAITING_SIZES * settings.MAX_UPLOAD_BYTES:
        raise conflict(
            "file",
            "You have too many files that were uploaded and not imported. Import or remove some "
            f"of them, or wait: they are removed {KEEP.days} days after their last byte.",
        )


def uploads_waiting() -> QuerySet[Upload]:
    """Uploads that no import has taken."""
    taken = Import.objects.filter(Q(table=OuterRef("pk")) | Q(photos=OuterRef("pk")))
    return Upload.objects.filter(~Exists(taken))


@contextmanager
def _part_file(catalog: Catalog, source: Measured) -> Iterator[str]:
    """A part's bytes stored for the block that records it. Outside any transaction."""
    name = f"{FOLDER.format(catalog=catalog.pk)}{secrets.token_hex(16)}"
    due = timezone.now() + LEFT_BEHIND_AFTER
    FileRemoval.objects.create(name=name, next_try_at=due)
    try:
        storage.save_stream(name, cast("IO[bytes]", source))
        yield name
    except BaseException:
        # Not there any more where it was recorded before something else failed.
        FileRemoval.objects.filter(name=name).update(next_try_at=timezone.now())
        raise


def upload_append(
    *,
    upload: Upload,
    offset: int,
    data: bytes | IO[bytes],
    actor: Any,
    checksum: Checksum | None = None,
) -> Upload:
    """Take the next bytes of an upload: all of `data`, or nothing.

    Of two who bring the same bytes at once, one is told where it goes on. Raises OffsetMismatch,
    ChecksumMismatch, UploadTooLarge, storage.StorageUnavailable, PermissionError to others than
    who began it.
    """
    if upload.created_by_id != getattr(actor, "pk", None):
        raise PermissionError("This upload is somebody else's.")
    if offset != upload.offset:
        raise OffsetMismatch(upload.offset)
    source = io.BytesIO(data) if isinstance(data, bytes) else data
    hashes = [hashlib.new(checksum.algorithm, usedforsecurity=False)] if checksum else []
    measured = Measured(source, upload.size - offset, hashes)
    with _part_file(upload.catalog, measured) as name:
        if checksum and hashes[0].digest() != checksum.digest:
            raise ChecksumMismatch
        _part_record(upload, offset, measured.size, name)
    return upload


@transaction.atomic
def _part_record(upload: Upload, offset: int, size: int, name: str) -> None:
    if not size:
        FileRemoval.objects.filter(name=name).update(next_try_at=timezone.now())
        return
    expires_at = timezone.now() + KEEP
    taken = Upload.objects.filter(pk=upload.pk, offset=offset).update(
        offset=offset + size, expires_at=expires_at
    )
    if not taken:
        standing = Upload.objects.filter(pk=upload.pk).values_list("offset", flat=True).first()
        raise OffsetMismatch(standing or 0)
    UploadPart.objects.create(upload=upload, offset=offset, size=size, file=name)
    FileRemoval.objects.filter(name=name).delete()
    upload.offset, upload.expires_at = offset + size, expires_at


def upload_store(*, catalog: Catalog, actor: Any, name: str, chunks: Iterable[bytes]) -> Upload:
    """A whole file at once, such as one from a form; recorded with its last byte.

    Raises as `upload_begin` does.
    """
    stream = Chunks(chunks)
    digest = hashlib.sha256()
    parts: list[UploadPart] = []
    size = 0
    try:
        while section := stream.section(PART_BYTES):
            measured = Measured(section, settings.MAX_UPLOAD_BYTES - size, [digest])
            with _part_file(catalog, measured) as file:
                parts.append(UploadPart(offset=size, size=measured.size, file=file))
            size += measured.size
        _check_size(size)
        with transaction.atomic():
            sha256 = digest.hexdigest()
            upload = _create(catalog, actor, name, size, offset=size, sha256=sha256)
            for part in parts:
                part.upload = upload
            UploadPart.objects.bulk_create(parts)
            FileRemoval.objects.filter(name__in=[part.file for part in parts]).delete()
    except BaseException:
        # Rows of recorded parts are gone: what is left here belongs to nobody.
        names = [part.file for part in parts]
        FileRemoval.objects.filter(name__in=names).update(next_try_at=timezone.now())
        raise
    return upload


@transaction.atomic
def upload_drop(*, upload: Upload, actor: Any) -> None:
    """Remove an upload, complete or not; its files follow. One that is gone is no error."""
    del actor
    Upload.objects.filter(pk=upload.pk).delete()
    transaction.on_commit(partial(forget_joined, upload.pk))


def uploads_purge(_before: datetime | None = None) -> int:
    """Remove what was left lying and no import has taken; returns how many uploads that was."""
    forget_unread()
    expired = uploads_waiting().filter(expires_at__lt=timezone.now())
    count = 0
    for upload in list(expired):
        # Its owner may go on with it just now.
        gone, _ = expired.filter(pk=upload.pk).delete()
        if gone:
            forget_joined(upload.pk)
            count += 1
    return count
