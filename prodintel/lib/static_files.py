"""Collects static files when they have changed since the last time."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

MARK = ".collected"


def sources_digest() -> str:
    """A digest of which files there are, their sizes and times, and how they are stored."""
    stored: Any = settings.STORAGES["staticfiles"]
    lines = [stored["BACKEND"]]
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = Path(storage.path(path)).stat()
            lines.append(f"{path} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def are_current() -> bool:
    """Whether what is collected was made from the sources as they are."""
    mark = _mark()
    return mark.is_file() and mark.read_text(encoding="ascii") == sources_digest()


def collect() -> None:
    """Collect into STATIC_ROOT anew. Not under a running site: files of other names go away."""
    mark, digest = _mark(), sources_digest()
    mark.unlink(missing_ok=True)
    # Cleared, because Django keeps a collected file that looks newer than its source, and sources
    # that were unpacked or copied have times of long ago.
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    mark.parent.mkdir(parents=True, exist_ok=True)
    # Last, so that a collection that was interrupted is done again.
    mark.write_text(digest, encoding="ascii")


def _mark() -> Path:
    return Path(settings.STATIC_ROOT) / MARK
