"""What every page shows: the catalogues of the person who looks."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from catalog import selectors


def catalogs(request: HttpRequest) -> dict[str, Any]:
    """`my_catalogs`, and `current_catalog` where the address names one of them, with
    `may_edit_current`.

    A page without a catalogue's slug in its address shows one by setting `request.catalog`.
    """
    match = request.resolver_match
    slug = match.kwargs.get("slug") if match else None

    def mine() -> list:
        return list(selectors.catalogs_for(request.user))

    def current() -> object:
        known = getattr(request, "catalog", None)
        if known is not None:
            return known
        return next((catalog for catalog in my_catalogs if catalog.slug == slug), None)

    def editable() -> bool:
        return bool(current_catalog) and selectors.may(request.user, current_catalog)

    my_catalogs: Any = SimpleLazyObject(mine)
    current_catalog: Any = SimpleLazyObject(current)
    return {
        "my_catalogs": my_catalogs,
        "current_catalog": current_catalog,
        "may_edit_current": SimpleLazyObject(editable),
    }
