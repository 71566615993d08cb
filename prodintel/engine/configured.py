"""The engine that the site's settings describe."""

from __future__ import annotations

import functools
from dataclasses import replace

from django.conf import settings

from prodintel.engine.client import EngineClient
from prodintel.engine.errors import EngineUnavailable
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


def previous_config(model: str, pretrained: str) -> EngineConfig:
    """The settings of a second engine, which answers queries with the model before this one.

    It keeps no index: the collections of both models are the first engine's.
    """
    ordinary = config()
    return replace(
        ordinary,
        socket=ordinary.socket.with_name("engine-previous.sock"),
        model=model,
        pretrained=pretrained,
        shard_folder=None,
    )


@functools.cache
def client() -> EngineClient:
    """The process-wide client of the running engine; it connects when first used."""
    chosen = config()
    return EngineClient(chosen.socket, chosen.key_file)


@functools.cache
def previous_client() -> EngineClient:
    """The process-wide client of the second engine, which there is only after a change of model."""
    chosen = previous_config("", "")
    return EngineClient(chosen.socket, chosen.key_file)


def client_for(fingerprint: str) -> EngineClient | None:
    """The engine whose model makes the vectors of the embedding space with this fingerprint.

    None while no engine has that model loaded. Raises EngineUnavailable when the engine does not
    answer at all.
    """
    encoder = client().info().encoder
    if encoder is not None and encoder.fingerprint == fingerprint:
        return client()
    try:
        encoder = previous_client().info().encoder
    except EngineUnavailable:
        return None
    return previous_client() if encoder and encoder.fingerprint == fingerprint else None
