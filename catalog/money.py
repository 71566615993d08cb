from __future__ import annotations

from decimal import Decimal


def money_text(value: Decimal | None) -> str | None:
    """A decimal string with at least two places, without an exponent."""
    if value is None:
        return None
    places = max(2, -int(value.normalize().as_tuple().exponent))
    return f"{value:.{places}f}"
