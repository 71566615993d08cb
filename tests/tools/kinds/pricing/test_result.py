from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.tools.kinds.pricing.cases import (
    FIVE,
    PRICES,
    case,
    comparable,
    comparables,
    costs,
    unhurried,
)
from tools.comparables import CONFIRMED
from tools.kinds.pricing import notices
from tools.kinds.pricing.costs import Costs
from tools.kinds.pricing.result import Result, VariantPrice, compute

COMPETITORS = {"standing": CONFIRMED, "seller": "Rival"}


def amounts(result: Result) -> tuple:
    spread = result.spread
    return spread and (spread.low, spread.middle, spread.high)


def said(result: Result) -> str:
    return " ".join(result.notices)


# --- The range ------------------------------------------------------------------------------------


def test_five_comparables_make_a_range():
    result = compute(case(*FIVE))
    assert amounts(result) == (24, 28, 32)
    assert (result.spread.basis, result.spread.count) == ("own", 5)


def test_four_comparables_make_none_and_the_result_says_why():
    result = compute(case(*FIVE[:4]))
    assert result.spread is None
    assert "4 comparables count. A range needs 5" in said(result)


def test_one_comparable_gives_a_position_and_no_range():
    result = compute(case("24"))
    assert result.spread is None
    assert (result.position.cheaper, result.position.dearer) == (1, 0)
    assert "1 comparable counts" in said(result)


def test_nothing_to_compare_leaves_what_costs_say():
    result = compute(case())
    assert (result.spread, result.position) == (None, None)
    assert result.floor == Decimal("17.00")
    assert result.suggestion.price == Decimal("17.90")
    assert "Nothing can be compared" in said(result)


def test_identical_prices_make_a_range_of_one_price():
    result = compute(case(*["25"] * 6))
    assert amounts(result) == (25, 25, 25)
    assert "The range is one price, EUR 25.00" in said(result)


def test_prices_in_other_currencies_are_left_out_and_named():
    dollars = comparables(*["1"] * 9, currency="USD")
    result = compute(case(comparables=[*comparables(*FIVE), *dollars]))
    assert amounts(result) == (24, 28, 32)
    assert {each.reason for each in result.sifted.left_out} == {
        "its price is in USD, and currencies are not compared"
    }


def test_what_has_no_price_is_left_out():
    result = compute(case(comparables=[comparable(None, "own-1"), comparable("0", "own-2")]))
    assert [each.reason for each in result.sifted.left_out] == ["has no price", "its price is 0"]


def test_enough_competitors_are_the_market_and_own_neighbours_do_not_count_with_them():
    market = comparables("50", "51", "52", "53", "54", **COMPETITORS)
    result = compute(case(comparables=[*comparables(*FIVE), *market]))
    assert result.spread.basis == "market"
    assert result.spread.middle == 52
    assert notices.OWN_ONLY not in result.notices


def test_own_neighbours_are_never_called_the_market():
    assert notices.OWN_ONLY in compute(case(*FIVE)).notices


def test_too_few_of_either_kind_are_a_range_together_that_says_so():
    market = comparables("50", "51", **COMPETITORS)
    result = compute(case(comparables=[*comparables("20", "24", "28"), *market]))
    assert result.spread.basis == "mixed"
    assert notices.MIXED in result.notices


def test_one_that_outweighs_all_others_is_told_of():
    light = comparables("20", "24", "28", "32", similarity=0.01)
    result = compute(case(comparables=[*light, comparable("90", "own-9", similarity=1)]))
    assert result.spread.middle == 90
    assert "One or two comparables weigh more than all others" in said(result)


def test_nothing_is_said_of_demand():
    assert notices.NO_ELASTICITY in compute(case(*FIVE)).notices


# --- What is taken out ----------------------------------------------------------------------------


def test_a_comparable_taken_out_counts_nowhere():
    result = compute(case(*FIVE, "90"), excluded=["own-6"])
    assert amounts(result) == (24, 28, 32)
    assert [each.key for each in result.sifted.excluded] == ["own-6"]
    assert result.position.dearer == 2


@unhurried
@given(st.lists(PRICES, max_size=9).map(lambda prices: [str(price) for price in prices]), st.data())
def test_taking_out_is_the_same_as_never_having_had(prices, data):
    whole = case(*prices)
    keys = [each.key for each in whole.comparables]
    excluded = data.draw(st.sets(st.sampled_from(keys))) if keys else set()
    kept = [each for each in whole.comparables if each.key not in excluded]
    one, other = compute(whole, excluded), compute(case(comparables=kept))
    assert one.model_copy(update={"sifted": other.sifted}) == other


def test_keys_that_name_nothing_take_nothing_out():
    assert compute(case(*FIVE), excluded=["own-99", "nonsense"]) == compute(case(*FIVE))


# --- Suggestions ----------------------------------------------------------------------------------


def test_the_goal_chooses_the_place_in_the_range():
    wanted = {
        goal: compute(case(*FIVE, goal=goal)).suggestion.price for goal in ("match", "premium")
    }
    assert wanted == {"match": Decimal("28.00") - Decimal("0.01"), "premium": Decimal("31.99")}


def test_for_margin_nothing_is_given_away_below_the_range():
    result = compute(case(*FIVE, goal="margin"))
    assert result.floor < result.spread.low
    assert result.suggestion.price == Decimal("23.99")


def test_a_floor_above_the_range_is_kept():
    result = compute(case(*FIVE, cost="40"))
    assert result.suggestion.price >= result.floor > result.spread.high
    assert "Raised to the lowest price with the target margin" in " ".join(
        result.suggestion.reasons
    )


def test_nothing_below_the_minimum_advertised_price_is_suggested():
    result = compute(case(*FIVE, minimum=Decimal("36.50")))
    assert result.suggestion.price == Decimal("36.90")
    assert "minimum advertised price, EUR 36.50" in " ".join(result.suggestion.reasons)
    assert all(point.price >= Decimal("36.50") for point in result.points)


@unhurried
@given(
    costs(),
    st.lists(PRICES, min_size=5, max_size=8),
    PRICES,
    st.sampled_from(["match", "premium", "margin"]),
)
def test_a_suggestion_never_falls_below_a_limit(terms, prices, minimum, goal):
    rows = [comparable(str(p), f"own-{n}", currency=terms.currency) for n, p in enumerate(prices)]
    variant = VariantPrice(id=1, label="One", currency=terms.currency)
    result = compute(
        case(variant=variant, costs=terms, comparables=rows, minimum=minimum, goal=goal)
    )
    if result.suggestion is not None:
        assert result.suggestion.price >= minimum
        assert result.floor is None or result.suggestion.price >= result.floor


def test_without_a_cost_a_margin_cannot_be_aimed_at():
    result = compute(case(*FIVE, cost=None, goal="margin"))
    assert result.suggestion is None
    assert "no lowest price with the target margin" in result.no_suggestion


def test_without_a_cost_the_range_still_suggests():
    result = compute(case(*FIVE, cost=None))
    assert (result.floor, result.break_even, result.steps) == (None, None, [])
    assert result.suggestion.price == Decimal("27.99")
    assert "The cost is not known" in said(result)


def test_with_neither_range_nor_cost_nothing_is_suggested():
    result = compute(case("24", cost=None))
    assert result.suggestion is None
    assert result.base == 30


def test_fees_that_take_everything_are_told_of():
    greedy = Costs(currency="EUR", cost=Decimal(10), fee_percent=Decimal(80))
    result = compute(case(*FIVE, costs=greedy))
    assert result.floor is None
    assert "no price leaves the margin" in said(result)


# --- The product's own price ----------------------------------------------------------------------


def test_a_product_without_a_price_stands_nowhere_and_gets_a_suggestion():
    result = compute(case(*FIVE, price=None))
    assert result.position is None
    assert result.suggestion.price == Decimal("27.99")
    assert "has no price yet" in said(result)


def test_a_price_below_break_even_is_a_loss():
    result = compute(case(*FIVE, price="9"))
    present = next(row for row in result.at_prices if row.label == "Present price")
    assert present.loss
    assert "each sale is a loss" in said(result)


def test_a_price_below_the_minimum_advertised_one_is_told_of():
    assert "below the minimum advertised price" in said(compute(case(minimum=Decimal(31))))


def test_any_price_can_be_tried():
    tried = compute(case(*FIVE), try_price=Decimal("21.50")).at_prices
    assert [row.margin for row in tried if row.label == "Price to try"] == [Decimal("44.7")]


def test_prices_of_the_same_amount_share_a_row():
    rows = compute(case(*FIVE, price="28")).at_prices
    assert [row.label for row in rows if row.price == 28] == ["Present price, Middle of the range"]


def test_differences_are_reckoned_by_code():
    gaps = {gap.label: (gap.amount, gap.percent) for gap in compute(case(*FIVE)).gaps}
    assert gaps["Present price against the middle of the range"] == (Decimal(2), Decimal("7.1"))


def test_a_result_survives_being_kept():
    result = compute(case(*FIVE, minimum=Decimal("36.50")))
    assert Result.model_validate(result.model_dump(mode="json")) == result


# --- Struck-through prices ------------------------------------------------------------------------


def reductions(former: str | None) -> list[str]:
    variant = VariantPrice(
        id=7,
        label="Red",
        price=Decimal(30),
        compare_at=Decimal(former) if former else None,
        currency="EUR",
    )
    return notices.about_reductions(case(variant=variant))


def test_the_lowest_prior_price_is_named_and_not_made_up():
    assert reductions(None) == [notices.LOWEST_PRIOR]
    assert "keeps no price history" in notices.LOWEST_PRIOR


def test_a_compare_at_price_that_is_no_higher_shows_no_reduction():
    assert "no reduction" in reductions("30")[0]
    assert "no reduction" not in reductions("35")[0]
