"""Which of the machines' words a person is yet to decide on: `LedgerEntry.awaits_review`.

At each place (a product or variant, a field, a language; for alternative texts also a photo) at most
one word awaits a person: of the standing, undecided ones of machines that of the best source, then
the newest; a tool's comes before what machines say by themselves, since a person wanted it. It does
not when people, an import or the product's own column say the same already, nor
when there is nothing it could be accepted for: a category or photo that is gone. What machines had
said when a person accepted one of their words, or wrote another value in place of one, was decided
on with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Q

from catalog.models import Category, Decision, LedgerEntry, Placement, Product, Source, Variant
from catalog.models.outbox import CHUNK
from catalog.models.sources import MACHINE_SOURCES
from catalog.services.attribute_values import CATEGORY, COLUMN_FIELDS, Definitions

ALT_TEXT = "alt_text"
PRODUCT_COLUMNS = frozenset({"title", "description", "brand"})
MONEY_COLUMNS = frozenset({"price", "compare_at_price", "cost"})

# Of what a suggestion is made: product, variant, field, language, and the photo of its text.
Place = tuple[int, int | None, str, str, int | None]


def reviews_mark(
    products: Iterable[int], fields: Collection[str], definitions: Definitions | None = None
) -> None:
    """Bring `awaits_review` of some fields of products in line with what stands of them.

    Runs in the caller's transaction, which holds the products, and takes as many queries for many
    products as for one. `definitions` are the fields', where they were read already.
    """
    ids = sorted(set(products)) if fields else []
    for start in range(0, len(ids), CHUNK):
        _mark(ids[start : start + CHUNK], sorted(fields), definitions)


def _mark(ids: Sequence[int], fields: Sequence[str], definitions: Definitions | None) -> None:
    said = Q(retracted_at=None) | Q(awaits_review=True)
    words = LedgerEntry.objects.filter(said, product__in=ids, field__in=fields).order_by()
    if not words.filter(source__in=MACHINE_SOURCES).exists():
        return
    rows = list(words)
    wanted = _awaiting(rows, definitions or Definitions(fields))
    for flag in (True, False):
        wrong = [r.pk for r in rows if r.awaits_review != flag and (r.pk in wanted) == flag]
        for start in range(0, len(wrong), CHUNK):
            some = LedgerEntry.objects.filter(pk__in=wrong[start : start + CHUNK])
            some.update(awaits_review=flag)


@dataclass
class _Words:
    """What is said at one place: the words of machines that nobody decided on, the best one of
    people, and when people last decided on what there was.
    """

    undecided: list[LedgerEntry] = field(default_factory=list)
    settled: LedgerEntry | None = None
    written: set[datetime] = field(default_factory=set)
    rejected: list[LedgerEntry] = field(default_factory=list)
    accepted_at: datetime | None = None

    def suggested(self, order: Sequence[str]) -> LedgerEntry | None:
        """The best undecided word that was said since."""
        since = self._decided_at()
        best: LedgerEntry | None = None
        for row in self.undecided:
            if since is None or row.created_at > since:
                best = _better(row, best, order)
        return best

    def _decided_at(self) -> datetime | None:
        # A rejection with another value in its place: both at one moment, or the column's text.
        replaced = [
            row.decided_at
            for row in self.rejected
            if row.decided_at and (row.overwrote or row.decided_at in self.written)
        ]
        moments = [*replaced, *([self.accepted_at] if self.accepted_at else [])]
        return max(moments, default=None)


@dataclass
class _Facts:
    """What the products themselves say, as far as somebody suggests something of it."""

    products: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    variants: Mapping[int, list[Mapping[str, Any]]] = field(default_factory=dict)
    texts: Mapping[tuple[int, int], str] = field(default_factory=dict)


def _awaiting(rows: Sequence[LedgerEntry], definitions: Definitions) -> set[int]:
    """The ids of the rows that await a person."""
    categories = _categories(rows)
    places: dict[Place, _Words] = {}
    for row in rows:
        if row.retracted_at is not None:
            continue
        words = places.setdefault(place_of(row), _Words())
        if row.decision == Decision.REJECTED:
            words.rejected.append(row)
            continue
        if row.source == Source.PERSON:
            words.written.add(row.created_at)
        if row.field == CATEGORY and row.value and row.value[0] not in categories:
            continue
        if row.source in MACHINE_SOURCES and row.decision == Decision.NONE:
            words.undecided.append(row)
            continue
        words.settled = _better(row, words.settled, definitions.precedence(row.field))
        if row.decision == Decision.ACCEPTED and row.decided_at:
            words.accepted_at = max(words.accepted_at or row.decided_at, row.decided_at)
    found = [
        (best, words.settled)
        for (_, _, name, _, _), words in places.items()
        if (best := words.suggested(definitions.precedence(name)))
    ]
    facts = _facts([best for best, _ in found])
    return {best.pk for best, settled in found if not _is_said(best, settled, facts, definitions)}


def place_of(row: LedgerEntry) -> Place:
    """Of what a row of the ledger says something."""
    photo = row.photo_id if row.field == ALT_TEXT else None
    return (row.product_id, row.variant_id, row.field, row.locale, photo)


def _categories(rows: Sequence[LedgerEntry]) -> set[str]:
    paths = {row.value[0] for row in rows if row.field == CATEGORY and row.value}
    if not paths:
        return set()
    return set(Category.objects.filter(path__in=paths).values_list("path", flat=True))


def _better(row: LedgerEntry, other: LedgerEntry | None, order: Sequence[str]) -> LedgerEntry:
    return row if other is None or _rank(row, order) > _rank(other, order) else other


def _rank(row: LedgerEntry, order: Sequence[str]) -> tuple[int, datetime, int]:
    if row.decision == Decision.ACCEPTED:
        # An accepted suggestion stands like a person's word.
        return (-order.index(Source.PERSON), row.decided_at or row.created_at, row.pk)
    place = -order.index(row.source) if row.source in order else 1
    return (place, row.created_at, row.pk)


def _facts(suggested: Sequence[LedgerEntry]) -> _Facts:
    """The columns that are suggested to be otherwise, in a query for each table."""

    def of(*fields: str) -> set[int]:
        return {row.product_id for row in suggested if row.field in fields}

    facts = _Facts()
    if ids := of(*PRODUCT_COLUMNS):
        columns = Product.objects.filter(pk__in=ids).values("pk", *PRODUCT_COLUMNS)
        facts.products = {row["pk"]: row for row in columns}
    if ids := of(*MONEY_COLUMNS):
        sold: dict[int, list[Mapping[str, Any]]] = {}
        variants = Variant.objects.alive().filter(product__in=ids).order_by("pk")
        for row in variants.values("pk", "product_id", *MONEY_COLUMNS):
            sold.setdefault(row["product_id"], []).append(row)
        facts.variants = sold
    if ids := of(ALT_TEXT):
        shown = Placement.objects.alive().filter(product__in=ids)
        texts = shown.values_list("product_id", "photo_id", "alt_text")
        facts.texts = {(product, photo): text for product, photo, text in texts}
    return facts


def _is_said(
    row: LedgerEntry, settled: LedgerEntry | None, facts: _Facts, definitions: Definitions
) -> bool:
    """Whether there is nothing to decide on: what the row says is so, or has no place any more."""
    text = str(row.value[0]) if row.value else ""
    if row.field == ALT_TEXT:
        shown = facts.texts.get((row.product_id, row.photo_id or 0))
        return shown is None or shown == text
    if row.field in PRODUCT_COLUMNS:
        return bool(facts.products[row.product_id][row.field] == text)
    if row.field in MONEY_COLUMNS:
        return _is_amount(_of_variant(row, facts), text)
    if row.field in COLUMN_FIELDS or settled is None:
        return False
    return _same(
        definitions.today(row.field, row.value), definitions.today(row.field, settled.value)
    )


def _of_variant(row: LedgerEntry, facts: _Facts) -> Decimal | None:
    """The amount that the row would replace: its variant's, or that of the product's only one."""
    sold = facts.variants.get(row.product_id, [])
    meant = [each for each in sold if row.variant_id in {None, each["pk"]}]
    return meant[0][row.field] if len(meant) == 1 else None


def _is_amount(amount: Decimal | None, text: str) -> bool:
    try:
        return amount == (Decimal(text) if text else None)
    except InvalidOperation:
        return False


def _same(one: list | None, other: list | None) -> bool:
    """Whether two values are the same, in whatever order they name what belongs to them."""
    return {repr(each) for each in one or ()} == {repr(each) for each in other or ()}
