from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from tests.tools.kinds.pricing.cases import FIVE, case, comparable, comparables
from tests.tools.markup import Markup
from tools.blocks import render_block
from tools.charts import CHART
from tools.comparables import CONFIRMED
from tools.kinds.pricing.blocks import (
    computed_blocks,
    evidence_blocks,
    suggestion_block,
    written_block,
)
from tools.kinds.pricing.result import VariantPrice, compute
from tools.runs.course import as_json

RUN = SimpleNamespace(pk=7, state="done", catalog=SimpleNamespace(slug="shop"))
HOSTILE = '"><script>alert(1)</script>'
CASES = {
    "five": case(*FIVE, minimum=Decimal("36.50")),
    "many": case(*[str(20 + n) for n in range(30)]),
    "identical": case(*["25"] * 30),
    "one": case("24"),
    "none": case(),
    "without cost and price": case(*FIVE, cost=None, price=None),
    "a price of nothing": case(*FIVE, price="0"),
    "a loss": case(*FIVE, cost="90", goal="margin"),
    "other currency": case(comparables=comparables("1", "2", currency="USD")),
}


def shown(priced, *, may_edit: bool = True, excluded=()) -> dict[str, str]:
    blocks = computed_blocks(priced, compute(priced, excluded))
    return {block.id: render_block(as_json(block), RUN, may_edit=may_edit) for block in blocks}


@pytest.mark.parametrize("name", CASES)
def test_every_block_of_every_case_can_be_shown(name):
    for html in shown(CASES[name]).values():
        assert "block__body" in html or "There is nothing to show" in html
        assert "It has an error" not in html
        assert "not what is expected" not in html


@pytest.mark.parametrize("name", CASES)
def test_blocks_are_the_same_ones_whatever_there_is(name):
    priced = CASES[name]
    ids = [block.id for block in computed_blocks(priced, compute(priced))]
    assert ids == [block.id for block in computed_blocks(CASES["five"], compute(CASES["five"]))]


def test_a_price_that_is_right_already_is_said_to_be():
    priced = case(*FIVE, price="27.99")
    block = suggestion_block(priced, compute(priced))
    assert block.kind == "notice"
    assert block.data["text"].startswith("The present price, EUR 27.99, is it already.")


@pytest.mark.parametrize("name", CASES)
def test_charts_are_charts(name):
    priced = CASES[name]
    for block in evidence_blocks(priced, compute(priced)):
        if block.kind == "chart":
            CHART.validate_python(block.data)


def test_few_comparables_are_points_and_many_are_bars():
    kinds = [
        evidence_blocks(CASES[name], compute(CASES[name]))[2].data["chart"]
        for name in ("five", "many")
    ]
    assert kinds == ["strip", "histogram"]


def test_the_summary_says_where_the_product_stands():
    data = evidence_blocks(CASES["five"], compute(CASES["five"]))[2].data
    assert data["summary"] == (
        "5 comparables cost from EUR 20.00 to EUR 40.00; the product costs EUR 30.00. Cheaper: 3, "
        "the same: 0, dearer: 2."
    )


def test_each_comparable_can_be_unticked_by_who_may():
    html = shown(case(*FIVE), excluded=["own-2"])["comparables"]
    boxes = [one for one in Markup(html).all("input") if one.get("type") == "checkbox"]
    assert len(boxes) == 5
    assert [box["value"] for box in boxes if "checked" not in box] == ["own-2"]


def test_who_may_not_sees_what_counts():
    html = shown(case(*FIVE), may_edit=False, excluded=["own-2"])["comparables"]
    assert "<input" not in html
    assert html.count(">Yes<") == 4


def test_hostile_titles_stay_text():
    rows = [comparable("24", "own-1", title=HOSTILE), comparable(None, "own-2", title=HOSTILE)]
    for html in shown(case(comparables=rows, title=HOSTILE)).values():
        assert "<script" not in html


def test_a_comparable_that_cannot_count_is_listed_with_the_reason():
    assert (
        "in USD, and currencies are not compared" in shown(CASES["other currency"])["comparables"]
    )


def test_competitors_are_named_with_their_day():
    row = comparable("24", standing=CONFIRMED, seller="Rival", seen_on=date(2026, 11, 1))
    assert "Rival, 2026-11-01" in shown(case(comparables=[row]))["comparables"]


def test_other_variants_have_prices_and_costs_of_their_own():
    siblings = [
        VariantPrice(id=8, label="Blue", price=Decimal(40), cost=Decimal(30), currency="EUR"),
        VariantPrice(id=9, label="Gold", price=Decimal(50), currency="USD"),
        VariantPrice(id=10, label="New", currency="EUR"),
    ]
    priced = case(*FIVE, siblings=siblings)
    blue, gold, new = evidence_blocks(priced, compute(priced))[-1].data["rows"]
    assert (blue["profit"], blue["margin"]) == ("3.61", "10.8 %")
    assert (gold["price"], "profit" in gold) == ("USD 50.00", False)
    assert new["price"] == "none"


def test_a_stale_text_says_for_how_many_it_was_written():
    priced = case(*FIVE)
    block = written_block(["own-1"], compute(priced))
    html = render_block(as_json(block), RUN, may_edit=True)
    assert "The text was written for 1 comparable." in html
    assert "Write again" in html


def test_a_text_about_what_counts_is_not_stale():
    priced = case(*FIVE)
    block = written_block([f"own-{n}" for n in range(1, 6)], compute(priced))
    assert "Write again" not in render_block(as_json(block), RUN, may_edit=True)


def test_how_comparables_were_chosen_is_said_beside_them():
    priced = case(*FIVE, chosen=["Of your own assortment, what is in Mugs is compared (5)."])
    assert "what is in Mugs is compared (5)." in shown(priced)["comparables"]
    assert compute(priced).notices[0] == priced.chosen[0]
