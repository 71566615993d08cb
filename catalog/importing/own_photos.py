"""Photos that a file names by addresses of this site, as its own exports do: they are here already."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve

from catalog import selectors
from catalog.models import ImportPhoto, Photo
from catalog.publishing.addresses import site_address

_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|\[::1\]")


def own_photos(rows: Iterable[ImportPhoto], actor: Any) -> dict[ImportPhoto, Photo | None]:
    """Of the rows whose source is an address of a photo of this site that photo; None for one that is
    not there, or that `actor` may not see.
    """
    hosts = _own_hosts()
    ids = {row: pk for row in rows if (pk := _photo_id(row.source, hosts)) is not None}
    seen = selectors.photos_for(actor, set(ids.values())) if ids else {}
    return {row: seen.get(pk) for row, pk in ids.items()}


def _photo_id(address: str, hosts: set[str]) -> int | None:
    try:
        parts = urlsplit(address)
        if parts.netloc.casefold() not in hosts:
            return None
        match = resolve(parts.path)
    except (ValueError, Resolver404):
        return None
    return match.kwargs["pk"] if match.view_name == "catalog:photo" else None


def _own_hosts() -> set[str]:
    """By what names, with their ports, browsers reach this site."""
    names = {urlsplit(site_address()).netloc.casefold()}
    for host in settings.ALLOWED_HOSTS:
        names.add(f"{host}:{settings.PORT}".casefold())
        # Behind a proxy at the usual port; of this machine something else may answer there.
        if not _LOOPBACK.fullmatch(host):
            names.add(host.casefold())
    return names
