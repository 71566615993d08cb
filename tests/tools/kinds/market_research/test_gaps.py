"""What others say that a listing does not, where its price stands, and where it is crowded."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.charts import CHART
from tools.comparables import CONFIRMED, OWN, SIMILAR, SUGGESTED, Comparable
from tools.competitors.offers import claims_in
from tools.facts import AttributeFact, ProductFacts, VariantFact
from tools.kinds.market_research.draft import draft
from tools.kinds.market_research.evidence import COMPETITORS, OWN_ONLY, as_json, market_of
from tools.kinds.market_research.gaps import FieldNames, bands_of
from tools.kinds.market_research.shown import blocks_of, position_table

NAMES = FieldNames({"material": ["Material", "Stoff"], "color": ["Colour", "Farbe"]})
PRICES = st.decimals(min_value=0, max_value=10**6, places=2)


def product(price="24.90", currency="EUR", **fields):
    amount = None if price is None else Decimal(price)
    variant = VariantFact("v1", 1, "A", "", "", {}, amount, None, None, currency, "", "")
    material = AttributeFact(
        "a1", "material", "Material", ("oak",), ("Oak",), "person", confirmed=True
    )
    chosen = {"title": "Speckled mug", "description": "Hand made.", "attributes": (material,)}
    return ProductFacts(
        id=1,
        url="/c/shop/products/1/",
        brand="Acme",
        category="",
        category_label="",
        tags=(),
        status="Draft",
        currency="EUR",
        language="en",
        variants=(variant,),
        **{**chosen, **fields},
    )


def offer(number, price="10", standing=SIMILAR, currency="EUR", **fields):
    amount = None if price is None else Decimal(price)
    told = {"title": f"Offer {number}", "price": amount, "currency": currency} | fields
    return Comparable(key=f"r{number}", standing=standing, **told)


def market(*offers, facts=None, own=()):
    return market_of(facts or product(), offers, own, names=NAMES)


def figures(found):
    return {figure.name: figure.text for figure in found.figures}


def test_places_the_price_among_those_of_its_own_currency():
    found = market(offer(1, "20"), offer(2, "24.90"), offer(3, "30"), offer(4, "1", currency="USD"))
    position = found.position
    assert (position.cheaper, position.same, position.dearer, position.elsewhere) == (1, 1, 1, 1)
    assert figures(found)["median"] == "24.90 EUR"
    assert figures(found)["against"] == "the same"


def test_says_how_far_the_price_is_from_the_middle():
    assert figures(market(offer(1, "20"), offer(2, "21")))["against"] == "4.40 EUR above (21 %)"


def test_counts_by_how_sure_the_match_is():
    found = market(offer(1, "20", CONFIRMED), offer(2, "21", SUGGESTED), offer(3, "9"))
    said = figures(found)
    assert (said["confirmed"], said["suggested"], said["similar"]) == ("1", "1", "1")


def test_without_competitors_it_is_the_own_assortment_only():
    mug = {"title": "Own mug", "price": Decimal(5), "currency": "EUR"}
    own = [Comparable(key="n1", standing=OWN, **mug)]
    found = market(own=own)
    assert found.basis == OWN_ONLY
    assert figures(found)["cheaper"] == "1 of 1"
    assert blocks_of(found)[0].data["text"].startswith("Your own assortment only")
    assert market(offer(1), own=own).basis == COMPETITORS


@pytest.mark.parametrize(
    ("offers", "facts"),
    [
        ([], product()),
        ([offer(1, None)], product()),
        ([offer(1, "5"), offer(2, "5")], product("5")),
        ([offer(1, "0")], product("0")),
        ([offer(1, "5", currency="USD")], product()),
        ([offer(1), offer(2)], product(None)),
    ],
)
def test_every_case_is_drawn_listed_and_put_into_sentences(offers, facts):
    found = market(*offers, facts=facts)
    for block in blocks_of(found):
        if block.kind == "chart":
            CHART.validate_python(block.data)
    assert draft(as_json(found))["situation"]
    assert len(position_table(found)) == 2 + len(offers)


def test_lists_attributes_that_the_listing_lacks_or_says_otherwise():
    found = market(
        offer(1, attributes={"Farbe": "blue", "Stoff": "pine"}),
        offer(2, attributes={"Colour": "Blue", "Capacity": "300 ml"}),
    )
    gaps = [(gap.label, gap.field, gap.own, gap.keys) for gap in found.gaps]
    assert gaps == [
        ("Farbe", "color", "", ("r1", "r2")),
        ("Capacity", "", "", ("r2",)),
        ("Stoff", "material", "Oak", ("r1",)),
    ]
    assert [(value.text, value.keys) for value in found.gaps[0].values] == [("blue", ("r1", "r2"))]


def test_what_the_listing_says_too_is_no_gap():
    assert market(offer(1, attributes={"material": "oak"})).gaps == ()


def test_counts_claims_and_says_which_are_ours():
    found = market(
        offer(1, claims=("Hand made", "Dishwasher safe")), offer(2, claims=("dishwasher safe",))
    )
    assert [(c.text, c.keys, c.is_ours) for c in found.claims] == [
        ("Dishwasher safe", ("r1", "r2"), False),
        ("Hand made", ("r1",), True),
    ]


def test_claims_are_phrases_of_a_text():
    text = "Dishwasher safe; hand made\n• Fits 12.5 cm saucers. Made in Portugal! ok"
    assert claims_in(text) == [
        "Dishwasher safe",
        "hand made",
        "Fits 12.5 cm saucers",
        "Made in Portugal",
    ]


def test_marks_the_products_own_spot_among_the_crowded_ones():
    offers = [offer(n, "20", attributes={"Material": "Oak"}) for n in range(4)]
    found = market(*offers, offer(9, "60", attributes={"Material": "Pine"}), offer(10, "61"))
    crowd = found.crowd
    assert crowd.values == ("Oak", "Pine", "Not given")
    assert sum(map(sum, crowd.counts)) == 6
    assert crowd.counts[0][0] == 4
    assert crowd.place == (0, 0)
    assert figures(found)["crowd_0"] == "4 of 6"


def test_many_values_are_gathered_in_one_row():
    offers = [offer(n, str(n + 1), attributes={"Shape": f"shape {n}"}) for n in range(20)]
    crowd = market(*offers).crowd
    assert crowd.values[-2:] == ("Other", "Not given")
    assert sum(map(sum, crowd.counts)) == 20


@given(st.lists(PRICES, min_size=1, max_size=30))
def test_bands_hold_every_price_once(prices):
    bands = bands_of(prices)
    assert len(bands) <= 6
    if len(bands) > 1:
        assert all(sum(low <= price < high for low, high in bands) == 1 for price in prices)


@given(st.lists(PRICES, min_size=1, max_size=12), PRICES)
def test_counts_add_up_whatever_the_prices(prices, own):
    found = market(*(offer(n, price) for n, price in enumerate(prices)), facts=product(own))
    position = found.position
    assert position.cheaper + position.same + position.dearer == len(prices)
    spread = position.spread
    assert spread.low <= spread.high


def test_hostile_texts_stay_texts():
    hostile = "<script>alert(1)</script> [x](javascript:alert(1))"
    offer_of_theirs = Comparable(
        key="r1",
        standing=SIMILAR,
        title=hostile,
        price=Decimal(5),
        currency="EUR",
        claims=(hostile,),
        attributes={hostile: hostile},
        address="javascript:alert(1)",
        seen_on=date(2026, 5, 1),
    )
    found = market(offer_of_theirs)
    (row,) = blocks_of(found)[-1].data["rows"]
    assert row["source"] == "seen 1 May 2026; javascript:alert(1)"
    assert row["offer"] == {"text": hostile, "url": ""}
    assert all(
        "url" not in cite or not cite["url"].startswith("java") for cite in found.cites().values()
    )


def test_where_no_two_offers_meet_nothing_is_called_crowded():
    offers = [offer(n, str(n * 20), attributes={"Material": f"kind {n}"}) for n in (1, 2, 3)]
    found = market(*offers)
    crowd = next(block for block in blocks_of(found) if block.id == "crowd")
    assert crowd.data["summary"].startswith("No spot is crowded")
    assert "crowd_0" not in figures(found)


@pytest.mark.parametrize(("currency", "middle"), [("JPY", "151"), ("KWD", "150.500")])
def test_the_middle_price_is_rounded_as_its_currency_is(currency, middle):
    found = market(
        offer(1, "100", currency=currency),
        offer(2, "201", currency=currency),
        facts=product("150", currency),
    )
    assert found.position.spread.middle == Decimal(middle)


def test_one_price_alone_is_no_stretch():
    found = market(offer(1, "20", CONFIRMED), offer(2, "21", SUGGESTED), offer(3, "9"))
    assert figures(found)["prices_confirmed"] == "20.00 EUR (1)"
