"""The admin of everything. What it saves goes through the services, as from pages and the API."""

from catalog.admin import access, products, vocabulary, work

__all__ = ["access", "products", "vocabulary", "work"]
