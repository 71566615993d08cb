"""The engine that the site's settings describe."""

from __future__ import annotations

import functools

from django.conf import settings

from prodintel.engine.client import EngineClient
from prodintel.engine.interface import EngineConfig
from prodintel.engine.wire import socket_path


def config() -> EngineConfig:
    """The engine's settings, from the site's."""
    return EngineConfig(
        data_dir=settings.DATA_DIR,
        socket=socket_path(settings.DATA_DIR),
        model=settings.CLIP_MODEL,
        pretrained=settings.CLIP_PRETRAINED,
        device=settings.CLIP_DEVICE,
        dtype=settings.CLIP_DTYPE,
        threads=settings.ENGINE_THREADS,
        shard_folder=None if settings.QDRANT_URL else settings.DATA_DIR / "index",
    )


@functools.cache
def client() -> EngineClient:
    """The process-wide client of the running engine; it connects when first used."""
    chosen = config()
    return EngineClient(chosen.socket, chosen.key_file)
