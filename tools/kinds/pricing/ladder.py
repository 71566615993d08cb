"""What is left of a price at each discount."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from pydantic import BaseModel

from tools.kinds.pricing.costs import Costs
from tools.money import half_up, percent, rounded

DISCOUNTS = (5, 10, 15, 20, 25, 30, 40, 50)


class Rung(BaseModel):
    """A discount and what it leaves. Money and margins are None where the cost is missing.

    `sales_factor` is how many times as many sales would earn the same profit: arithmetic, and no
    forecast that they come. None where there is a loss before or after.
    """

    discount: int
    price: Decimal
    profit: Decimal | None
    margin: Decimal | None
    sales_factor: Decimal | None
    under_target: bool = False
    under_minimum: bool = False
    loss: bool = False


def ladder(
    base: Decimal, costs: Costs, *, floor: Decimal | None, minimum: Decimal | None
) -> list[Rung]:
    """Rungs below `base`. `floor` is the lowest price with the target margin, `minimum` the lowest
    that may be advertised; None for either says that there is none to fall under.
    """
    return [_rung(base, discount, costs, floor, minimum) for discount in DISCOUNTS]


def _rung(
    base: Decimal, discount: int, costs: Costs, floor: Decimal | None, minimum: Decimal | None
) -> Rung:
    price = rounded(Fraction(base) * (100 - discount) / 100, costs.currency)
    profit, margin = costs.profit(price), costs.margin(price)
    return Rung(
        discount=discount,
        price=price,
        profit=None if profit is None else rounded(profit, costs.currency),
        margin=None if margin is None else percent(margin),
        sales_factor=_factor(costs.profit(base), profit),
        under_target=floor is not None and price < floor,
        under_minimum=minimum is not None and price < minimum,
        loss=profit is not None and profit < 0,
    )


def _factor(before: Fraction | None, after: Fraction | None) -> Decimal | None:
    if before is None or after is None or before <= 0 or after <= 0:
        return None
    return half_up(before / after, 2)
