"""Language models for tests: the protocol server, and settings that lead to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from prodintel.llm import adapter
from prodintel.llm.gateway import Gateway
from tests.groq_server import GroqServer

KEY = "gsk_only_for_tests_1234567890abcd"


@pytest.fixture(autouse=True)
def _no_connection_left() -> Iterator[None]:
    yield
    adapter.close()


@pytest.fixture
def groq(settings: Any) -> Iterator[Callable[..., GroqServer]]:
    """Starts protocol servers and points the settings at the last one."""
    servers: list[GroqServer] = []

    def start(**options: Any) -> GroqServer:
        server = GroqServer(**options).__enter__()
        servers.append(server)
        settings.GROQ_BASE_URL = server.url
        settings.GROQ_API_KEY = KEY
        return server

    yield start
    adapter.close()
    for server in servers:
        server.__exit__()


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
async def _streams_closed() -> Any:
    yield
    await adapter.aclose()
    await asyncio.sleep(0)
