"""What a vision model's answers change, field by field, before and after they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from catalog.models import (
    Batch,
    CurrentAttribute,
    Decision,
    LedgerEntry,
    Placement,
    Product,
    Source,
    TrialResult,
)
from catalog.models.sources import PRECEDENCE
from catalog.services.attribute_values import COLUMN_FIELDS, Definitions
from catalog.services.ledger import ALT_TEXT

# Of what something is said: a product, a field, a language, and for alt texts a photo.
Place = tuple[int, str, str, int | None]
# What of a product's own columns a suggestion is compared with.
TEXTS = frozenset({"title", "description", "brand"})


class Kind(StrEnum):
    """What an answer does to a field."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    SUGGESTED = "suggested"  # waits for a person, as machines may only suggest it
    KEPT = "kept"  # somebody's word counts more: it stays, and this is a suggestion
    REJECTED = "rejected"  # a person rejected it before: it is not said again
    GONE = "gone"  # the model said it before and does not any more
    UNDONE = "undone"  # was written, and was taken back or replaced since


@dataclass(frozen=True)
class Difference:
    """One field of one product: its value before, what was answered, and what that does."""

    product_id: int
    field: str
    locale: str
    photo_id: int | None
    before: list | None
    after: list | None
    kind: Kind
    confidence: float | None = None


def summary(differences: Iterable[Difference]) -> dict[str, Counter[Kind]]:
    """How many of each kind there are of each field."""
    counted: dict[str, Counter[Kind]] = {}
    for each in differences:
        counted.setdefault(each.field, Counter())[each.kind] += 1
    return counted


def trial_differences(results: Sequence[TrialResult]) -> list[Difference]:
    """What the answers of a trial would change if they were written now."""
    ids = [result.product_id for result in results]
    said = [value for result in results for value in result.values]
    fields = {value["field"] for value in said}
    fields |= {field for result in results for field in result.considered}
    ground = _Ground(ids, fields)
    found = []
    for result in results:
        answered = set()
        for value in result.values:
            place = _place(
                result.product_id, value["field"], value.get("locale", ""), value.get("photo_id")
            )
            answered.add(place)
            words = value.get("proposed", [])
            only_words = bool(words) and not value["value"]
            found.append(
                Difference(
                    *place,
                    ground.before(place),
                    [*(value["value"] or []), *words] or None,
                    Kind.SUGGESTED if only_words else ground.kind(place, value["value"]),
                    value.get("confidence"),
                )
            )
        found += ground.silent(result, answered)
    return found


def _place(product_id: int, field: str, locale: str, photo_id: int | None) -> Place:
    return product_id, field, locale, photo_id if field == ALT_TEXT else None


class _Ground:
    """What counts now, and what was rejected, of some fields of some products."""

    def __init__(self, ids: Collection[int], fields: Collection[str]) -> None:
        self._definitions = Definitions(fields)
        rows = CurrentAttribute.objects.filter(product__in=ids, field__in=fields, variant=None)
        self._current: dict[Place, CurrentAttribute] = {
            (row.product_id, row.field, row.locale, None): row for row in rows
        }
        rejected = LedgerEntry.objects.filter(
            product__in=ids,
            variant=None,
            field__in=fields,
            source=Source.VISION_LLM,
            decision=Decision.REJECTED,
            retracted_at=None,
        )
        self._rejected = [
            (_place(row.product_id, row.field, row.locale, row.photo_id), row.value)
            for row in rejected
        ]
        self._texts = _texts(ids)

    def before(self, place: Place) -> list | None:
        if place[1] in COLUMN_FIELDS:
            text = self._texts.get(place[0], {}).get((place[1], place[3]), "")
            return [text] if text else None
        row = self._current.get(place)
        return row.value if row else None

    def kind(self, place: Place, value: list | None) -> Kind:
        field = place[1]
        if (place, value) in self._rejected:
            return Kind.REJECTED
        before = self.before(place)
        if before is not None and before == value:
            return Kind.SAME
        if field in COLUMN_FIELDS or not self._definitions.machine_may_set(field):
            return Kind.SUGGESTED
        row = self._current.get(place)
        if row is None:
            return Kind.NEW
        return Kind.KEPT if self._outranks(row) else Kind.CHANGED

    def silent(self, result: TrialResult, answered: Collection[Place]) -> list[Difference]:
        """What the model said earlier and is silent about now."""
        return [
            Difference(*place, row.value, None, Kind.GONE)
            for place, row in self._current.items()
            if place[0] == result.product_id
            and place not in answered
            and row.field in result.considered
            and row.source == Source.VISION_LLM
            and not row.locked
        ]

    def _outranks(self, row: CurrentAttribute) -> bool:
        order = self._definitions.precedence(row.field)
        return row.locked or order.index(row.source) < order.index(Source.VISION_LLM)


def _texts(ids: Collection[int]) -> dict[int, dict[tuple[str, int | None], str]]:
    """The products' own texts, by product, then by field and photo."""
    found: dict[int, dict[tuple[str, int | None], str]] = {
        product.pk: {(name, None): getattr(product, name) for name in TEXTS}
        for product in Product.objects.filter(pk__in=ids)
    }
    for placement in Placement.objects.alive().filter(product__in=found):
        found[placement.product_id][ALT_TEXT, placement.photo_id] = placement.alt_text
    return found


def written_differences(batch: Batch, product_ids: Iterable[int]) -> list[Difference]:
    """What a run's batch wrote of some products, against what counted before it."""
    ids = list(product_ids)
    entries = list(batch.entries.filter(product__in=ids).order_by("product_id", "field", "pk"))
    earlier = _Earlier(entries)
    counting = set(
        CurrentAttribute.objects.filter(product__in=ids).values_list("entry_id", flat=True)
    )
    return [
        Difference(
            entry.product_id,
            entry.field,
            entry.locale,
            entry.photo_id,
            before := earlier.value(entry),
            entry.value,
            _written_kind(entry, before, counts=entry.pk in counting),
            entry.confidence,
        )
        for entry in entries
    ]


def _written_kind(entry: LedgerEntry, before: list | None, *, counts: bool) -> Kind:
    if entry.decision == Decision.REJECTED:
        return Kind.REJECTED
    if entry.retracted_at is not None:
        return Kind.UNDONE
    if counts:
        if before is None:
            return Kind.NEW
        return Kind.SAME if before == entry.value else Kind.CHANGED
    return Kind.SUGGESTED if entry.field in COLUMN_FIELDS or before is None else Kind.KEPT


class _Earlier:
    """What counted in a field when an entry was written."""

    def __init__(self, entries: Sequence[LedgerEntry]) -> None:
        fields = {entry.field for entry in entries} - COLUMN_FIELDS
        self._definitions = Definitions(fields)
        self._rows: dict[Place, list[LedgerEntry]] = {}
        rows = LedgerEntry.objects.filter(
            product__in={entry.product_id for entry in entries}, variant=None, field__in=fields
        )
        for row in rows.order_by("created_at", "pk"):
            self._rows.setdefault(_place_of(row), []).append(row)

    def value(self, entry: LedgerEntry) -> list | None:
        rows = self._rows.get(_place_of(entry), ())
        stood = [row for row in rows if _stood(row, entry) and _could_count(row, entry.created_at)]
        if not stood:
            return None
        order = self._definitions.precedence(entry.field)
        return max(stood, key=lambda row: self._weight(row, order, entry.created_at)).value

    def _weight(self, row: LedgerEntry, order: Sequence[str], at: datetime) -> tuple[int, datetime]:
        accepted = _is_accepted(row, at)
        source = Source.PERSON if accepted else row.source
        return -order.index(source), (row.decided_at if accepted else None) or row.created_at


def _place_of(row: LedgerEntry) -> Place:
    return _place(row.product_id, row.field, row.locale, row.photo_id)


def _is_accepted(row: LedgerEntry, at: datetime) -> bool:
    """Whether a person had accepted the row by then."""
    return row.decision == Decision.ACCEPTED and (row.decided_at or at) < at


def _could_count(row: LedgerEntry, at: datetime) -> bool:
    """Whether the row is of those that count by themselves, or was accepted by then."""
    return row.source in PRECEDENCE or _is_accepted(row, at)


def _stood(row: LedgerEntry, entry: LedgerEntry) -> bool:
    """Whether a row counted as standing when the entry was written."""
    at: Any = entry.created_at
    by_it = entry.batch_id is not None and row.retraction_batch_id == entry.batch_id
    taken_back = row.retracted_at is not None and row.retracted_at < at and not by_it
    rejected = row.decision == Decision.REJECTED and (row.decided_at or at) < at
    return row.pk < entry.pk and not taken_back and not rejected
