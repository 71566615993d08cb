"""What a product is compared with: what stands in the lists that people brought."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from tools.competitors.services import match_reject
from tools.kinds.market_research import MarketResearch
from tools.kinds.market_research.options import Options
from tools.models import CompetitorRow

pytestmark = pytest.mark.django_db
TOOL = MarketResearch()


def gathered(product, **options):
    return TOOL.gather(product, Options(**options)).facts


def compared(facts):
    return [(one["title"], one["standing"]) for one in facts["compared"]]


def test_compares_with_the_same_the_suggested_and_the_similar(bring, mug):
    bring()
    assert compared(gathered(mug)) == [
        ("Mug no 5", "confirmed"),
        ("Speckled barrel mug", "suggested"),
        ("Barrel vase", "similar"),
    ]


def test_a_product_made_after_the_list_is_found_by_its_gtin(bring, make_product):
    bring()
    late = make_product("Something", variants=[{"gtin": "4006381333931"}], color=None)
    assert compared(gathered(late))[0] == ("Mug no 5", "confirmed")


def test_what_a_person_rejected_is_not_compared_with(bring, mug, person):
    bring()
    row = CompetitorRow.objects.get(title="Mug no 5")
    match_reject(row=row, product=mug, actor=person)
    assert "Mug no 5" not in dict(compared(gathered(mug)))


def test_of_one_offer_in_two_lists_the_newest_price_counts(bring, mug):
    bring()
    bring("title,gtin,price,seller\nMug no 5,4006381333931,18,North\n", date(2026, 8, 1), "Summer")
    first = gathered(mug)["compared"][0]
    assert (first["price"], first["seen_on"]) == ("18.00", "2026-08-01")


def test_only_the_chosen_lists_count(bring, mug):
    bring()
    other = bring("title,price\nSpeckled barrel mug,1\n", name="Other")
    assert len(gathered(mug, lists=[other.pk])["compared"]) == 1
    with pytest.raises(ValidationError):
        gathered(mug, lists=[other.pk + 1])


def test_prices_in_another_currency_are_left_out(bring, mug):
    bring()
    price = gathered(mug)["price"]
    assert (price["low"], price["high"], price["other_currencies"]) == ("19.90", "29.90", 1)
