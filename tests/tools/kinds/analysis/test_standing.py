"""Where a product stands among those that look like it. Needs no database."""

from __future__ import annotations

from decimal import Decimal

from tools.facts import AttributeFact, Neighbour, Neighbours, ProductFacts, VariantFact
from tools.kinds.analysis.standing import standing_of


def attribute(field: str, *labels: str) -> AttributeFact:
    return AttributeFact("a1", field, field.title(), labels, labels, "person", confirmed=True)


def product(price: str = "12.50", *attributes: AttributeFact, currency: str = "EUR", **more):
    sold = VariantFact(
        key="v1",
        id=1,
        sku="",
        gtin="",
        mpn="",
        options={},
        price=Decimal(price),
        compare_at_price=None,
        cost=None,
        currency=currency,
        availability="",
        condition="",
    )
    return ProductFacts(
        id=1,
        url="/1",
        title="Mug",
        description="",
        brand="",
        category="",
        category_label="",
        tags=(),
        status="",
        currency="EUR",
        language="en",
        attributes=attributes,
        variants=(sold,),
        **more,
    )


def neighbour(number: int, price: str = "", *attributes: AttributeFact, currency: str = "EUR"):
    prices = {currency: (Decimal(price), Decimal(price))} if price else {}
    return Neighbour(
        key=f"n{number}",
        id=number,
        url=f"/{number}",
        title=f"Mug {number}",
        brand="",
        category="",
        category_label="",
        similarity=0.9,
        strength="strong",
        prices=prices,
        attributes=attributes,
    )


def standing(facts, *found: Neighbour):
    return standing_of(facts, Neighbours(found))


def test_what_two_similar_products_say_and_it_does_not_is_a_gap():
    found = standing(
        product("12.50", attribute("color", "Red")),
        neighbour(1, "", attribute("height", "9"), attribute("color", "Blue")),
        neighbour(2, "", attribute("height", "10"), attribute("finish", "matt")),
        neighbour(3, "", attribute("height", "9")),
    )
    (gap,) = found.gaps
    assert (gap.key, gap.label, gap.have, gap.values) == ("g1", "Height", 3, ("9", "10"))


def test_what_was_left_empty_on_purpose_is_no_gap():
    facts = product(emptied=frozenset({"height"}))
    found = standing(facts, *(neighbour(n, "", attribute("height", "9")) for n in (1, 2)))
    assert found.gaps == ()


def test_what_it_alone_says_sets_it_apart():
    facts = product("1", attribute("color", "Red"))
    assert standing(facts, neighbour(1)).unlike == ("a1",)
    assert standing(facts, neighbour(1, "", attribute("color", "Blue"))).unlike == ()
    assert standing(facts).unlike == ()


def test_a_price_stands_among_those_of_similar_products():
    found = standing(product(), *(neighbour(n, str(10 * n)) for n in (3, 1, 2))).price
    assert found.text == (
        "12.50 EUR; 3 similar products of this catalogue cost 10.00 to 30.00, 1 of them less, "
        "with a median of 20.00"
    )


def test_a_median_between_two_prices_is_rounded_to_cents():
    found = standing(product(), neighbour(1, "1.01"), neighbour(2, "1.02")).price
    assert found.middle == Decimal("1.02")


def test_prices_in_another_currency_are_not_compared():
    others = [neighbour(n, "10", currency="USD") for n in (1, 2, 3)]
    assert standing(product(), *others).price is None
    assert standing(product(currency="USD"), *others).price.currency == "USD"


def test_one_price_beside_it_is_no_standing():
    assert standing(product(), neighbour(1, "10"), neighbour(2)).price is None
