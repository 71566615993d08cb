"""What a product is compared with: others' offers, in the order of how sure it is that they fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from catalog.models import Product
from catalog.money import money_text
from catalog.textsearch import normalise
from catalog.textsearch.normalise import fold
from tools.competitors import matching
from tools.competitors.matching import SUGGEST, Embed, Likeness, Named, embedded, words_of
from tools.facts import Neighbours, ProductFacts
from tools.models import CompetitorList, CompetitorMatch, CompetitorRow

CONFIRMED, SUGGESTED, SIMILAR, OWN = "confirmed", "suggested", "similar", "own"
STANDINGS = (CONFIRMED, SUGGESTED, SIMILAR)
WORDS = {
    CONFIRMED: "Confirmed match",
    SUGGESTED: "Suggested, not confirmed",
    SIMILAR: "Similar, not the same",
    OWN: "Your own assortment",
}
# How alike a row must be to be compared with at all, in [0, 1].
ALIKE = 0.4
MOST_ROWS = 20_000
MAX_CLAIMS, MAX_CLAIM, MIN_CLAIM = 30, 120, 4
_CLAIM_ENDS = re.compile(r"[;\n|•·✓✔]+|(?<=[a-zäöüéß\d)])[.!?](?=\s|$)")


@dataclass(frozen=True)
class Comparable:
    """An offer that the product is compared with. `key` is what a statement cites it by.

    `attributes` are texts by label. `row` is the id of the competitor's row, None for a product of
    the own catalogue, which has an address, `url`, on this site. `seen_on` is the day of the price.
    """

    key: str
    standing: str
    title: str
    brand: str = ""
    seller: str = ""
    price: Decimal | None = None
    currency: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    claims: tuple[str, ...] = ()
    source: str = ""
    seen_on: date | None = None
    similarity: float | None = None
    row: int | None = None
    url: str = ""
    address: str = ""

    @property
    def is_own(self) -> bool:
        return self.standing == OWN

    def as_json(self) -> dict[str, Any]:
        """For a prompt and for the run's evidence; what there is not is left out."""
        price = {"price": money_text(self.price), "currency": self.currency} if self.price else {}
        told = {
            "standing": self.standing,
            "title": self.title,
            "brand": self.brand,
            "seller": self.seller,
            "attributes": dict(self.attributes),
            "claims": list(self.claims),
            "source": self.source,
            "seen_on": self.seen_on.isoformat() if self.seen_on else "",
        }
        return {"key": self.key, **{name: value for name, value in told.items() if value}, **price}


def offers(
    product: Product,
    facts: ProductFacts,
    lists: Sequence[CompetitorList],
    most: int,
    *,
    embed: Embed = embedded,
) -> list[Comparable]:
    """The rows of these lists that the product is compared with, at most so many.

    First those that are the same product by GTIN or by a person's word, then what similarity
    suggests, then what is merely alike. Of several prices of one offer the newest counts.
    """
    by_pk = {each.pk: each for each in lists}
    standings, scores = _decided(product, lists)
    rejected = {pk for pk, standing in standings.items() if standing == "rejected"}
    for pk in _same_gtin(facts, lists):
        standings.setdefault(pk, CONFIRMED)
    for one in _alike(facts, lists, skip=standings, most=most, embed=embed):
        standings[one.row] = SUGGESTED if one.score >= SUGGEST else SIMILAR
        scores[one.row] = one.score
    wanted = standings.keys() - rejected
    rows = CompetitorRow.objects.filter(pk__in=wanted)
    newest = _newest(rows, by_pk)
    newest.sort(
        key=lambda row: (STANDINGS.index(standings[row.pk]), -scores.get(row.pk, 1.0), row.pk)
    )
    return [
        _comparable(f"r{number}", row, by_pk[row.list_id], standings[row.pk], scores.get(row.pk))
        for number, row in enumerate(newest[:most], 1)
    ]


def _decided(
    product: Product, lists: Sequence[CompetitorList]
) -> tuple[dict[int, str], dict[int, float]]:
    """How the product's matches stand and their scores, by row."""
    matches = CompetitorMatch.objects.filter(product=product, row__list__in=lists)
    standings = {match.row_id: str(match.standing) for match in matches}
    return standings, {m.row_id: m.score for m in matches if m.score is not None}


def _same_gtin(facts: ProductFacts, lists: Sequence[CompetitorList]) -> list[int]:
    codes = {normalise.gtin(variant.gtin) for variant in facts.variants} - {""}
    rows = CompetitorRow.objects.filter(list__in=lists, gtin__in=codes)
    return list(rows.values_list("pk", flat=True)) if codes else []


def _alike(
    facts: ProductFacts,
    lists: Sequence[CompetitorList],
    *,
    skip: Mapping[int, str],
    most: int,
    embed: Embed,
) -> list[Likeness]:
    """The rows that are called most like the product, the best first."""
    product = Named(facts.id, facts.title, facts.brand)
    rows = CompetitorRow.objects.filter(list__in=lists).exclude(title="").order_by("-list", "pk")
    named = (
        Named(*row)
        for row in rows.values_list("pk", "title", "brand")[:MOST_ROWS]
        if row[0] not in skip
    )
    return matching.nearest(product, named, most, least=ALIKE, embed=embed)


def _newest(
    rows: Iterable[CompetitorRow], lists: Mapping[int, CompetitorList]
) -> list[CompetitorRow]:
    """Of rows that are the same offer of the same seller, the one that was seen last."""
    kept: dict[tuple[Any, ...], CompetitorRow] = {}
    for row in sorted(rows, key=lambda each: (_seen(each, lists[each.list_id]), each.pk)):
        seller = fold(row.seller) or fold(lists[row.list_id].source)
        kept[seller, row.gtin or words_of(row.title), row.currency] = row
    return list(kept.values())


def _seen(row: CompetitorRow, of: CompetitorList) -> date:
    return row.seen_on or of.as_of


def _comparable(
    key: str, row: CompetitorRow, of: CompetitorList, standing: str, score: float | None
) -> Comparable:
    return Comparable(
        key=key,
        standing=standing,
        title=row.title or row.gtin,
        brand=row.brand,
        seller=row.seller,
        price=row.price,
        currency=row.currency if row.price is not None else "",
        attributes=row.attributes,
        claims=tuple(claims_in(row.claims)),
        source=f"{of.name} ({of.source}), row {row.number}",
        seen_on=_seen(row, of),
        similarity=score,
        row=row.pk,
        url=of.get_absolute_url(),
        address=row.url,
    )


def claims_in(text: str) -> list[str]:
    """The phrases of a text that claim something, each once: bullets, parts, short sentences."""
    phrases = (" ".join(part.split()).strip(" -–*.,") for part in _CLAIM_ENDS.split(text))
    kept = (phrase for phrase in phrases if MIN_CLAIM <= len(phrase) <= MAX_CLAIM)
    return list(dict.fromkeys(kept))[:MAX_CLAIMS]


def own(neighbours: Neighbours) -> list[Comparable]:
    """Products of the own catalogue that look like the product."""
    return [
        Comparable(
            key=each.key,
            standing=OWN,
            title=each.title,
            brand=each.brand,
            price=each.price,
            currency=each.currency,
            attributes={fact.label: fact.text for fact in each.attributes},
            similarity=each.similarity,
            url=each.url,
        )
        for each in neighbours
    ]
