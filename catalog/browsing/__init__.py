"""The list of a catalogue's products, filtered by what is in SQL: what pages link to and count."""

from catalog.browsing.filters import (
    NEWEST,
    ORDERS,
    PHOTO_COUNTS,
    SAID_BY,
    Browse,
)

__all__ = ["NEWEST", "ORDERS", "PHOTO_COUNTS", "SAID_BY", "Browse"]
