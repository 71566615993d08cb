"""The evidence of a market research: everything that is known before a model is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from catalog.models import AttributeDefinition
from catalog.money import money_text
from catalog.views.present import amount
from tools.comparables import STANDINGS, WORDS, Comparable
from tools.facts import ProductFacts
from tools.kinds.market_research.figures import Computed, Numbers, normal, numbers_in
from tools.kinds.market_research.gaps import (
    Claim,
    Crowd,
    FieldNames,
    Gap,
    attribute_gaps,
    claims_of,
    crowd_of,
)
from tools.kinds.market_research.position import Position, position_of
from tools.prompts import Cites

COMPETITORS, OWN_ONLY = "competitors", "own assortment only"
MOST_CROWDED = 2
OWN_ONLY_WORDS = (
    "Your own assortment only: there is no competitor's row to compare with. This says how the "
    "product fits in with your own products, and nothing about the market."
)


@dataclass(frozen=True)
class Market:
    """What a product is compared with, and what came of it.

    `basis` is `COMPETITORS`, or `OWN_ONLY` where no competitor's row can be compared. `own` are
    products of the own catalogue in either case; only without competitors are they what position,
    gaps and crowds are computed from.
    """

    facts: ProductFacts
    basis: str
    compared: tuple[Comparable, ...]
    own: tuple[Comparable, ...]
    position: Position
    gaps: tuple[Gap, ...]
    claims: tuple[Claim, ...]
    crowd: Crowd | None
    figures: tuple[Computed, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def has_competitors(self) -> bool:
        return self.basis == COMPETITORS

    @property
    def cited(self) -> tuple[Comparable, ...]:
        """Everything that has a key of its own, competitors first."""
        return tuple({each.key: each for each in (*self.compared, *self.own)}.values())

    def cites(self) -> Cites:
        """What each key means and where it can be seen."""
        found = dict(self.facts.cites())
        for each in self.cited:
            price = f", {amount(each.price, each.currency)}" if each.price is not None else ""
            by = each.seller or ("" if each.is_own else each.source)
            label = f"{each.title}{price}{f' ({by})' if by else ''}"
            found[each.key] = {"label": label, "url": each.url}
        for figure in self.figures:
            found[figure.key] = {"label": f"{figure.label}: {figure.text}", "url": ""}
        return found

    def numbers(self) -> dict[str, Numbers]:
        """The numbers of each key: what a statement that cites it may say."""
        found = {key: numbers_in(cite["label"]) for key, cite in self.facts.cites().items()}
        found |= {figure.key: figure.numbers for figure in self.figures}
        for each in self.cited:
            texts = [each.title, *each.attributes.values(), *each.attributes, *each.claims]
            found[each.key] = numbers_in(" ; ".join(texts)) | normal(_own_numbers(each))
        return found


def _own_numbers(each: Comparable) -> Iterator[Decimal | int | None]:
    yield each.price
    if each.seen_on is not None:
        yield from (each.seen_on.year, each.seen_on.month, each.seen_on.day)
    if each.similarity is not None:
        yield round(each.similarity * 100)


def market_of(
    facts: ProductFacts,
    offers: Sequence[Comparable],
    own: Sequence[Comparable],
    *,
    names: FieldNames,
    notices: Sequence[str] = (),
) -> Market:
    """Compare a product with others' offers, or with the own ones where there are none."""
    compared = tuple(offers) or tuple(own)
    position = position_of(facts, compared)
    market = Market(
        facts=facts,
        basis=COMPETITORS if offers else OWN_ONLY,
        compared=compared,
        own=tuple(own),
        position=position,
        gaps=tuple(attribute_gaps(facts, compared, names)),
        claims=tuple(claims_of(facts, compared)),
        crowd=crowd_of(facts, position, names),
        notices=tuple(notices),
    )
    return _with_figures(market)


def _with_figures(market: Market) -> Market:
    figures = [
        Computed(f"e{number}", name, label, text, normal(numbers))
        for number, (name, label, text, numbers) in enumerate(_figures(market), 1)
    ]
    return replace(market, figures=tuple(figures))


# Name in code, label, text, and the numbers that the text says.
Line = tuple[str, str, str, Sequence[Decimal | int | None]]


def _figures(market: Market) -> Iterator[Line]:
    count = len(market.compared)
    offers = "offer" if count == 1 else "offers"
    yield ("compared", "Compared with", f"{count} {offers}", [count])
    if market.has_competitors:
        for standing in STANDINGS:
            number = sum(each.standing == standing for each in market.compared)
            yield (standing, WORDS[standing], str(number), [number])
    yield from _price_figures(market.position)
    for standing in STANDINGS:
        yield from _spread_figures(market.position, standing)
    yield from _crowd_figures(market)
    missing = sum(gap.is_missing for gap in market.gaps)
    label = "Attributes that others give and this listing lacks"
    yield ("missing", label, str(missing), [missing])
    for number, gap in enumerate(market.gaps):
        said = len(gap.keys)
        yield (f"gap_{number}", f"Give “{gap.label}”", f"{said} of {count}", [said, count])
    for number, claim in enumerate(market.claims):
        said = len(claim.keys)
        yield (f"claim_{number}", f"Claim “{claim.text}”", f"{said} of {count}", [said, count])


def _price_figures(position: Position) -> Iterator[Line]:
    spread, priced = position.spread, len(position.priced)
    yield ("priced", f"With a price in {position.currency}", str(priced), [priced])
    if position.price is not None:
        text = position.money(position.price)
        yield ("price", "The product's price", text, [position.price])
    if spread is None:
        return
    for name, label, value in (
        ("low", "Lowest price", spread.low),
        ("median", "Middle price (median)", spread.middle),
        ("high", "Highest price", spread.high),
    ):
        yield (name, label, position.money(value), [value])
    if position.price is None:
        return
    for name, label, count in (
        ("cheaper", "Cheaper than the product", position.cheaper),
        ("same", "At the same price", position.same),
        ("dearer", "Dearer than the product", position.dearer),
    ):
        yield (name, label, f"{count} of {priced}", [count, priced])
    above, share = position.above_middle, position.above_middle_percent
    if above is not None and share is not None:
        side = "above" if above > 0 else "below"
        text = f"{position.money(abs(above))} {side} ({abs(share)} %)" if above else "the same"
        yield ("against", "Against the middle price", text, [above, share])


def _spread_figures(position: Position, standing: str) -> Iterator[Line]:
    spread = position.spread_by(standing)
    if spread is None or spread.count == len(position.priced):
        return
    text = f"{position.stretch(spread.low, spread.high)} ({spread.count})"
    if spread.low != spread.high:
        stretch, middle = position.stretch(spread.low, spread.high), position.money(spread.middle)
        text = f"{stretch}, middle {middle} ({spread.count})"
    numbers: Sequence[Decimal | int] = (spread.low, spread.high, spread.middle, spread.count)
    yield (f"prices_{standing}", f"Prices: {WORDS[standing].lower()}", text, numbers)


def _crowd_figures(market: Market) -> Iterator[Line]:
    crowd, priced = market.crowd, len(market.position.priced)
    if crowd is None:
        return
    spots = [
        (count, value, band)
        for value, counts in zip(crowd.values, crowd.counts, strict=True)
        for count, band in zip(counts, crowd.bands, strict=True)
        if count
    ]
    spots.sort(key=lambda spot: -spot[0])
    # What one offer has to itself is no crowd.
    crowded = [spot for spot in spots if spot[0] > 1]
    for number, (count, value, band) in enumerate(crowded[:MOST_CROWDED]):
        label = f"{crowd.label} “{value}” at {band_text(band, market.position)}"
        yield (f"crowd_{number}", label, f"{count} of {priced}", [count, priced, *band])
    if crowd.place is not None:
        row, column = crowd.place
        count = crowd.counts[row][column]
        yield ("spot", "At the product's own spot", f"{count} of {priced}", [count, priced])


def band_text(band: tuple[Decimal, Decimal], position: Position) -> str:
    """A price band as people read it; the upper end does not belong to it."""
    low, high = band
    if low == high:
        return position.money(low)
    return f"{position.money(low).rpartition(' ')[0]} to below {position.money(high)}"


def field_names() -> FieldNames:
    """The vocabulary's attributes with their labels in all languages."""
    rows = AttributeDefinition.objects.values_list("key", "labels")
    return FieldNames({key: list(labels.values()) for key, labels in rows})


def as_json(market: Market) -> dict[str, Any]:
    """The evidence as the API gives it."""
    position, spread = market.position, market.position.spread
    return {
        "basis": market.basis,
        "product": market.facts.as_json(),
        "compared": [each.as_json() for each in market.compared],
        "own": [each.as_json() for each in market.own],
        "price": {
            "currency": position.currency,
            "price": money_text(position.price),
            "low": money_text(spread.low) if spread else None,
            "median": money_text(spread.middle) if spread else None,
            "high": money_text(spread.high) if spread else None,
            "cheaper": position.cheaper,
            "same": position.same,
            "dearer": position.dearer,
            "other_currencies": position.elsewhere,
            "without_price": position.unpriced,
        },
        "figures": [figure.as_json() for figure in market.figures],
        "gaps": [
            {
                "attribute": gap.label,
                "field": gap.field,
                "own": gap.own,
                "rows": list(gap.keys),
                "values": [{"value": one.text, "rows": list(one.keys)} for one in gap.values],
            }
            for gap in market.gaps
        ],
        "claims": [
            {"claim": claim.text, "rows": list(claim.keys), "ours": claim.is_ours}
            for claim in market.claims
        ],
        "notices": list(market.notices),
        "keys": _keys_json(market),
    }


def _keys_json(market: Market) -> dict[str, Any]:
    """What each key means, where it is seen, and which numbers it has."""
    numbers = market.numbers()
    return {
        key: {**cite, "numbers": sorted(f"{n:f}" for n in numbers.get(key, ()))}
        for key, cite in market.cites().items()
    }
