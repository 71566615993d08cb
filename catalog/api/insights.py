"""What a catalogue's products say as a whole."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from catalog import selectors
from catalog.browsing.filters import clean_category
from catalog.insights import Insights, insights_of
from catalog.insights.counting import Prices, Share
from catalog.money import money_text

router = Router(tags=["insights"])


class ShareOut(Schema):
    known: int = Field(description="Products of which something is said; left empty on purpose too")
    of: int = Field(description="Products to which it applies")

    @classmethod
    def of_share(cls, share: Share) -> ShareOut:
        return cls(known=share.known, of=share.of)


class CategoryShares(Schema):
    path: str | None = Field(description="None for products without a category")
    products: int
    fields: dict[str, ShareOut]


class BandOut(Schema):
    low: str
    below: str
    products: int


class PricesOut(Schema):
    currency: str
    products: int
    low: str
    high: str
    bands: list[BandOut]

    @classmethod
    def of(cls, prices: Prices) -> PricesOut:
        return cls(
            currency=prices.currency,
            products=prices.products,
            low=_money(prices.low),
            high=_money(prices.high),
            bands=[
                BandOut(low=_money(low), below=_money(high), products=number)
                for low, high, number in prices.bands
            ],
        )


class SaidOut(Schema):
    values: int
    products: int


class InsightsOut(Schema):
    """Counts of products that are not deleted, some seconds old."""

    category: str | None
    products: int
    statuses: dict[str, int]
    changed_since_approval: int
    fields: dict[str, ShareOut]
    categories: list[CategoryShares] = Field(description="Those right below, with all below them")
    colors: dict[str, int]
    prices: list[PricesOut] = Field(description="Each currency by itself")
    said_by: dict[str, SaidOut]
    unconfirmed_confidence: dict[str, SaidOut] = Field(description='By per cent, such as "50-70"')
    photos: dict[str, int] = Field(description='Products with "0", "1" or "many" photos')

    @classmethod
    def of(cls, found: Insights) -> InsightsOut:
        return cls(
            category=found.category or None,
            products=found.products,
            statuses=dict(found.statuses),
            changed_since_approval=found.changed,
            fields={name: ShareOut.of_share(share) for name, share in found.fields.items()},
            categories=[
                CategoryShares(
                    path=row.path or None,
                    products=row.products,
                    fields={name: ShareOut.of_share(share) for name, share in row.shares.items()},
                )
                for row in found.rows
            ],
            colors=dict(found.colors),
            prices=[PricesOut.of(prices) for prices in found.prices],
            said_by={name: _said(*counts) for name, counts in found.said.items()},
            unconfirmed_confidence={
                f"{low}-{high}": _said(*counts) for (low, high), counts in found.sure.items()
            },
            photos=dict(found.photos),
        )


def _said(values: int, products: int) -> SaidOut:
    return SaidOut(values=values, products=products)


def _money(value: Decimal) -> str:
    return money_text(value) or ""


@router.get("/catalogs/{slug:slug}/insights", response=InsightsOut)
def insights(request: HttpRequest, slug: str, category: str = "") -> Any:
    """Completeness, colours, prices, statuses and sources of a catalogue, or of one category."""
    catalog = selectors.catalog_for(request.user, slug)
    return InsightsOut.of(insights_of(catalog, clean_category(category)))
