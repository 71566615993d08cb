"""The ledger's present answers: which row of a field counts, kept where pages and the index read it.

They follow from the ledger and the vocabulary. Who changes the ledger projects what was touched in
the same transaction; who changes the vocabulary leaves that to a job, see `reprojecting`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from catalog.channels.marking import readiness_mark
from catalog.ingest import wake
from catalog.models import (
    Category,
    CurrentAttribute,
    CurrentTerm,
    Decision,
    LedgerEntry,
    Placement,
    Product,
    Source,
)
from catalog.models.outbox import CHUNK, record_index_changes
from catalog.models.sources import MACHINE_SOURCES, PRECEDENCE
from catalog.services.approval import approval_refresh
from catalog.services.attribute_values import CATEGORY, COLUMN_FIELDS, Definitions
from catalog.services.reviewing import reviews_mark
from catalog.textsearch.documents import text_documents_refresh

# Of what something is said: a product or one of its variants, a field, a language.
Place = tuple[int, int | None, str, str]
MAX_TERM = 160


def lock_products(ids: Iterable[int]) -> list[Product]:
    """Hold these products until the transaction ends; returns them as they are stored.

    Who takes several takes them in this order, and before their points and their ledger's rows.
    """
    held: list[Product] = []
    ordered = sorted(ids)
    for start in range(0, len(ordered), CHUNK):
        rows = Product.objects.select_for_update(no_key=True).order_by("pk")
        held += rows.filter(pk__in=ordered[start : start + CHUNK])
    return held


def tell_points(product_ids: Collection[int]) -> None:
    """Have the index learn anew what filters find the photos of these products by."""
    ids = list(product_ids)
    points: list[int] = []
    for start in range(0, len(ids), CHUNK):
        placements = Placement.objects.filter(product__in=ids[start : start + CHUNK])
        points += placements.values_list("pk", flat=True)
    # All at once: rows of the outbox are always locked in ascending order.
    record_index_changes(points, vector=False)
    wake.on_commit(wake.INDEX)


def project(
    products: Iterable[Product],
    fields: Iterable[str],
    *,
    told: bool = False,
    definitions: Definitions | None = None,
) -> int:
    """Bring the projection of some fields of products in line with the ledger and the vocabulary.

    Runs in the caller's transaction, takes as many queries for many products as for one, and tells
    the index of those that change, unless the caller did (`told`). Returns how many changed. Fields
    that are columns have no projection; what of them awaits a person is marked like that of others.
    """
    names = sorted(set(fields))
    projected = [name for name in names if name not in COLUMN_FIELDS]
    own = {product.pk: product for product in products}
    # Two writers of one product project one after the other, and each reads ledger and vocabulary
    # when it holds the product: what was read before may be outdated by then.
    held = lock_products(own.keys()) if names else []
    definitions = definitions or Definitions(projected)
    changed = 0
    for start in range(0, len(held), CHUNK):
        some = {product.pk: product for product in held[start : start + CHUNK]}
        if projected:
            changes = _Changes(some, projected, definitions)
            if changes.product_ids and not told:
                # Before the texts: who changes a variant takes these two in this order.
                tell_points(changes.product_ids)
            changes.write()
            changed += len(changes.product_ids)
        reviews_mark(some.keys(), names, definitions)
    if CATEGORY in names:
        for product in held:
            own[product.pk].category_id = product.category_id
    return changed


def _winners(
    ids: Collection[int], names: Collection[str], definitions: Definitions
) -> tuple[dict[Place, LedgerEntry], dict[str, Category]]:
    """The row that counts at each place, and the categories that they name by path."""
    standing = LedgerEntry.objects.standing().filter(product__in=ids, field__in=names)
    rows = list(standing.order_by("created_at", "pk"))
    paths = {row.value[0] for row in rows if row.field == CATEGORY and row.value}
    categories = Category.objects.in_bulk(paths, field_name="path")
    winners: dict[Place, LedgerEntry] = {}
    for row in rows:
        if _is_undecided(row) and not _may_count(row, definitions):
            continue
        if row.field == CATEGORY and row.value and row.value[0] not in categories:
            continue  # deleted since; nobody said that there is none, so the next best counts
        place = (row.product_id, row.variant_id, row.field, row.locale)
        order = definitions.precedence(row.field)
        if place not in winners or _weight(row, order) >= _weight(winners[place], order):
            winners[place] = row
    return winners, categories


def _is_undecided(entry: LedgerEntry) -> bool:
    return entry.source in MACHINE_SOURCES and entry.decision != Decision.ACCEPTED


def _may_count(entry: LedgerEntry, definitions: Definitions) -> bool:
    """Whether a machine's word counts although nobody has decided on it."""
    if entry.source not in PRECEDENCE or not definitions.machine_may_set(entry.field):
        return False
    return entry.value is None or bool(_counting(entry, definitions))


def _counting(entry: LedgerEntry, definitions: Definitions) -> list | None:
    """What of the row's value counts, in today's terms."""
    value = definitions.today(entry.field, entry.value)
    return definitions.undisputed(entry.field, value) if _is_undecided(entry) else value


def _weight(entry: LedgerEntry, order: Sequence[str]) -> tuple[int, datetime]:
    """Greater wins: the better source, then the later word; accepting is a word of its own."""
    if entry.decision == Decision.ACCEPTED:
        # An accepted suggestion stands like a person's word.
        return -order.index(Source.PERSON), entry.decided_at or entry.created_at
    return -order.index(entry.source), entry.created_at


@dataclass
class _Terms:
    """A row of the projection and the terms that filters should find it by."""

    current: CurrentAttribute
    values: set[str]


class _Changes:
    """What has to be written so that the projection of some products is right."""

    def __init__(
        self, products: Mapping[int, Product], names: Collection[str], definitions: Definitions
    ) -> None:
        self.product_ids: set[int] = set()
        self._products = products
        self._new: list[CurrentAttribute] = []
        self._other: list[CurrentAttribute] = []
        self._terms: list[_Terms] = []
        self._moved: list[Product] = []
        self._reworded: set[int] = set()
        self._definitions = definitions
        winners, categories = _winners(products.keys(), names, self._definitions)
        current = CurrentAttribute.objects.filter(product__in=products.keys(), field__in=names)
        present = {
            (row.product_id, row.variant_id, row.field, row.locale): row
            for row in current.prefetch_related("terms")
        }
        self._gone = [present[place] for place in present.keys() - winners.keys()]
        for row in self._gone:
            self._note(row)
        for place, entry in winners.items():
            self._compare(present.get(place), entry)
        if CATEGORY in names:
            for pk, product in products.items():
                self._categorise(product, winners.get((pk, None, CATEGORY, "")), categories)

    def _note(self, row: CurrentAttribute) -> None:
        self.product_ids.add(row.product_id)
        if row.field == CATEGORY:
            # Whose word the category is decides whether it is one of the product's words.
            self._reworded.add(row.product_id)

    def _compare(self, present: CurrentAttribute | None, entry: LedgerEntry) -> None:
        value = _counting(entry, self._definitions)
        wanted = {
            "entry_id": entry.pk,
            "value": value,
            "source": entry.source,
            "confidence": entry.confidence,
            "locked": entry.source == Source.PERSON or entry.decision == Decision.ACCEPTED,
        }
        row = present or CurrentAttribute(
            product_id=entry.product_id,
            variant_id=entry.variant_id,
            field=entry.field,
            locale=entry.locale,
        )
        offered = self._definitions.offered(entry.field, value)
        terms = {str(each)[:MAX_TERM] for each in offered}
        there = {term.value for term in present.terms.all()} if present else set()
        differs = {name: now for name, now in wanted.items() if getattr(row, name) != now}
        if terms != there:
            self._terms.append(_Terms(row, terms))
        if not differs and terms == there:
            return
        for name, now in differs.items():
            setattr(row, name, now)
        row.updated_at = timezone.now()
        (self._other if present else self._new).append(row)
        self._note(row)

    def _categorise(
        self, product: Product, entry: LedgerEntry | None, categories: Mapping[str, Category]
    ) -> None:
        path = entry.value[0] if entry is not None and entry.value else None
        category = categories[path] if path else None
        if product.category_id != (category and category.pk):
            product.category = category
            product.updated_at = timezone.now()
            self._moved.append(product)
            self.product_ids.add(product.pk)
            self._reworded.add(product.pk)

    def write(self) -> None:
        """Write it. The index and the texts are told once for all, not by each of these rows."""
        # The managers that tell nobody.
        rows, products = CurrentAttribute._base_manager, Product._base_manager  # noqa: SLF001 -- Django's public API
        CurrentAttribute.objects.filter(pk__in=[row.pk for row in self._gone]).delete()
        rows.bulk_create(self._new)
        fields = ["value", "source", "confidence", "locked", "entry", "updated_at"]
        rows.bulk_update(self._other, fields)
        self._write_terms()
        products.bulk_update(self._moved, ["category", "updated_at"])
        text_documents_refresh(self._reworded)
        approval_refresh(self.product_ids)
        readiness_mark(self.product_ids)

    def _write_terms(self) -> None:
        CurrentTerm.objects.filter(current__in=[each.current for each in self._terms]).delete()
        CurrentTerm.objects.bulk_create(
            CurrentTerm(
                current=each.current,
                catalog_id=self._products[each.current.product_id].catalog_id,
                product_id=each.current.product_id,
                field=each.current.field,
                value=value,
            )
            for each in self._terms
            for value in sorted(each.values)
        )
