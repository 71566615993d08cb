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


def collect_if_changed() -> bool:
    """Collect into STATIC_ROOT unless it is current; whether there was anything to do."""
    mark = Path(settings.STATIC_ROOT) / MARK
    digest = sources_digest()
    if mark.is_file() and mark.read_text(encoding="ascii") == digest:
        return False
    mark.unlink(missing_ok=True)
    # Cleared, because Django keeps a collected file that looks newer than its source, and sources
    # that were unpacked or copied have times of long ago.
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    mark.parent.mkdir(parents=True, exist_ok=True)
    # Last, so that a collection that was interrupted is done again.
    mark.write_text(digest, encoding="ascii")
    return True
