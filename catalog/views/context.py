"""What every page shows: the catalogues of the person who looks, and what waits for them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from catalog import reviews, selectors


def catalogs(request: HttpRequest) -> dict[str, Any]:
    """`my_catalogs`, and `current_catalog` where the address names one of them, with
    `may_edit_current`, `may_review_current` and how many suggestions are open (`open_reviews`).

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

    def reviewable() -> bool:
        roles = selectors.EDIT | selectors.REVIEW
        return bool(current_catalog) and selectors.may(request.user, current_catalog, roles)

    def waiting() -> str:
        if not current_catalog:
            return ""
        count = reviews.open_count(current_catalog)
        return f"{reviews.COUNTED - 1}+" if count >= reviews.COUNTED else str(count or "")

    my_catalogs: Any = SimpleLazyObject(mine)
    current_catalog: Any = SimpleLazyObject(current)
    return {
        "my_catalogs": my_catalogs,
        "current_catalog": current_catalog,
        "may_edit_current": SimpleLazyObject(editable),
        "may_review_current": SimpleLazyObject(reviewable),
        "open_reviews": SimpleLazyObject(waiting),
    }
