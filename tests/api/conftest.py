from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from catalog.services.catalogs import token_create
from tests.catalog.conftest import (  # noqa: F401 -- fixtures
    catalog,
    embedder,
    encoder,
    engine,
    indexer,
    ingest,
    make_product,
    no_engine,
    person,
    site_engine,
    vocabulary,
)


class Api:
    """Calls the API as somebody; answers are (status, JSON)."""

    def __init__(self, token: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {token}"} if token else {})

    def get(self, path: str, **query: Any) -> tuple[int, Any]:
        return self._read(self.client.get(f"/api/v1{path}", query))

    def post(self, path: str, **form: Any) -> tuple[int, Any]:
        return self._read(self.client.post(f"/api/v1{path}", form))

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        text = body if isinstance(body, str) else json.dumps(body)
        response = self.client.generic(
            method, f"/api/v1{path}", text, content_type="application/json"
        )
        return self._read(response)

    @staticmethod
    def _read(response: Any) -> tuple[int, Any]:
        return response.status_code, response.json() if response.content else None


@pytest.fixture
def api_of(db: None) -> Callable[[Any], Api]:
    """The API as a user sees it; `None` for somebody without a token."""
    return lambda user: Api(token_create(user=user)[1] if user else "")


@pytest.fixture
def api(api_of: Callable[[Any], Api], person: Any) -> Api:  # noqa: F811
    return api_of(person)


def photo_file(data: bytes, name: str = "photo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)
