"""The tools' part of the HTTP API."""

from tools.api.bulk import router as bulk_router
from tools.api.competitors import router as competitors_router
from tools.api.panels import router as panels_router
from tools.api.questions import router as questions_router
from tools.api.runs import router as runs_router
from tools.api.using import router as using_router

ROUTERS = (
    runs_router,
    using_router,
    bulk_router,
    panels_router,
    competitors_router,
    questions_router,
)
