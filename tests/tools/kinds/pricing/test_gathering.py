"""What is read from the catalogue, the engine and competitor lists."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from tests.tools.competitors.conftest import bring  # noqa: F401
from tools.comparables import NO_CATEGORY
from tools.competitors import services
from tools.kinds.pricing.comparables import notes_of
from tools.kinds.pricing.gathering import OFFERS_CHOSEN, case_of
from tools.kinds.pricing.options import PricingOptions
from tools.models import CompetitorRow

pytestmark = pytest.mark.django_db
GTIN = "4006381333931"
FILE = f"""title,gtin,price,currency,seller
Their mug,{GTIN},25,EUR,Rival
Barrel mug speckled,,26,EUR,Other
Garden hose,,7,EUR,Rival
"""


@pytest.fixture
def barrel(make_product):
    sold = {"gtin": GTIN, "price": Decimal(30), "cost": Decimal(10), "currency": "EUR"}
    return make_product("Speckled barrel mug", variants=[sold], color=None)


def case(product, **options):
    return case_of(product, PricingOptions(**options))


def test_products_of_its_category_are_comparables_by_how_alike_they_are(in_category, ingest):
    vase = in_category("Vase", color="red", variants=[{"price": Decimal(30), "currency": "EUR"}])
    in_category("Near", color="red", variants=[{"price": Decimal(20), "currency": "EUR"}])
    ingest()
    (near,) = case(vase).comparables
    assert (near.title, near.price, near.standing) == ("Near", 20, "own")
    assert 0 < near.weight <= 1
    assert near.key.startswith("own-")


def test_an_engine_that_is_away_is_said(in_category, no_engine):
    found = case(in_category("Cup", color=None))
    assert found.comparables == []
    assert ["cannot be looked for just now" in text for text in found.chosen] == [True]


def test_how_comparables_were_chosen_is_said(barrel, bring):  # noqa: F811
    bring(FILE)
    assert case(barrel).chosen == [OFFERS_CHOSEN, NO_CATEGORY]


def test_a_neighbour_counts_at_its_lowest_price_in_the_variants_currency(in_category, ingest):
    vase = in_category("Vase", color="red", variants=[{"price": Decimal(30), "currency": "USD"}])
    prices = (("12", "EUR"), ("18", "USD"), ("15", "USD"))
    in_category(
        "Near",
        color="red",
        variants=[{"price": Decimal(price), "currency": currency} for price, currency in prices],
    )
    ingest()
    (near,) = case(vase).comparables
    assert (near.price, near.currency) == (15, "USD")
    assert near.price_note == "the lowest of its variants"


def test_competitors_rows_say_who_asks_and_when(barrel, bring):  # noqa: F811
    bring(FILE)
    sure, likely = case(barrel).comparables
    assert (sure.title, sure.price, sure.seller) == ("Their mug", 25, "Rival")
    assert (sure.weight, notes_of(sure), sure.seen_on) == (1, [], date(2026, 5, 31))
    assert 0 < likely.weight <= 1
    assert notes_of(likely) == ["alike, not confirmed to be the same"]


def test_what_a_person_rejected_is_no_comparable(barrel, bring, person):  # noqa: F811
    bring(FILE)
    row = CompetitorRow.objects.get(title="Barrel mug speckled")
    services.match_reject(row=row, product=barrel, actor=person)
    assert [each.title for each in case(barrel).comparables] == ["Their mug"]


def test_of_an_offer_in_two_lists_the_newest_counts(barrel, bring):  # noqa: F811
    bring(FILE, name="Summer", as_of=date(2026, 8, 31))
    bring(FILE.replace(",25,", ",19,"), name="Spring")
    prices = {each.title: each.price for each in case(barrel).comparables}
    assert prices["Their mug"] == 25


def test_rows_of_a_deleted_list_are_gone(barrel, bring, person):  # noqa: F811
    brought = bring(FILE)
    services.competitor_list_delete(competitor_list=brought.list, actor=person)
    assert case(barrel).comparables == []


def test_a_cost_that_is_told_stands_above_the_variants(barrel, no_engine):
    assert case(barrel).costs.cost == 10
    assert case(barrel, cost="12").costs.cost == 12


def test_the_first_variant_with_a_price_is_taken(make_product, no_engine):
    variants = [{"sku": "A"}, {"sku": "B", "price": Decimal(9)}]
    assert case(make_product("Cup", variants=variants, color=None)).variant.label == "B"


def test_a_product_without_any_price_can_be_priced(make_product, no_engine):
    found = case(make_product("Cup", color=None))
    assert found.variant.price is None


def test_a_variant_of_another_product_is_refused(barrel, make_product, no_engine):
    other = make_product("Cup", color=None).variants.get()
    with pytest.raises(ValidationError, match="not there any more"):
        case(barrel, variant=other.pk)
