"""The admin of everything. What it saves goes through the services, as from pages and the API."""

from catalog.admin import (
    access,
    channels,
    exports,
    grid,
    ledger,
    products,
    vocabulary,
    vocabulary_files,
    work,
)

__all__ = [
    "access",
    "channels",
    "exports",
    "grid",
    "ledger",
    "products",
    "vocabulary",
    "vocabulary_files",
    "work",
]
