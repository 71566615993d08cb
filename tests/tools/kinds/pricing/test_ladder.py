from __future__ import annotations

import itertools
from decimal import Decimal

from hypothesis import given

from tests.tools.kinds.pricing.cases import PRICES, costs, unhurried
from tools.kinds.pricing.costs import Costs
from tools.kinds.pricing.ladder import DISCOUNTS, ladder

MUG = Costs(currency="EUR", cost=Decimal(10))


def rungs(**limits):
    found = ladder(Decimal(20), MUG, **({"floor": None, "minimum": None} | limits))
    return {rung.discount: rung for rung in found}


@unhurried
@given(costs(), PRICES)
def test_each_rung_is_cheaper_and_leaves_no_more_than_the_one_before(terms, base):
    found = ladder(base, terms, floor=None, minimum=None)
    assert [rung.discount for rung in found] == list(DISCOUNTS)
    for one, other in itertools.pairwise(found):
        assert other.price <= one.price <= base + 1
        assert other.profit <= one.profit


def test_rungs_say_which_fall_below_the_floor():
    assert {n for n, rung in rungs(floor=Decimal(15)).items() if rung.under_target} == {30, 40, 50}


def test_rungs_say_which_may_not_be_advertised():
    assert {n for n, rung in rungs(minimum=Decimal(18)).items() if rung.under_minimum} == {
        15, 20, 25, 30, 40, 50,
    }  # fmt: skip


def test_no_gain_is_not_a_loss():
    half = rungs()[50]
    assert (half.profit, half.loss, half.sales_factor) == (0, False, None)


def test_sales_that_earn_the_same_are_the_relation_of_profits():
    assert rungs()[25].sales_factor == Decimal("2.00")


def test_without_a_cost_only_prices_are_told():
    unknown = ladder(Decimal(20), Costs(currency="EUR"), floor=None, minimum=None)
    assert {(rung.profit, rung.margin, rung.sales_factor) for rung in unknown} == {(None,) * 3}
