"""Competitors' offers as comparables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from catalog.models import Product
from tools.kinds.pricing.comparables import COMPETITOR, Comparable, weight_of
from tools.models.competitors import CompetitorMatch, MatchDecision

MOST_COMPETITORS = 100


def competitors_of(product: Product) -> list[Comparable]:
    """Rows of competitor lists that are this product, or look like it and nobody said they are not.

    Of the same offer in several lists the one that was seen last counts.
    """
    matches = (
        CompetitorMatch.objects.filter(product=product, row__list__deleted_at=None)
        .exclude(decision=MatchDecision.REJECTED)
        .select_related("row__list")
        .order_by("-row__list__as_of", "-row__list_id", "row__number")
    )
    newest: dict[tuple[str, str, str], Comparable] = {}
    for comparable, offer in _offers(matches[: 2 * MOST_COMPETITORS]):
        known = newest.get(offer)
        if known is None or comparable.seen > known.seen:
            newest[offer] = comparable
    return list(newest.values())[:MOST_COMPETITORS]


def _offers(
    matches: Iterable[CompetitorMatch],
) -> Iterator[tuple[Comparable, tuple[str, str, str]]]:
    for match in matches:
        row = match.row
        seller = row.seller or row.list.name
        seen = (row.seen_on or row.list.as_of).isoformat()
        sure = match.standing == MatchDecision.CONFIRMED
        comparable = Comparable(
            key=f"row-{row.pk}",
            title=row.title or row.gtin or "Untitled offer",
            price=row.price,
            currency=row.currency,
            weight=Decimal(1) if sure else weight_of(match.score or 0),
            source=COMPETITOR,
            url=row.list.get_absolute_url(),
            seller=seller,
            seen=seen,
            price_note="" if sure else "alike, not confirmed to be the same",
        )
        yield comparable, (seller, row.gtin or row.title, row.currency)
