"""What webhooks tell of, and how a message says it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone

from catalog.models import Catalog, Product
from catalog.publishing.addresses import absolute

VERSION = 1
DESCRIBED = "product.described"
APPROVED = "product.approved"
IMPORT_DONE = "import.done"
RUN_DONE = "run.done"
PING = "test.ping"
EVENTS: dict[str, str] = {
    DESCRIBED: "Products were described from their photos",
    APPROVED: "Products were approved, or approved anew",
    IMPORT_DONE: "An import has ended",
    RUN_DONE: "A run of a tool has ended",
}
# One message names so many products at most; an act on more makes several.
PRODUCTS_A_MESSAGE = 100


def message(catalog: Catalog, event: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a message. What it says of `data` may grow by names, never change."""
    return {
        "type": event,
        "version": VERSION,
        "timestamp": timezone.now().isoformat(timespec="milliseconds"),
        "data": {"catalog": catalog.slug, **payload},
    }


def products_payload(
    catalog: Catalog, products: Iterable[Product], **more: Mapping[int, Any]
) -> dict[str, Any]:
    """Products as a message names them; `more` are facts of some of them, by their ids."""
    return {
        "products": [
            {
                "id": product.pk,
                "handle": product.handle,
                "url": absolute(reverse("catalog:product", args=[catalog.slug, product.pk])),
                **{name: facts[product.pk] for name, facts in more.items() if product.pk in facts},
            }
            for product in products
        ]
    }


def known(events: Collection[str]) -> list[str]:
    """Those of the events that there are, each once, in their usual order."""
    return [event for event in EVENTS if event in events]
