"""Filters of the product list as chips and addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.http import QueryDict

from catalog.browsing import Browse
from catalog.browsing.filters import PRICE
from catalog.browsing.readiness import READY
from catalog.channels.targets import channel_label, requirement_title
from catalog.services.attribute_values import CATEGORY
from catalog.views.present import Labels

SAID_BY_LABELS = {
    "person": "Written by a person",
    "import": "Imported",
    "confirmed": "Machine, confirmed",
    "unconfirmed": "Machine, not confirmed",
}
PHOTO_LABELS = {"0": "No photo", "1": "One photo", "many": "Several photos"}
COLUMN_LABELS = {
    "title": "Title",
    "description": "Description",
    "brand": "Brand",
    CATEGORY: "Category",
    PRICE: "Price",
}


def query(browse: Browse, page: int = 1) -> str:
    """The end of an address that shows a page of this list."""
    address = QueryDict(mutable=True)
    for name, value in browse.parameters():
        address.appendlist(name, value)
    if page > 1:
        address["page"] = str(page)
    return f"?{address.urlencode()}"


def chips(browse: Browse, labels: Labels) -> list[dict[str, str]]:
    """The filters that are on, each with the address of the list without it."""
    return [
        {"label": label, "remove_url": query(without)} for label, without in _chips(browse, labels)
    ]


def field_label(name: str, labels: Labels) -> str:
    return COLUMN_LABELS.get(name) or labels.field(name)


def _chips(browse: Browse, labels: Labels) -> Iterator[tuple[str, Browse]]:
    if browse.category:
        label = f"Category: {labels.value(CATEGORY, browse.category)}"
        if browse.exact:
            label += ", nothing below it"
        yield label, replace(browse, category="", exact=False)
    for name in browse.missing:
        without = tuple(each for each in browse.missing if each != name)
        yield f"No {field_label(name, labels).lower()}", replace(browse, missing=without)
    for pair in browse.values:
        left = tuple(each for each in browse.values if each != pair)
        name, value = pair
        label = f"{labels.field(name)}: {labels.value(name, value)}"
        yield label, replace(browse, values=left)
    yield from _single_chips(browse)


def _single_chips(browse: Browse) -> Iterator[tuple[str, Browse]]:
    """Those of filters that are on once at most."""
    if browse.source:
        yield SAID_BY_LABELS[browse.source], replace(browse, source="")
    if browse.confidence:
        yield confidence_label(browse.confidence), replace(browse, confidence=None)
    if browse.photos:
        yield PHOTO_LABELS[browse.photos], replace(browse, photos="")
    if browse.price is not None:
        yield price_label(*browse.price), replace(browse, price=None)
    if browse.channel:
        yield readiness_label(browse), replace(browse, channel=None, lacks="", ready="")
    if browse.brought:
        yield f"Written by import {browse.brought}", replace(browse, brought=0)


def readiness_label(browse: Browse) -> str:
    """Such as "Google Germany: GTIN" for what lacks a GTIN there."""
    assert browse.channel is not None
    where = channel_label(*browse.channel)
    if browse.ready:
        return f"{'Ready' if browse.ready == READY else 'Not ready'} for {where}"
    return f"{where}, to mend: {requirement_title(browse.channel[0], browse.lacks)}"


def confidence_label(band: tuple[int, int]) -> str:
    return f"{band[0]}–{band[1]} % sure"


def price_label(currency: str, low: Any, high: Any) -> str:
    if low is None and high is None:
        return f"Priced in {currency}"
    if low is None:
        return f"Under {high:,f} {currency}"
    if high is None:
        return f"{low:,f} {currency} and more"
    return f"{low:,f} to under {high:,f} {currency}"
