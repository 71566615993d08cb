"""Exports, kept while the vocabulary stays as it is."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass

from catalog.vocabulary.stamp import Stamp, vocabulary_stamp
from catalog.vocabulary.writing import as_json, as_toml, vocabulary_data

FORMS = {"json": as_json, "toml": as_toml}
MAX_UNTRACED = 60.0  # seconds until a change past the services is seen


@dataclass(frozen=True)
class Exported:
    """A file of the vocabulary and a quoted tag that is another one for another content."""

    content: bytes
    etag: str


_lock = threading.Lock()
_kept: dict[str, tuple[float, Stamp, Exported]] = {}


def exported(form: str) -> Exported:
    """The vocabulary as "json" or "toml"."""
    with _lock:
        now, stamp = time.monotonic(), vocabulary_stamp()
        known = _kept.get(form)
        if known is not None and known[1] == stamp and now - known[0] < MAX_UNTRACED:
            return known[2]
        content = FORMS[form](vocabulary_data()).encode()
        digest = hashlib.blake2b(content, digest_size=12).hexdigest()
        made = Exported(content, f'"{digest}"')
        _kept[form] = (now, stamp, made)
        return made
