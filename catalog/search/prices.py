"""Bands of prices with round bounds, cut so that an answer's products spread over them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import accumulate, pairwise

from django.db.models import Count, Q, QuerySet

from catalog.models import Product, Variant

QUARTERS = 4
CENT = Decimal("0.01")


def price_bands(products: QuerySet[Product], currency: str) -> dict[str, int]:
    """How many products are sold at a price within each band, as {"10-25": 7}, the cheapest first.

    Both bounds belong to a band, as to the filter that it stands for; so what costs exactly 25 is
    in two. Empty where all prices are the same.
    """
    sold = Variant.objects.filter(
        product__in=products.values("pk"), currency=currency, price__isnull=False, deleted_at=None
    ).order_by()
    prices = list(sold.values_list("price").annotate(n=Count("pk")).order_by("price"))
    bands = list(pairwise(_bounds(prices)))
    counts = sold.aggregate(
        **{
            _name(low, high): Count(
                "product", distinct=True, filter=Q(price__gte=low, price__lte=high)
            )
            for low, high in bands
        }
    )
    return {name: n for name, n in counts.items() if n}


def _name(low: Decimal, high: Decimal) -> str:
    return f"{low.normalize():f}-{high.normalize():f}"


def _quarters(rows: Sequence[tuple[Decimal, int]]) -> list[Decimal]:
    """The lowest price, those up to which a quarter, half and three quarters lie, the highest."""
    reached = list(accumulate(n for _, n in rows))
    marks = [reached[-1] * quarter / QUARTERS for quarter in range(QUARTERS + 1)]
    return [next(row[0] for row, n in zip(rows, reached, strict=True) if n >= m) for m in marks]


def _bounds(rows: Sequence[tuple[Decimal, int]]) -> list[Decimal]:
    """A round price after every quarter, one below and one above them all; none for one price."""
    if len(rows) < 2:  # noqa: PLR2004 -- nothing to tell apart
        return []
    lowest, *quarters, highest = _quarters(rows)
    points = sorted({lowest, *quarters, highest})
    least = max(lowest / 2, lowest - (points[1] - lowest) / 2)
    most = highest + (highest - points[-2]) / 2
    # Soon after the quarter: a few that cost far more than the others would pull the bound away.
    inner = [
        _round_between(low + CENT, min((low + high) / 2, 2 * low or high))
        for low, high in pairwise(sorted({*quarters, highest}))
    ]
    below, above = _round_between(least, lowest), _round_between(highest, most)
    return sorted({below or lowest, *filter(None, inner), above or highest})


def _round_between(low: Decimal, high: Decimal) -> Decimal | None:
    """The roundest number from `low` to `high`, the most central of several; None without one.

    Round are multiples of 1, 2 and 5 times a power of ten, the more the larger that is.
    """
    middle = (low + high) / 2
    for exponent in range(high.adjusted() + 1, CENT.adjusted() - 1, -1):
        for digit in (5, 2, 1):
            step = Decimal(digit).scaleb(exponent)
            first = (low / step).to_integral_value(ROUND_CEILING)
            last = (high / step).to_integral_value(ROUND_FLOOR)
            if first <= last:
                return min(max(Decimal(round(middle / step)), first), last) * step
    return None
