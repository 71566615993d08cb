"""What of the own catalogue a product is compared with."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tools.comparables import FEW, NO_CATEGORY, OWN, SIMILAR, UNSURE, Comparable, own_products
from tools.evidence import AWAY, product_facts

pytestmark = pytest.mark.django_db
PRICED = [{"price": Decimal(20), "currency": "EUR"}]


def compared(product, most=24):
    return own_products(product, product_facts(product), "EUR", most)


def titles(own):
    return [each.title for each in own.found]


def test_what_looks_alike_in_another_category_is_not_compared(in_category, ingest):
    pouf = in_category("Pouf", path="home/kitchen/mugs", color="red")
    for number in range(5):
        in_category(f"Blue pouf {number}", path="home/kitchen/mugs", color="blue")
    in_category("Red cap", path="clothes", color="red")
    in_category("Red plate", path="home/kitchen", color="red")
    ingest()
    own = compared(pouf)
    assert sorted(titles(own)) == [f"Blue pouf {number}" for number in range(5)]
    assert "is compared (5), weighted by how alike the photos are." in own.chosen


def test_where_few_are_of_the_category_what_looks_alike_in_the_one_above_is_compared(
    in_category, ingest
):
    mug = in_category("Mug", path="home/kitchen/mugs", color="red")
    in_category("Blue mug", path="home/kitchen/mugs", color="blue")
    for number in range(6):
        in_category(f"Red plate {number}", path="home/kitchen", color="red")
    in_category("Red cap", path="clothes", color="red")
    ingest()
    own = compared(mug)
    assert titles(own)[0] == "Blue mug"
    assert {title[:9] for title in titles(own)[1:]} == {"Red plate"}
    assert "only 1 can be compared in" in own.chosen
    assert "is compared, too (4)" in own.chosen
    assert len({each.key for each in own.found}) == FEW


def test_without_a_category_nothing_is_compared_and_that_is_said(make_product, ingest):
    mug = make_product("Mug", color="red")
    make_product("Other", color="red")
    ingest()
    own = compared(mug)
    assert (own.found, own.chosen) == ((), NO_CATEGORY)


def test_a_category_that_nobody_confirmed_is_said_to_be_a_machines(in_category, ingest):
    mug, other = in_category("Mug", color="red"), in_category("Other", color="red")
    ingest()
    assert UNSURE not in compared(mug).chosen
    mug.current_attributes.filter(field="category").update(locked=False, source="zero-shot")
    assert compared(mug).chosen.endswith(UNSURE)
    assert UNSURE not in compared(other).chosen


def test_an_engine_that_is_away_is_said(in_category, no_engine):
    own = compared(in_category("Mug", color=None))
    assert (own.found, own.chosen, own.notice) == ((), "", AWAY)


def test_a_category_that_is_empty_otherwise_is_said(in_category, ingest):
    mug = in_category("Mug", color="red")
    ingest()
    assert compared(mug).chosen == (
        "Of your own assortment, nothing can be compared in Home › Kitchen › Mugs, and nothing else "
        "in Home › Kitchen looks like it."
    )


@pytest.mark.parametrize(
    ("standing", "similarity", "weight"),
    [("confirmed", 0.5, "1"), (SIMILAR, 0.4567, "0.457"), (OWN, 0.0, "0.001"), (OWN, 1.0, "1")],
)
def test_the_same_product_counts_whole_and_others_as_far_as_they_are_alike(
    standing, similarity, weight
):
    one = Comparable(key="x", standing=standing, title="Mug", similarity=similarity)
    assert one.weight == Decimal(weight)
