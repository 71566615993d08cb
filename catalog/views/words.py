"""Durations, money and shares as people say them."""

from __future__ import annotations

from decimal import Decimal

MINUTE, HOUR, DAY = 60, 3600, 86400
CENT = Decimal("0.01")


def duration(seconds: float) -> str:
    """About how long: 40 s, 11 min, 2 h 10 min, 3 days."""
    if seconds < MINUTE:
        return f"{max(round(seconds), 1)} s"
    if seconds < HOUR:
        return f"{round(seconds / MINUTE)} min"
    if seconds < DAY:
        hours, minutes = divmod(round(seconds / MINUTE), 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days = -(-seconds // DAY)
    return f"{days:.0f} days"


def percent(share: float) -> str:
    """A share of [0, 1]: 46 %."""
    return f"{share * 100:.0f} %"


def usd(amount: Decimal) -> str:
    """Dollars: $0.42; less than a cent is said to be so."""
    if 0 < amount < CENT:
        return "under $0.01"
    return f"${amount:,.2f}"


def about_usd(amount: Decimal) -> str:
    """Dollars that were estimated: about $0.42, under $0.01."""
    return usd(amount) if 0 < amount < CENT else f"about {usd(amount)}"


def count_of(number: int, one: str = "product", many: str = "") -> str:
    """1 product, 1,200 products."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
