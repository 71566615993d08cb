"""What stands behind a product's values: who said what, what waits for a decision, which act did it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, Func, IntegerField, OuterRef, Q, QuerySet, Subquery

from catalog.models import (
    Batch,
    Catalog,
    CurrentAttribute,
    Decision,
    LedgerEntry,
    Product,
    Source,
    VisionTask,
)
from catalog.models.sources import PRECEDENCE
from catalog.services.acts import Act
from catalog.services.batches import batch_rows
from catalog.services.ledger import ALT_TEXT

# The rows of a product's ledger that its history looks at, and the acts that it shows.
LOOKED_AT = 500
PEOPLE = ("created_by", "decided_by", "retracted_by", "batch", "decision_batch", "photo")


def suggestions_of(product: Product) -> list[LedgerEntry]:
    """What machines said of the product that a person is yet to decide on, surest first."""
    rows = LedgerEntry.objects.filter(product=product, awaits_review=True)
    ordered = rows.order_by(F("confidence").desc(nulls_last=True), "pk")
    return list(ordered.select_related("variant", *PEOPLE))


def words_behind(product: Product) -> dict[int, LedgerEntry]:
    """The rows of the ledger that count in the product's own attributes, by their ids."""
    current = CurrentAttribute.objects.filter(product=product, variant=None)
    rows = LedgerEntry.objects.filter(pk__in=current.values("entry"))
    return {row.pk: row for row in rows.select_related(*PEOPLE)}


def history_of(product: Product, name: str = "") -> list[LedgerEntry]:
    """Everything that was ever said of the product and its variants, newest first; of one field."""
    rows = LedgerEntry.objects.filter(product=product, **({"field": name} if name else {}))
    return list(rows.select_related("variant", *PEOPLE).order_by("-created_at", "-pk")[:LOOKED_AT])


def counting_in(product: Product, name: str) -> set[int]:
    """The ids of the rows that count in a field of the product and its variants."""
    current = CurrentAttribute.objects.filter(product=product, field=name)
    return set(current.values_list("entry_id", flat=True))


def entry_of(pk: int) -> LedgerEntry | None:
    """A row of the ledger by id, with who had to do with it."""
    return LedgerEntry.objects.filter(pk=pk).select_related("variant", *PEOPLE).first()


def entries_in(catalog: Catalog, ids: Collection[int]) -> list[LedgerEntry]:
    """The rows of these ids that are about products of the catalogue, by id."""
    rows = LedgerEntry.objects.filter(
        pk__in=ids, product__catalog=catalog, product__deleted_at=None
    )
    return list(rows.order_by("pk"))


def cannot_tell(product: Product) -> list[str]:
    """What the vision model says that the product's photos do not show; its own words."""
    task = VisionTask.objects.filter(product=product).first()
    return [each for each in task.cannot_tell if isinstance(each, str)] if task else []


@dataclass
class ActDone:
    """What one act wrote and decided of a product. `entry` and `decides` name it in addresses."""

    act: Act
    entry: LedgerEntry
    decides: bool
    at: datetime
    batch: Batch | None
    wrote: list[LedgerEntry] = field(default_factory=list)
    decided: list[LedgerEntry] = field(default_factory=list)

    @property
    def by(self) -> Any:
        """The person, None for a machine."""
        if self.batch is not None and self.batch.created_by_id is None:
            return None
        return self.entry.decided_by if self.decides else self.entry.created_by

    @property
    def stands(self) -> bool:
        """Whether there is anything left of it to take back."""
        return any(row.retracted_at is None for row in (*self.wrote, *self.decided))


def acts_of(product: Product) -> list[ActDone]:
    """What was done to the product's values, the newest act first."""
    rows = LedgerEntry.objects.filter(product=product).select_related(*PEOPLE)
    done: dict[Act, ActDone] = {}
    for row in rows.order_by("-created_at", "-pk")[:LOOKED_AT]:
        wrote = Act.that_wrote(row)
        of = done.setdefault(wrote, ActDone(wrote, row, False, row.created_at, row.batch))
        of.wrote.append(row)
        decided = Act.that_decided(row)
        if decided is not None:
            at = row.decided_at or row.created_at
            batch = row.decision_batch
            of = done.setdefault(decided, ActDone(decided, row, True, at, batch))
            of.decided.append(row)
            of.at = max(of.at, at)
    for of in done.values():
        of.wrote.sort(key=_written)
        of.decided.sort(key=_written)
    return sorted(done.values(), key=lambda each: each.at, reverse=True)


def _written(row: LedgerEntry) -> int:
    return row.pk


def batches_of(catalog: Catalog) -> QuerySet[Batch]:
    """Acts on the catalogue that can be undone as a whole, newest first.

    Each with how many values it wrote (`values_count`), how many suggestions it decided on
    (`decisions_count`) and on how many products (`products_count`).
    """
    wrote, decided = Q(batch=OuterRef("pk")), Q(decision_batch=OuterRef("pk"))
    return (
        Batch.objects.filter(catalog=catalog)
        .annotate(
            values_count=_count(wrote, "pk"),
            decisions_count=_count(decided, "pk"),
            products_count=_count(wrote | decided, "product"),
        )
        .select_related("created_by", "retracted_by", "went_back_to")
        .order_by("-created_at", "-pk")
    )


def _count(which: Q, of: str) -> Subquery:
    """How many different `of` the rows have that an outer query's row names."""
    count = Func(F(of), function="COUNT", template="COUNT(DISTINCT %(expressions)s)")
    rows = LedgerEntry.objects.filter(which).order_by().annotate(count=count).values("count")
    return Subquery(rows, output_field=IntegerField())


def products_of(batch: Batch) -> QuerySet[Product]:
    """The products that a batch touched and that are not deleted, by id."""
    touched = batch_rows(batch).order_by().values("product")
    return Product.objects.alive().filter(pk__in=touched).order_by("pk")


def rows_of(batch: Batch, products: Collection[Product]) -> dict[int, list[LedgerEntry]]:
    """What a batch wrote of some products and decided on there, by the products' ids."""
    rows = batch_rows(batch).filter(product__in=products).select_related("variant", *PEOPLE)
    found: dict[int, list[LedgerEntry]] = {}
    for row in rows.order_by("pk"):
        found.setdefault(row.product_id, []).append(row)
    return found


def before(
    batch: Batch, rows: Mapping[int, Sequence[LedgerEntry]]
) -> dict[int, LedgerEntry | None]:
    """What was said at the place of each row that a batch wrote, before it; by the rows' ids.

    The nearest earlier word that was not taken back by then, whoever's; None where there was none.
    """
    written = [row for own in rows.values() for row in own if row.batch_id == batch.pk]
    earlier = LedgerEntry.objects.filter(
        product__in=list(rows), field__in={row.field for row in written}
    ).exclude(batch=batch)
    by_place: dict[tuple, list[LedgerEntry]] = {}
    for row in earlier.order_by("created_at", "pk"):
        by_place.setdefault(_place(row), []).append(row)
    return {row.pk: _last_before(row, by_place.get(_place(row), ())) for row in written}


def _place(row: LedgerEntry) -> tuple:
    photo = row.photo_id if row.field == ALT_TEXT else None
    return row.product_id, row.variant_id, row.field, row.locale, photo


def _last_before(row: LedgerEntry, others: Iterable[LedgerEntry]) -> LedgerEntry | None:
    """The word that counted most when this one was written."""
    standing = [
        other
        for other in others
        if other.created_at <= row.created_at
        and (other.retracted_at is None or other.retracted_at >= row.created_at)
        and (other.source in PRECEDENCE or _was_accepted(other, row))
    ]
    return min(standing, key=lambda each: _strength(each, row), default=None)


def _strength(entry: LedgerEntry, row: LedgerEntry) -> tuple[int, float]:
    """Smaller is stronger: the better source, then the later word, as of when `row` was written."""
    accepted = _was_accepted(entry, row)
    source = Source.PERSON if accepted else entry.source
    at = entry.decided_at if accepted and entry.decided_at else entry.created_at
    return list(PRECEDENCE).index(Source(source)), -at.timestamp()


def _was_accepted(entry: LedgerEntry, row: LedgerEntry) -> bool:
    """Whether a person had accepted the entry when `row` was written."""
    at = entry.decided_at
    return entry.decision == Decision.ACCEPTED and at is not None and at <= row.created_at
