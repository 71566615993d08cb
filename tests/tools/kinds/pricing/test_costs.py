from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.tools.kinds.pricing.cases import PRICES, costs, unhurried
from tools.kinds.pricing.costs import Costs, waterfall
from tools.money import minor_unit, rounded

MARGINS = st.fractions(0, Fraction(9, 10), max_denominator=100)
EXAMPLE = Costs(
    currency="EUR",
    cost=Decimal(10),
    vat_percent=Decimal(19),
    fee_percent=Decimal(2),
    fee_fixed=Decimal("0.35"),
    shipping=Decimal(4),
)


@unhurried
@given(costs(), MARGINS)
def test_the_price_for_a_margin_leaves_it_and_one_minor_unit_less_does_not(terms, margin):
    price = terms.price_for(margin)
    assume(price is not None)
    assert terms.margin(price) >= margin
    lower = price - minor_unit(terms.currency)
    assert lower <= 0 or terms.margin(lower) < margin


@unhurried
@given(costs())
def test_break_even_leaves_nothing_but_what_rounding_up_gives(terms):
    price = terms.price_for(Fraction(0))
    assert 0 <= terms.profit(price) < Fraction(minor_unit(terms.currency))


def test_break_even_leaves_no_margin_at_all_where_it_is_a_whole_amount():
    terms = Costs(currency="EUR", cost=Decimal(20), vat_percent=Decimal(25))
    assert terms.price_for(Fraction(0)) == 25
    assert terms.margin(Decimal(25)) == 0


@unhurried
@given(costs(), MARGINS, MARGINS)
def test_more_margin_needs_no_lower_price(terms, one, other):
    low, high = (terms.price_for(each) for each in sorted((one, other)))
    assert high is None or low <= high


@unhurried
@given(costs(), st.decimals("0.01", "50", places=2), MARGINS)
def test_more_cost_needs_a_price_no_lower(terms, more, margin):
    dearer = terms.model_copy(update={"cost": terms.cost + more})
    low, high = terms.price_for(margin), dearer.price_for(margin)
    assert (low is None) == (high is None)
    assert low is None or low <= high


@unhurried
@given(costs(), PRICES, PRICES)
def test_a_higher_price_leaves_no_less(terms, one, other):
    low, high = sorted((one, other))
    assert terms.profit(low) <= terms.profit(high)


@unhurried
@given(costs(), PRICES)
def test_a_price_with_vat_and_the_same_without_leave_the_same(terms, price):
    included = terms.model_copy(update={"vat_included": True})
    added = terms.model_copy(update={"vat_included": False})
    assert included.net(price) * (1 + Fraction(terms.vat_percent) / 100) == price
    gross = Decimal(price) * (100 + terms.vat_percent) / 100
    assert included.profit(gross) == added.profit(price)


@unhurried
@given(costs(), PRICES)
def test_the_steps_from_price_to_profit_add_up(terms, price):
    first, *steps, last = waterfall(terms, price)
    assert first.amount == rounded(price, terms.currency)
    assert first.amount + sum(step.amount for step in steps) == last.amount
    assert last.amount == rounded(terms.profit(price), terms.currency)


@unhurried
@given(costs(), PRICES)
def test_a_step_is_a_minor_unit_from_its_exact_amount_at_most(terms, price):
    cost = next(step for step in waterfall(terms, price) if step.label == "Cost")
    assert abs(-Fraction(cost.amount) - Fraction(terms.cost)) <= Fraction(
        minor_unit(terms.currency)
    )


def test_fees_are_taken_of_what_the_customer_pays():
    assert EXAMPLE.fee(Decimal(119)) == Fraction(238, 100)
    without = EXAMPLE.model_copy(update={"vat_included": False})
    assert without.fee(Decimal(100)) == Fraction(238, 100)


def test_an_example_worked_out_by_hand():
    steps = [(step.label, str(step.amount)) for step in waterfall(EXAMPLE, Decimal("29.75"))]
    assert steps == [
        ("Price", "29.75"),
        ("VAT 19 %", "-4.75"),
        ("Fees 2 %", "-0.59"),
        ("Fixed fee", "-0.35"),
        ("Shipping", "-4.00"),
        ("Cost", "-10.00"),
        ("Profit", "10.06"),
    ]


def test_without_a_cost_there_is_neither_profit_nor_floor():
    unknown = EXAMPLE.model_copy(update={"cost": None})
    assert unknown.profit(Decimal(30)) is None
    assert unknown.margin(Decimal(30)) is None
    assert unknown.price_for(Fraction(0)) is None
    assert waterfall(unknown, Decimal(30)) == []


def test_no_price_leaves_what_fees_and_margin_take_whole():
    greedy = EXAMPLE.model_copy(update={"fee_percent": Decimal(50)})
    assert greedy.price_for(Fraction(1, 2)) is None


def test_a_price_of_nothing_has_no_margin():
    assert EXAMPLE.margin(Decimal(0)) is None
