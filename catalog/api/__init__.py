"""The catalogue's part of the HTTP API."""

from catalog.api.channels import router as channels_router
from catalog.api.describing import router as describing_router
from catalog.api.errors import add_error_handlers
from catalog.api.exports import router as exports_router
from catalog.api.feeds import router as feeds_router
from catalog.api.grid import router as grid_router
from catalog.api.health import router as health_router
from catalog.api.imports import router as imports_router
from catalog.api.insights import router as insights_router
from catalog.api.jobs import router as jobs_router
from catalog.api.ledger import router as ledger_router
from catalog.api.products import router as products_router
from catalog.api.publishing import router as publishing_router
from catalog.api.review import router as review_router
from catalog.api.search import router as search_router
from catalog.api.uploads import router as uploads_router
from catalog.api.versions import router as versions_router
from catalog.api.vocabulary import router as vocabulary_router
from catalog.api.webhooks import router as webhooks_router

ROUTERS = (
    health_router,
    products_router,
    search_router,
    insights_router,
    channels_router,
    versions_router,
    vocabulary_router,
    describing_router,
    jobs_router,
    ledger_router,
    review_router,
    grid_router,
    exports_router,
    uploads_router,
    publishing_router,
    feeds_router,
    webhooks_router,
    imports_router,
)

__all__ = ["ROUTERS", "add_error_handlers"]
