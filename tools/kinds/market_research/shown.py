"""The evidence as blocks: position, offers, gaps, crowded spots and claims, drawn and listed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.formats import date_format

from catalog.money import money_text
from catalog.views.present import amount
from tools.charts import Grid, Place, Range, Strip
from tools.comparables import STANDINGS, WORDS, Comparable
from tools.kinds.base import EVIDENCE, Block, Data
from tools.kinds.market_research.evidence import OWN_ONLY_WORDS, Market, band_text

TONES = {"confirmed": "good", "suggested": "warning"}
Column = dict[str, Any]


def blocks_of(market: Market) -> list[Block]:
    """The blocks, in the order of the page; what there is nothing of is left out."""
    shown = [
        *_notices(market),
        _block("position", "key_values", "Where the price stands", _position(market)),
        *_price_charts(market),
        *_gaps(market),
        *_crowd(market),
        *_claims(market),
    ]
    if market.compared:
        shown.append(_block("offers", "table", "What it was compared with", offers_table(market)))
    return shown


def _block(key: str, kind: str, title: str, data: Data) -> Block:
    return Block(key, kind, title, data, part=EVIDENCE)


def _notices(market: Market) -> Iterator[Block]:
    said = list(market.notices)
    position = market.position
    if position.elsewhere:
        count = position.elsewhere
        said.append(
            f"{count} {'price is' if count == 1 else 'prices are'} in another currency than "
            f"{position.currency} and left out: prices of two currencies are not compared."
        )
    if not market.has_competitors:
        yield _block("basis", "notice", "", {"level": "warning", "text": OWN_ONLY_WORDS})
    for number, text in enumerate(said):
        yield _block(f"notice-{number}", "notice", "", {"level": "info", "text": text})


def _position(market: Market) -> Data:
    wanted = ("compared", "priced", "price", "low", "median", "high", "cheaper", "same", "dearer")
    figures = {figure.name: figure for figure in market.figures}
    names = [*wanted[:1], *STANDINGS, *wanted[1:], "against"]
    items = [
        {"label": figures[name].label, "value": figures[name].text}
        for name in names
        if name in figures
    ]
    if market.position.price is None:
        items.append({"label": "The product's price", "value": "none: give it one to place it"})
    return {"items": items}


def _price_charts(market: Market) -> Iterator[Block]:
    position, spread = market.position, market.position.spread
    if spread is None:
        return
    points = [
        {
            "value": each.price,
            "label": each.title,
            "text": amount(each.price, each.currency),
            "weight": 0.3 + 0.6 * (each.similarity if each.similarity is not None else 1),
        }
        for each in position.priced
    ]
    if position.price is not None:
        text = position.money(position.price)
        points.append(
            {"value": position.price, "label": "This product", "text": text, "mark": True}
        )
    middle = {"value": spread.middle, "label": "Median", "text": position.money(spread.middle)}
    strip = Strip(
        label="Prices",
        summary=_price_summary(market),
        unit=position.currency,
        points=points,
        markers=[middle],
        table=_price_table(market),
    )
    yield _block("prices", "chart", "Price position", strip.model_dump(mode="json"))
    yield from _by_standing(market)


def _price_summary(market: Market) -> str:
    position, spread = market.position, market.position.spread
    assert spread is not None
    others = "your own similar products" if not market.has_competitors else "others' offers"
    text = (
        f"{spread.count} prices of {others} from {position.money(spread.low)} to "
        f"{position.money(spread.high)}, half of them up to {position.money(spread.middle)}"
    )
    if spread.low == spread.high:
        text = f"{spread.count} prices of {others}, all {position.money(spread.low)}"
    if position.price is None:
        return f"{text}; this product has no price."
    return (
        f"{text}; this product costs {position.money(position.price)}. Cheaper: {position.cheaper}, "
        f"dearer: {position.dearer}, the same: {position.same}."
    )


def _price_table(market: Market) -> Data:
    columns = _columns("Offer", "Standing", price="Price")
    rows = [
        {
            "offer": {"text": each.title, "url": each.url},
            "standing": WORDS[each.standing],
            "price": amount(each.price, each.currency),
        }
        for each in sorted(market.position.priced, key=lambda each: (each.price or 0, each.key))
    ]
    return {"columns": columns, "rows": rows}


def _by_standing(market: Market) -> Iterator[Block]:
    """Confirmed, suggested and merely similar offers apart, where there are several kinds."""
    position = market.position
    spreads = [
        (standing, spread)
        for standing in STANDINGS
        if (spread := position.spread_by(standing)) is not None
    ]
    if len(spreads) < 2:  # noqa: PLR2004 -- one kind alone is the chart above
        return
    bands = [
        {
            "low": spread.low,
            "mid": min(max(spread.middle, spread.low), spread.high),
            "high": spread.high,
            "label": f"{WORDS[standing]} ({spread.count})",
            "text": position.stretch(spread.low, spread.high),
        }
        for standing, spread in spreads
    ]
    markers = []
    if position.price is not None:
        text = position.money(position.price)
        markers = [{"value": position.price, "label": "This product", "text": text, "mark": True}]
    chart = Range(
        label="Prices by how sure the match is",
        summary="; ".join(f"{band['label']}: {band['text']}" for band in bands) + ".",
        unit=position.currency,
        bands=bands,
        markers=markers,
    )
    yield _block("standings", "chart", "By how sure the match is", chart.model_dump(mode="json"))


def _gaps(market: Market) -> Iterator[Block]:
    if not market.gaps:
        return
    rows = [
        {
            "attribute": gap.label,
            "others": ", ".join(f"{one.text} ({len(one.keys)})" for one in gap.values),
            "given": f"{len(gap.keys)} of {len(market.compared)}",
            "own": {"text": gap.own or "not given", "tone": "" if gap.own else "warning"},
        }
        for gap in market.gaps
    ]
    columns = [
        *_columns("Attribute", "Others"),
        {"key": "given", "label": "Given by", "numeric": True},
        {"key": "own", "label": "This listing"},
    ]
    title = "What others say and this listing does not"
    yield _block("gaps", "table", title, {"columns": columns, "rows": rows})


def _crowd(market: Market) -> Iterator[Block]:
    crowd = market.crowd
    if crowd is None:
        return
    figures = {figure.name: figure for figure in market.figures}
    first, spot = figures.get("crowd_0"), figures.get("spot")
    summary = "No spot is crowded: none has more than one offer."
    if first is not None:
        summary = f"Most crowded is {first.label}: {first.text}."
    if spot is not None:
        summary += f" The product's own spot has {spot.text}."
    chart = Grid(
        label=f"{crowd.label} by price",
        summary=summary,
        row_label=crowd.label,
        column_label="Price",
        rows=list(crowd.values),
        columns=[band_text(band, market.position) for band in crowd.bands],
        counts=[list(row) for row in crowd.counts],
        mark=Place(row=crowd.place[0], column=crowd.place[1]) if crowd.place else None,
    )
    yield _block("crowd", "chart", "Where it is crowded", chart.model_dump(mode="json"))


def _claims(market: Market) -> Iterator[Block]:
    if not market.claims:
        return
    titles = {each.key: each.title for each in market.compared}
    rows = [
        {
            "claim": claim.text,
            "count": f"{len(claim.keys)} of {len(market.compared)}",
            "by": _some([titles[key] for key in claim.keys]),
            "own": "says it too" if claim.is_ours else "does not say it",
        }
        for claim in market.claims
    ]
    columns = [
        *_columns("Claim"),
        {"key": "count", "label": "Made by", "numeric": True},
        {"key": "by", "label": "Offers"},
        {"key": "own", "label": "This listing"},
    ]
    title = "What competitors claim"
    yield _block("claims", "table", title, {"columns": columns, "rows": rows})


def _some(titles: list[str], most: int = 3) -> str:
    more = len(titles) - most
    return ", ".join(titles[:most]) + (f" and {more} more" if more > 0 else "")


def offers_table(market: Market) -> Data:
    """Every offer with how it stands and where it comes from. Addresses are text."""
    columns = [
        *_columns("Key", "Offer", "Standing"),
        {"key": "price", "label": "Price", "numeric": True},
        *_columns("Source"),
    ]
    return {"columns": columns, "rows": [_offer(each) for each in market.cited]}


def _offer(each: Comparable) -> dict[str, Any]:
    return {
        "key": each.key,
        "offer": {"text": each.title, "url": each.url},
        "standing": {"text": WORDS[each.standing], "tone": TONES.get(each.standing, "")},
        "price": amount(each.price, each.currency),
        "source": "Your catalogue" if each.is_own else _source(each),
    }


def _source(each: Comparable) -> str:
    seen = "" if each.seen_on is None else f"seen {date_format(each.seen_on, 'j F Y')}"
    return "; ".join(filter(None, [each.seller, seen, each.source, each.address]))


def position_table(market: Market) -> list[list[Any]]:
    """The position as rows of a file, headings first: the product, then offers by price."""
    position = market.position
    rows: list[list[Any]] = [
        ["key", "title", "standing", "seller", "price", "currency", "against_product", "seen_on"]
    ]
    own_price = money_text(position.price) or ""
    title = market.facts.title or "Untitled product"
    rows.append(["", title, "this product", "", own_price, position.currency, "", ""])
    for each in sorted(market.compared, key=lambda one: (one.currency, one.price or 0, one.key)):
        here = each.currency == position.currency and each.price is not None
        against = ""
        if here and position.price is not None and each.price is not None:
            against = money_text(each.price - position.price) or ""
        price = money_text(each.price) or ""
        seen = each.seen_on.isoformat() if each.seen_on else ""
        rows.append(
            [each.key, each.title, each.standing, each.seller, price, each.currency, against, seen]
        )
    return rows


def _columns(*labels: str, **numeric: str) -> list[Column]:
    return [{"key": label.lower(), "label": label} for label in labels] + [
        {"key": key, "label": label, "numeric": True} for key, label in numeric.items()
    ]
