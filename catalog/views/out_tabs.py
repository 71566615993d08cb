"""The tabs of all that leaves a catalogue."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from catalog import selectors
from catalog.models import Catalog

_TABS = (
    ("exports", "Export", "download"),
    ("feeds", "Feeds", "refresh"),
    ("published", "Photos", "image"),
    ("webhooks", "Webhooks", "link"),
)


def out_tabs(catalog: Catalog, current: str, user: Any) -> list[dict[str, object]]:
    """For components/tabs.html, those that `user` may open; `current` is the name of the page's
    address.
    """
    manages = selectors.may(user, catalog, selectors.MANAGE)
    return [
        {
            "label": label,
            "icon": icon,
            "url": reverse(f"catalog:{name}", args=[catalog.slug]),
            "current": name == current,
        }
        for name, label, icon in _TABS
        if manages or name != "webhooks"
    ]
