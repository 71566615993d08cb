"""The tabs of all that leaves a catalogue."""

from __future__ import annotations

from django.urls import reverse

from catalog.models import Catalog

_TABS = (
    ("exports", "Export", "download"),
    ("feeds", "Feeds", "refresh"),
    ("published", "Photos", "image"),
    ("webhooks", "Webhooks", "link"),
)


def out_tabs(catalog: Catalog, current: str) -> list[dict[str, object]]:
    """For components/tabs.html; `current` is the name of the page's address."""
    return [
        {
            "label": label,
            "icon": icon,
            "url": reverse(f"catalog:{name}", args=[catalog.slug]),
            "current": name == current,
        }
        for name, label, icon in _TABS
    ]
