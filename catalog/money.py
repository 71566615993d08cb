from __future__ import annotations

from collections.abc import MutableMapping
from decimal import Decimal
from typing import Any


def money_text(value: Decimal | None) -> str | None:
    """A decimal string with at least two places, without an exponent."""
    if value is None:
        return None
    places = max(2, -int(value.normalize().as_tuple().exponent))
    return f"{value:.{places}f}"


def short_money(amounts: MutableMapping[str, Any]) -> None:
    """Leave out the places of its amounts that the database alone has: 5.0000 becomes 5.00."""
    for name, amount in amounts.items():
        if isinstance(amount, Decimal):
            amounts[name] = Decimal(money_text(amount) or 0)
