"""Tabs that pages of different rooms share, by the names of their addresses."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from catalog.models import Catalog

BRING = (("Photos", "upload", "image"), ("Files", "imports", "table-import"))


def tabs(
    catalog: Catalog, places: tuple[tuple[str, str, str], ...], here: str
) -> list[dict[str, Any]]:
    """For components/tabs.html."""
    return [
        {
            "label": label,
            "url": reverse(f"catalog:{name}", args=[catalog.slug]),
            "icon": icon,
            "current": name == here,
        }
        for label, name, icon in places
    ]
