"""The tools' part of the HTTP API."""

from tools.api.runs import router as runs_router

ROUTERS = (runs_router,)
