"""Which rows of competitor lists a product is compared with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, cast

from catalog.models import Product
from catalog.textsearch import normalise
from catalog.textsearch.normalise import fold
from tools.comparables import CONFIRMED, SIMILAR, STANDINGS, SUGGESTED, Comparable, Standing
from tools.competitors import matching
from tools.competitors.matching import SUGGEST, Embed, Likeness, Named, embedded, words_of
from tools.facts import ProductFacts
from tools.models import CompetitorList, CompetitorMatch, CompetitorRow, MatchDecision

# How alike a row must be to be compared with at all, in [0, 1].
ALIKE = 0.4
MOST_ROWS = 20_000
MAX_CLAIMS, MAX_CLAIM, MIN_CLAIM = 30, 120, 4
_CLAIM_ENDS = re.compile(r"[;\n|•·✓✔]+|(?<=[a-zäöüéß\d)])[.!?](?=\s|$)")


def offers(
    product: Product,
    facts: ProductFacts,
    lists: Sequence[CompetitorList],
    most: int,
    *,
    similar: bool = True,
    embed: Embed = embedded,
) -> list[Comparable]:
    """The rows of these lists that the product is compared with, at most so many.

    First those that are the same product by GTIN or by a person's word, then what similarity
    suggests, then what is merely alike; without `similar` nothing is looked for beyond what was
    suggested for the lists. Of several prices of one offer the newest counts.
    """
    by_pk = {each.pk: each for each in lists}
    standings, scores = _decided(product, lists)
    rejected = {pk for pk, found in standings.items() if found == MatchDecision.REJECTED}
    for pk in _same_gtin(facts, lists):
        standings.setdefault(pk, CONFIRMED)
    alike = _alike(facts, lists, skip=standings, most=most, embed=embed) if similar else []
    for one in alike:
        standings[one.row] = SUGGESTED if one.score >= SUGGEST else SIMILAR
        scores[one.row] = one.score
    wanted = standings.keys() - rejected
    rows = CompetitorRow.objects.filter(pk__in=wanted)
    newest = _newest(rows, by_pk)
    newest.sort(
        key=lambda row: (STANDINGS.index(standings[row.pk]), -scores.get(row.pk, 1.0), row.pk)
    )
    return [
        _comparable(
            row, by_pk[row.list_id], cast("Standing", standings[row.pk]), scores.get(row.pk)
        )
        for row in newest[:most]
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
    row: CompetitorRow, of: CompetitorList, standing: Standing, score: float | None
) -> Comparable:
    return Comparable(
        key=f"row-{row.pk}",
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
        url=of.get_absolute_url(),
        address=row.url,
    )


def claims_in(text: str) -> list[str]:
    """The phrases of a text that claim something, each once: bullets, parts, short sentences."""
    phrases = (" ".join(part.split()).strip(" -–*.,") for part in _CLAIM_ENDS.split(text))
    kept = (phrase for phrase in phrases if MIN_CLAIM <= len(phrase) <= MAX_CLAIM)
    return list(dict.fromkeys(kept))[:MAX_CLAIMS]
