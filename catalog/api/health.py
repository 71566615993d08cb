"""How the site is, for monitors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from ninja import Router

from catalog.activity import queue_totals
from catalog.index import vector_index
from catalog.index.spaces import is_filled, live_space
from prodintel.engine import configured
from prodintel.engine.errors import EngineError
from prodintel.llm import health as llm

router = Router(tags=["health"])
UP, AWAY = "ok", "unavailable"
# Monitors give up after some seconds: what does not answer in this time counts as gone.
PATIENCE_SECONDS = 1.0


@router.api_operation(["HEAD"], "/health", auth=None, include_in_schema=False)
@router.get("/health", auth=None, url_name="health")
def health(request: HttpRequest) -> JsonResponse:
    """State of the site and its parts; 503 when the database is gone, else 200."""
    del request
    answer: dict[str, Any] = {"status": UP, "database": UP}
    try:
        _reach_database()
        answer["queue"] = queue_totals()
    except (DatabaseError, InterfaceError):
        answer |= {"status": "degraded", "database": AWAY}
        answer["queue"] = {"pending": None, "failed": None}
    answer["encoder"] = _encoder()
    answer["index"] = _index(engine_answers=answer["encoder"] != AWAY)
    answer["llm"] = _llm()
    if answer["encoder"] != UP or answer["index"] != UP or answer["llm"] == AWAY:
        answer["status"] = "degraded"
    gone = answer["database"] != UP
    return JsonResponse(answer, status=HTTPStatus.SERVICE_UNAVAILABLE if gone else HTTPStatus.OK)


def _reach_database() -> None:
    """Have a connection ready where they come from a pool, which waits long for one.

    Raises DatabaseError.
    """
    pool = getattr(connection, "pool", None)
    if pool is None or connection.connection is not None:
        return
    with connection.wrap_database_errors:
        pool.open()
        with pool.connection(timeout=PATIENCE_SECONDS):
            pass


def _encoder() -> str:
    try:
        state = configured.client().info(timeout=PATIENCE_SECONDS).state
    except EngineError:
        return AWAY
    return UP if state == "ready" else state


def _llm() -> str:
    try:
        return llm.state()
    except (DatabaseError, InterfaceError):
        # Pace and stored key are there; what the environment says is known without.
        return AWAY if settings.GROQ_API_KEY else llm.NOT_CONFIGURED


def _index(*, engine_answers: bool) -> str:
    # The embedded index is the engine's: who does not answer is not asked twice.
    if not (settings.QDRANT_URL or engine_answers):
        return AWAY
    health = vector_index().health()
    if not health.ok:
        return AWAY
    try:
        space = live_space()
    except (DatabaseError, InterfaceError):
        # Said already; what there should be is not known.
        return UP
    whole = {one.name for one in health.collections if not one.needs_rebuild}
    if space is None or (space.collection in whole and is_filled(vector_index(), space)):
        return UP
    return "filling"
