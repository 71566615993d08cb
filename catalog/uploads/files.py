"""The whole file of an upload, on the disk of the process that reads it.

What lies in one stored file on this machine is read there. Anything else is joined once, under the
data folder, and stays for whoever reads it next, until nobody did for a while.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.conf import settings

from catalog import storage
from catalog.models import Upload, UploadPart

KEEP_SECONDS = 6 * 3600.0


class UploadIncomplete(Exception):  # noqa: N818 -- the state of the upload is the name
    """Bytes of the file are still missing."""


def temporary_folder() -> Path:
    """Where joined files and what is taken out of archives lie; nobody else may look in."""
    folder = Path(settings.DATA_DIR) / "tmp"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _joined(upload_id: UUID) -> Path:
    return temporary_folder() / f"upload-{upload_id}"


@contextmanager
def upload_path(upload: Upload, upto: int | None = None) -> Iterator[Path]:
    """The file as a local path, for the block alone; it is not to be written to.

    With `upto` its first bytes, so many at least, may be all that is there: they are there sooner.

    Raises UploadIncomplete, storage.FileMissing, storage.StorageUnavailable.
    """
    if not upload.is_complete:
        raise UploadIncomplete(f"Only {upload.offset} of {upload.size} bytes of it are here.")
    parts = list(upload.parts.order_by("offset"))
    if len(parts) == 1:
        path = storage.local_path(parts[0].file)
        if path is not None:
            if not path.exists():
                raise storage.FileMissing(f"The stored file {parts[0].file} is missing.")
            yield path
            return
    path = _joined(upload.pk)
    if upto is not None and upload.size > upto and not _is_whole(path, upload):
        with _beginning(parts, upto) as path:
            yield path
        return
    if not _is_whole(path, upload):
        forget_unread()
        _join(upload, [part.file for part in parts], path)
    # Whoever reads it keeps it; see `forget_unread`.
    os.utime(path)
    yield path


@contextmanager
def _beginning(parts: list[UploadPart], upto: int) -> Iterator[Path]:
    """The first parts as a file, of one byte more than `upto` at least."""
    first = [part.file for part in parts if part.offset <= upto]
    with tempfile.NamedTemporaryFile(dir=temporary_folder(), prefix="beginning-") as file:
        with storage.named_failures(file.name):
            for name in first:
                with storage.open_stream(name) as part:
                    while file.tell() <= upto and (data := part.read(storage.COPY_BYTES)):
                        file.write(data)
            file.flush()
        yield Path(file.name)


def _is_whole(path: Path, upload: Upload) -> bool:
    try:
        return path.stat().st_size == upload.size
    except FileNotFoundError:
        return False


def _join(upload: Upload, names: list[str], path: Path) -> None:
    """Write the parts into `path`, which is there as a whole or not at all."""
    digest = hashlib.sha256()
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with storage.named_failures(path.name), os.fdopen(descriptor, "wb") as whole:
            for name in names:
                with storage.open_stream(name) as part:
                    while data := part.read(storage.COPY_BYTES):
                        digest.update(data)
                        whole.write(data)
        if Path(draft).stat().st_size != upload.size:
            raise storage.FileMissing("Parts of the uploaded file are missing. Upload it again.")
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
    if not upload.sha256:
        upload.sha256 = digest.hexdigest()
        Upload.objects.filter(pk=upload.pk).update(sha256=upload.sha256)


def forget_joined(upload_id: UUID) -> None:
    """The upload is gone: so is its file on this machine. Whoever reads it now reads on."""
    for path in temporary_folder().glob(f"upload-{upload_id}*"):
        path.unlink(missing_ok=True)


def forget_unread() -> None:
    """Remove from this machine what nobody has read for some hours, and what a killed process left."""
    before = time.time() - KEEP_SECONDS
    for path in temporary_folder().iterdir():
        try:
            if path.stat().st_mtime < before:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        except FileNotFoundError:
            continue
