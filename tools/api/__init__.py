"""The tools' part of the HTTP API."""

from tools.api.panels import router as panels_router
from tools.api.runs import router as runs_router

ROUTERS = (runs_router, panels_router)
