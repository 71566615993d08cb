"""What a price leaves after VAT, fees, shipping and cost, and which price leaves enough.

All amounts are in one currency and exact; `money` rounds them. The margin is profit as a share of
the price without VAT. Percentage fees are taken of what the customer pays, VAT included. Cost, the
fixed fee and shipping are what the shop pays without VAT.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from pydantic import BaseModel, ConfigDict, Field

from tools.money import rounded, rounded_up


class Costs(BaseModel):
    """What comes off a price. `vat_included` says that prices contain VAT already; `cost` is None
    where nobody knows it, and then neither is any margin.
    """

    model_config = ConfigDict(frozen=True)

    currency: str
    cost: Decimal | None = Field(default=None, ge=0)
    vat_percent: Decimal = Field(default=Decimal(0), ge=0, le=100)
    vat_included: bool = True
    fee_percent: Decimal = Field(default=Decimal(0), ge=0, lt=100)
    fee_fixed: Decimal = Field(default=Decimal(0), ge=0)
    shipping: Decimal = Field(default=Decimal(0), ge=0)

    @property
    def _with_vat(self) -> Fraction:
        return 1 + Fraction(self.vat_percent) / 100

    def net(self, price: Decimal) -> Fraction:
        """The price without VAT."""
        return Fraction(price) / self._with_vat if self.vat_included else Fraction(price)

    def fee(self, price: Decimal) -> Fraction:
        """The percentage fee on a price, without the fixed one."""
        return self.net(price) * self._with_vat * Fraction(self.fee_percent) / 100

    def profit(self, price: Decimal) -> Fraction | None:
        """What a sale at a price leaves; below 0 a loss. None without a cost."""
        fixed = self._fixed
        return None if fixed is None else self.net(price) - self.fee(price) - fixed

    def margin(self, price: Decimal) -> Fraction | None:
        """Profit as a share of the price without VAT, below 0 at a loss. None without a cost, and
        at a price of 0.
        """
        profit = self.profit(price)
        return None if profit is None or not price else profit / self.net(price)

    def price_for(self, margin: Fraction) -> Decimal | None:
        """The lowest price, in whole minor units, that leaves so much margin.

        None without a cost, and where fees and margin together take all of any price.
        """
        fixed = self._fixed
        left = 1 - self._with_vat * Fraction(self.fee_percent) / 100 - margin
        if fixed is None or left <= 0:
            return None
        net = fixed / left
        return rounded_up(net * self._with_vat if self.vat_included else net, self.currency)

    @property
    def _fixed(self) -> Fraction | None:
        if self.cost is None:
            return None
        return Fraction(self.cost) + Fraction(self.fee_fixed) + Fraction(self.shipping)


class Step(BaseModel):
    """A step of the way from a price to its profit: `amount` comes off (below 0), `level` is left.

    The first step is the price, the last one the profit, both with their whole amount.
    """

    label: str
    amount: Decimal
    level: Decimal


def waterfall(costs: Costs, price: Decimal) -> list[Step]:
    """The way from a price to its profit, without the steps that take nothing; [] without a cost.

    What is left is rounded, and amounts are the differences: so they add up to the last digit, and
    each is at most one minor unit away from its own exact amount.
    """
    if costs.cost is None:
        return []
    vat = Fraction(price) - costs.net(price)
    parts = [
        (f"VAT {costs.vat_percent.normalize():f} %", vat),
        (f"Fees {costs.fee_percent.normalize():f} %", costs.fee(price)),
        ("Fixed fee", Fraction(costs.fee_fixed)),
        ("Shipping", Fraction(costs.shipping)),
        ("Cost", Fraction(costs.cost)),
    ]
    return _steps(costs.currency, price, parts)


def _steps(currency: str, price: Decimal, parts: Sequence[tuple[str, Fraction]]) -> list[Step]:
    exact, level = Fraction(price), rounded(price, currency)
    steps = [Step(label="Price", amount=level, level=level)]
    for label, amount in parts:
        if amount:
            exact -= amount
            left = rounded(exact, currency)
            steps.append(Step(label=label, amount=left - level, level=left))
            level = left
    return [*steps, Step(label="Profit" if level >= 0 else "Loss", amount=level, level=level)]
