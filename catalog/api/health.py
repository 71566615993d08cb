"""How the site is, for monitors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, JsonResponse
from ninja import Router

from catalog.activity import queue_totals
from catalog.index import vector_index
from prodintel.engine import configured
from prodintel.engine.errors import EngineError

router = Router(tags=["health"])
UP = "ok"


@router.get("/health", auth=None, url_name="health")
def health(request: HttpRequest) -> JsonResponse:
    """State of the site and its parts; 503 when the database is gone, else 200."""
    del request
    answer: dict[str, Any] = {"status": UP, "database": UP}
    try:
        answer["queue"] = queue_totals()
    except (DatabaseError, InterfaceError):
        answer |= {"status": "degraded", "database": "unavailable"}
        answer["queue"] = {"pending": None, "failed": None}
    answer["encoder"] = _encoder()
    answer["index"] = UP if vector_index().health().ok else "unavailable"
    answer["llm"] = "not configured"
    if answer["encoder"] != UP or answer["index"] != UP:
        answer["status"] = "degraded"
    gone = answer["database"] != UP
    return JsonResponse(answer, status=HTTPStatus.SERVICE_UNAVAILABLE if gone else HTTPStatus.OK)


def _encoder() -> str:
    try:
        state = configured.client().info().state
    except EngineError:
        return "unavailable"
    return UP if state == "ready" else state
