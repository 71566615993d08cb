"""The vector index of this installation."""

from __future__ import annotations

import functools

from django.conf import settings

from catalog.index.embedded import EmbeddedIndex
from catalog.index.protocol import VectorIndex
from catalog.index.server import ServerIndex
from prodintel.engine import configured


@functools.cache
def vector_index() -> VectorIndex:
    """The Qdrant server that QDRANT_URL names, or else the shard in the engine process."""
    if settings.QDRANT_URL:
        return ServerIndex(settings.QDRANT_URL, api_key=settings.QDRANT_API_KEY or None)
    return EmbeddedIndex(configured.client())
