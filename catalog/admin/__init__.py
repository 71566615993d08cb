"""The admin of everything. What it saves goes through the services, as from pages and the API."""

from catalog.admin import (
    access,
    channels,
    exports,
    grid,
    imports,
    ledger,
    products,
    publishing,
    vocabulary,
    vocabulary_files,
    webhooks,
    work,
)

__all__ = [
    "access",
    "channels",
    "exports",
    "grid",
    "imports",
    "ledger",
    "products",
    "publishing",
    "vocabulary",
    "vocabulary_files",
    "webhooks",
    "work",
]
