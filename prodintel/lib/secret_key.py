"""A signing key of an installation's own, for sites that were given none."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def data_dir_secret_key(data_dir: Path) -> str:
    """The key kept in `data_dir`, made at first need and readable by its owner alone.

    Good for one machine. Machines that share sessions must be given the same SECRET_KEY.
    """
    path = data_dir / "secret_key"
    key = _read(path)
    if key:
        return key
    # Written aside and linked into place: of two processes that start at once, both use the first
    # one's key, and a file cut short by a power failure never counts.
    draft = data_dir / f"secret_key.{os.getpid()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)
    except FileExistsError:
        if not _read(path):
            draft.replace(path)
    draft.unlink(missing_ok=True)
    return _read(path)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""
