"""What a catalogue's products say as a whole, in pictures; each bar leads to the products behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog import selectors
from catalog.browsing import Browse
from catalog.browsing.filters import UNCONFIRMED, clean_category
from catalog.describe.fields import choosable
from catalog.insights import Insights, insights_of
from catalog.insights.counting import COLOR, CategoryRow, Prices, Share
from catalog.models import Catalog, ProductStatus
from catalog.services.attribute_values import CATEGORY
from catalog.views.browse import (
    PHOTO_LABELS,
    SAID_BY_LABELS,
    confidence_label,
    field_label,
    price_label,
    query,
)
from catalog.views.channels import insights_tabs
from catalog.views.present import Labels, amount, color_hex
from catalog.views.words import count_of

MOST_MISSING = 12
MANY_COLORS = "multicolour"
HEAT_STEPS = 5
# A bar that stands for something is never so thin that it cannot be seen, in per cent.
LEAST_WIDTH = 1
WHOLE = 100


@require_safe
@login_required
def insights(request: HttpRequest, slug: str) -> HttpResponseBase:
    catalog = selectors.catalog_for(request.user, slug)
    category = clean_category(request.GET.get("category", ""))
    found = insights_of(catalog, category)
    labels = Labels(catalog.language)
    may_edit = selectors.may(request.user, catalog)
    values = {
        "catalog": catalog,
        "category": category,
        "trail": _trail(category, labels),
        "insights": found,
        "figures": _figures(found),
        "may_edit": may_edit,
        "tabs": insights_tabs(catalog, "insights"),
    }
    if found.products:
        values |= _Pictures(catalog, found, labels, may_edit=may_edit).all()
    return render(request, "catalog/insights.html", values)


def _trail(category: str, labels: Labels) -> list[dict[str, str]]:
    """The category with what it lies in, as links to their insights."""
    steps = category.split("/") if category else []
    paths = ["/".join(steps[: number + 1]) for number in range(len(steps))]
    labels.read((), paths)
    return [
        {"label": labels.value(CATEGORY, path), "url": query(Browse(category=path))}
        for path in paths
    ]


def _figures(found: Insights) -> list[dict[str, str]]:
    shares = list(found.fields.values())
    known = Share(sum(share.known for share in shares), sum(share.of for share in shares))
    approved = found.statuses[ProductStatus.APPROVED]
    changed = f"{count_of(found.changed)} changed since" if found.changed else ""
    return [
        {"label": "Products", "value": f"{found.products:,}"},
        {"label": "Fields filled", "value": percent(known), "note": f"{known.missing:,} to go"},
        {
            "label": "Approved",
            "value": percent(Share(approved, found.products)),
            "note": changed or count_of(approved),
        },
        {"label": "Without a photo", "value": f"{found.photos['0']:,}"},
    ]


def percent(share: Share) -> str:
    """A share in whole per cent; 100 % and 0 % are said only where they are true."""
    if not share.of:
        return "–"
    exact = share.known * WHOLE / share.of
    whole = round(exact)
    if whole == WHOLE and share.known < share.of:
        whole = WHOLE - 1
    if whole == 0 and share.known:
        whole = 1
    return f"{whole} %"


class _Pictures:
    """The parts of the page, each with the products behind it."""

    def __init__(
        self, catalog: Catalog, found: Insights, labels: Labels, *, may_edit: bool
    ) -> None:
        self._found = found
        self._labels = labels
        self._describe = reverse("catalog:describe", args=[catalog.slug])
        self._describable = frozenset(choosable()) if may_edit else frozenset[str]()
        self._products = reverse("catalog:products", args=[catalog.slug])
        self._here = Browse(category=found.category)
        labels.read([COLOR], [row.path for row in found.rows if row.path])

    def all(self) -> dict[str, Any]:
        return {
            "heat": self._heat(),
            "missing": self._missing(),
            "colors": self._colors(),
            "prices": [self._price(prices) for prices in self._found.prices],
            "statuses": self._statuses(),
            "said": self._said(),
            "sure": self._sure(),
            "photo_counts": self._photo_counts(),
        }

    def _url(self, browse: Browse) -> str:
        return self._products + query(browse)

    def _heat(self) -> dict[str, Any]:
        """The table of categories and attributes."""
        keys = [
            key for key in self._found.fields if any(key in row.shares for row in self._found.rows)
        ]
        return {
            "columns": [self._labels.field(key) for key in keys],
            "rows": [self._heat_row(row, keys) for row in self._found.rows],
        }

    def _heat_row(self, row: CategoryRow, keys: Iterable[str]) -> dict[str, Any]:
        where, url = self._place(row)
        return {
            "label": self._labels.value(CATEGORY, row.path) if row.path else "No category",
            "url": url,
            "products": row.products,
            "cells": [self._cell(key, row.shares.get(key), where) for key in keys],
        }

    def _place(self, row: CategoryRow) -> tuple[Browse, str]:
        """The products of a row, and where its name leads: deeper, or to these products."""
        if not row.path:
            where = replace(self._here, missing=(CATEGORY,))
        elif row.path == self._found.category:
            where = Browse(category=row.path, exact=True)
        else:
            return Browse(category=row.path), query(Browse(category=row.path))
        return where, self._url(where)

    def _cell(self, key: str, share: Share | None, where: Browse) -> dict[str, Any] | None:
        if share is None:
            return None
        lacking = replace(where, missing=(*where.missing, key))
        return {
            "text": percent(share),
            "heat": share.known * (HEAT_STEPS - 1) // share.of,
            "title": f"{self._labels.field(key)}: {share.known:,} of {share.of:,}",
            "url": self._url(lacking) if share.missing else "",
        }

    def _bars(self, rows: Iterable[tuple[str, int, str, Browse]]) -> list[dict[str, Any]]:
        """Bars of (label, value, text, products)."""
        known = list(rows)
        most = max((value for _, value, _, _ in known), default=0)
        return [
            {
                "label": label,
                "value": value,
                "text": text,
                "width": _width(value, most),
                "url": self._url(browse) if value else "",
            }
            for label, value, text, browse in known
        ]

    def _missing(self) -> list[dict[str, Any]]:
        missing = self._found.missing[:MOST_MISSING]
        bars = self._bars(
            (
                field_label(name, self._labels),
                share.missing,
                f"{share.missing:,} of {share.of:,}",
                replace(self._here, missing=(name,)),
            )
            for name, share in missing
        )
        pairs = zip(bars, missing, strict=True)
        return [{**bar, **self._describing(name)} for bar, (name, _) in pairs]

    def _describing(self, name: str) -> dict[str, str]:
        """To where these products have this field described, where that can be done."""
        if name not in self._describable:
            return {}
        lacking = query(replace(self._here, missing=(name,)))
        url = f"{self._describe}{lacking}&{urlencode({'field': name})}"
        return {"act_url": url, "act_label": "Describe"}

    def _colors(self) -> list[dict[str, Any]]:
        bars = self._bars(
            (
                self._labels.value(COLOR, color),
                number,
                f"{number:,}",
                replace(self._here, values=((COLOR, color),)),
            )
            for color, number in self._found.colors
        )
        pairs = zip(bars, self._found.colors, strict=True)
        return [
            {**bar, "hex": color_hex(COLOR, color), "many": color == MANY_COLORS}
            for bar, (color, _) in pairs
        ]

    def _price(self, prices: Prices) -> dict[str, Any]:
        bars = self._bars(
            (
                price_label(prices.currency, low, high),
                number,
                f"{number:,}",
                replace(self._here, price=(prices.currency, low, high)),
            )
            for low, high, number in prices.bands
        )
        pairs = zip(bars, prices.bands, strict=True)
        return {
            "currency": prices.currency,
            "low": amount(prices.low, prices.currency),
            "high": amount(prices.high, prices.currency),
            "products": prices.products,
            "end": _short(prices.bands[-1][1]),
            "bars": [
                {**bar, "from": _short(low), "top": WHOLE - bar["width"]}
                for bar, (low, _, _) in pairs
            ],
        }

    def _statuses(self) -> list[dict[str, Any]]:
        rows = [
            (str(label), self._found.statuses[status], replace(self._here, status=status))
            for status, label in ProductStatus.choices
        ]
        if self._found.changed:
            changed = replace(self._here, changed=True)
            rows.append(("Changed since approval", self._found.changed, changed))
        return self._bars((label, number, f"{number:,}", browse) for label, number, browse in rows)

    def _said(self) -> list[dict[str, Any]]:
        return self._bars(
            (
                SAID_BY_LABELS[source],
                values,
                _values(values, products),
                replace(self._here, source=source),
            )
            for source, (values, products) in self._found.said.items()
        )

    def _sure(self) -> list[dict[str, Any]]:
        return self._bars(
            (
                confidence_label(band),
                values,
                _values(values, products),
                replace(self._here, source=UNCONFIRMED, confidence=band),
            )
            for band, (values, products) in self._found.sure.items()
        )

    def _photo_counts(self) -> list[dict[str, Any]]:
        photos: Mapping[str, int] = self._found.photos
        return self._bars(
            (PHOTO_LABELS[count], number, f"{number:,}", replace(self._here, photos=count))
            for count, number in photos.items()
        )


def _width(value: int, most: int) -> int:
    """A bar's length in per cent of the longest."""
    return max(round(value * WHOLE / most), LEAST_WIDTH) if value else 0


def _values(values: int, products: int) -> str:
    if not values:
        return "0"
    said = "1 value" if values == 1 else f"{values:,} values"
    return f"{said}, {count_of(products)}"


def _short(bound: Decimal) -> str:
    """A bound below a narrow bar: 2500 as 2.5k."""
    for size, unit in ((10**6, "m"), (10**3, "k")):
        if bound >= size:
            return f"{(bound / size).normalize():f}{unit}"
    return f"{bound.normalize():f}"
