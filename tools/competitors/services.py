"""Every write of competitor lists: bringing, matching, deciding, deleting, and the ways back."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.models import Catalog, Product, Variant
from catalog.models.outbox import CHUNK
from catalog.services.attribute_values import check_text
from catalog.services.audit import audit
from catalog.services.locks import lock_row
from catalog.textsearch import normalise
from tools.competitors.matching import Likeness, Named, suggestions
from tools.competitors.reading import MAX_PROBLEMS, Problem, Reading, read_offers
from tools.models import CompetitorList, CompetitorMatch, CompetitorRow, Found, MatchDecision

# Suggestions are looked for among the newest products, so many and so long: somebody waits for it.
# By GTIN all products are looked up.
MOST_PRODUCTS, MOST_SECONDS = 20_000, 10.0
ELSEWHERE = "This product is not of the list's catalogue."
DECIDED = "Somebody has decided on this match since. Look at it again."


@dataclass(frozen=True)
class Matched:
    """How many rows are new matches by GTIN, and how many have new suggestions."""

    confirmed: int = 0
    suggested: int = 0


@dataclass(frozen=True)
class Imported:
    """What came of a file: the list, what was wrong row by row, and how it was understood."""

    list: CompetitorList
    matched: Matched
    problems: Sequence[Problem] = ()
    columns: dict[str, str] = field(default_factory=dict)
    attribute_columns: Sequence[str] = ()


def competitors_import(
    *, catalog: Catalog, actor: Any, name: str, source: str, as_of: date, data: bytes
) -> Imported:
    """Keep a file of what others sell as a list of the catalogue, matched with its products.

    A row that cannot be read is left out and said; it stops no other one. Rows that name no
    currency are in the catalogue's. Raises ValidationError, by field where it is about one, when
    the file as a whole cannot be used.
    """
    for label, text in (("name", name), ("source", source)):
        check_text(label, text)
    made = CompetitorList(
        catalog=catalog,
        name=name.strip(),
        source=source.strip(),
        as_of=as_of,
        currency=catalog.currency,
        uploaded_by=actor if getattr(actor, "pk", None) else None,
    )
    made.full_clean()
    if as_of > timezone.localdate():
        raise ValidationError({"as_of": ["The day is still to come."]})
    try:
        reading = read_offers(data, currency=catalog.currency, latest=timezone.localdate())
    except ValidationError as error:
        raise ValidationError({"file": error.messages}) from error
    with transaction.atomic():
        rows = _save(made, reading)
        audit(
            actor=actor,
            action="competitors.import",
            target=made,
            catalog=catalog,
            summary=made.name,
            data={"rows": len(rows), "problems": len(reading.problems), "source": made.source},
        )
    return Imported(
        list=made,
        matched=competitors_match(competitor_list=made),
        problems=reading.problems,
        columns=reading.columns,
        attribute_columns=reading.attribute_columns,
    )


def _save(made: CompetitorList, reading: Reading) -> list[CompetitorRow]:
    made.row_count = len(reading.offers)
    made.assumed_currency = reading.assumed_currency
    made.problems = [problem.json() for problem in reading.problems[:MAX_PROBLEMS]]
    made.save()
    return CompetitorRow.objects.bulk_create(
        [
            CompetitorRow(
                list=made,
                number=offer.number,
                title=offer.title,
                brand=offer.brand,
                gtin=offer.gtin,
                price=offer.price,
                currency=offer.currency,
                url=offer.url,
                attributes=offer.attributes,
                claims=offer.claims,
                seller=offer.seller,
                seen_on=offer.seen_on,
            )
            for offer in reading.offers
        ],
        batch_size=CHUNK,
    )


def competitors_match(*, competitor_list: CompetitorList) -> Matched:
    """Look for products that the rows may be: by GTIN, and by likeness as a suggestion.

    What is matched or decided already stays as it is. Of very large catalogues only the newest
    products are looked through for suggestions; the list keeps how many were not.
    """
    rows = list(competitor_list.rows.only("pk", "title", "brand", "gtin"))
    known = set(
        CompetitorMatch.objects.filter(row__list=competitor_list).values_list("row", "product")
    )
    equal = [pair for pair in _same_gtin(competitor_list.catalog, rows) if pair not in known]
    sure = {row for row, _ in known} | {row for row, _ in equal}
    open_rows = [Named(r.pk, r.title, r.brand) for r in rows if r.title and r.pk not in sure]
    newest = _Newest(competitor_list.catalog)
    alike: list[Likeness] = suggestions(open_rows, newest) if open_rows else []
    matches = [
        CompetitorMatch(row_id=row, product_id=product, found=Found.GTIN, score=1.0)
        for row, product in equal
    ] + [
        CompetitorMatch(
            row_id=one.row, product_id=one.product, found=Found.SIMILAR, score=one.score
        )
        for one in alike
    ]
    CompetitorMatch.objects.bulk_create(matches, batch_size=CHUNK, ignore_conflicts=True)
    competitor_list.passed_over = newest.passed_over if open_rows else 0
    competitor_list.save(update_fields=["passed_over"])
    return Matched(len({row for row, _ in equal}), len({one.row for one in alike}))


def _same_gtin(catalog: Catalog, rows: Sequence[CompetitorRow]) -> list[tuple[int, int]]:
    """Pairs of a row and a product that has a variant of the row's GTIN."""
    rows_of: dict[str, list[int]] = {}
    for row in rows:
        if row.gtin:
            rows_of.setdefault(row.gtin, []).append(row.pk)
    if not rows_of:
        return []
    variants = Variant.objects.alive().filter(catalog=catalog, product__deleted_at=None)
    pairs = dict.fromkeys(
        (row, product)
        for product, code in variants.exclude(gtin="").values_list("product_id", "gtin")
        for row in rows_of.get(normalise.gtin(code), ())
    )
    return list(pairs)


class _Newest:
    """The products of a catalogue, the newest first, until there are too many or it takes too long.

    `passed_over` says, after they were gone through, how many there would have been.
    """

    def __init__(self, catalog: Catalog) -> None:
        titled = Product.objects.alive().filter(catalog=catalog).exclude(title="")
        self._products = titled.order_by("-pk").values_list("pk", "title", "brand")
        self.passed_over = 0

    def __iter__(self) -> Iterator[Named]:
        until = time.monotonic() + MOST_SECONDS
        looked_at = 0
        for pk, title, brand in self._products[:MOST_PRODUCTS]:
            if time.monotonic() > until:
                break
            looked_at += 1
            yield Named(pk, title, brand)
        self.passed_over = self._products.count() - looked_at


@transaction.atomic
def match_confirm(*, row: CompetitorRow, product: Product, actor: Any) -> CompetitorMatch:
    """A person says that the row is this product. Raises ValidationError for another catalogue's."""
    return _decide(row, product, actor, MatchDecision.CONFIRMED)


@transaction.atomic
def match_reject(*, row: CompetitorRow, product: Product, actor: Any) -> CompetitorMatch:
    """A person says that the row is not this product. Raises ValidationError as `match_confirm`."""
    return _decide(row, product, actor, MatchDecision.REJECTED)


def _decide(row: CompetitorRow, product: Product, actor: Any, decision: str) -> CompetitorMatch:
    if product.catalog_id != row.list.catalog_id or product.deleted_at is not None:
        raise ValidationError(ELSEWHERE)
    lock_row(row)
    match = CompetitorMatch.objects.filter(row=row, product=product).first()
    match = match or CompetitorMatch(row=row, product=product, found=Found.PERSON)
    match.decision = decision
    match.decided_by = actor if getattr(actor, "pk", None) else None
    match.decided_at = timezone.now()
    match.save()
    _tell(match, actor, f"competitors.{decision}")
    return match


@transaction.atomic
def match_undo(*, match: CompetitorMatch, actor: Any) -> None:
    """Take a person's decision back: the match is again as it was found, or gone if nobody found it.

    Raises ValidationError where there is no decision any more.
    """
    lock_row(match.row)
    found = CompetitorMatch.objects.filter(pk=match.pk).exclude(decision="").first()
    if found is None:
        raise ValidationError(DECIDED)
    _tell(found, actor, "competitors.undo")
    if found.found == Found.PERSON:
        found.delete()
        return
    found.decision, found.decided_by, found.decided_at = MatchDecision.NONE, None, None
    found.save()


def _tell(match: CompetitorMatch, actor: Any, action: str) -> None:
    row = match.row
    audit(
        actor=actor,
        action=action,
        target=match,
        catalog=row.list.catalog,
        summary=f"{row} = {match.product}",
        data={"row": row.pk, "product": match.product_id, "list": row.list_id},
    )


@transaction.atomic
def competitor_list_delete(*, competitor_list: CompetitorList, actor: Any) -> None:
    """Hide a list everywhere; it can be brought back for 30 days."""
    lock_row(competitor_list)
    competitor_list.deleted_at = timezone.now()
    competitor_list.save(update_fields=["deleted_at"])
    _tell_list(competitor_list, actor, "competitors.delete")


@transaction.atomic
def competitor_list_restore(*, competitor_list: CompetitorList, actor: Any) -> None:
    lock_row(competitor_list)
    competitor_list.deleted_at = None
    competitor_list.save(update_fields=["deleted_at"])
    _tell_list(competitor_list, actor, "competitors.restore")


def _tell_list(competitor_list: CompetitorList, actor: Any, action: str) -> None:
    audit(
        actor=actor,
        action=action,
        target=competitor_list,
        catalog=competitor_list.catalog,
        summary=competitor_list.name,
    )


def competitor_lists_purge(deleted_before: datetime) -> int:
    """Remove for good the lists that were deleted before then; returns how many."""
    return (
        CompetitorList.objects.filter(deleted_at__lt=deleted_before)
        .delete()[1]
        .get("tools.CompetitorList", 0)
    )
