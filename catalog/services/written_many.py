"""Products and their variants, written by the hundred: what services for one do, once for all.

Django tells nobody of rows written in bulk, and telling of each by itself would take most of the
time. So the texts, the index, what compares products with how they were approved and what checks them for
channels are told here, once, as the signals of single saves tell them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import Model
from django.utils import timezone

from catalog.channels.marking import readiness_begin, readiness_mark
from catalog.models import LedgerEntry, Product, ProductStatus, Variant
from catalog.services.approval import approval_refresh, versions_record
from catalog.services.attribute_values import COLUMN_FIELDS, Definitions
from catalog.services.audit import audit_many
from catalog.services.projection import project, tell_points
from catalog.services.reviewing import reviews_mark
from catalog.textsearch.documents import text_documents_refresh

R = TypeVar("R", bound=Model)


@dataclass
class Writes:
    """What is to be written of products that the caller holds, checked already.

    Rows without an id are new, and new variants name their product by the object. `changed` names
    the columns of rows that are there. `entries` are new rows of the ledger, `fields` those of
    attributes that others of its rows were changed in. `created` and `updated` are the products of
    which the audit trail says so, with a summary and details.
    """

    products: list[Product] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    changed: dict[Model, set[str]] = field(default_factory=dict)
    entries: list[LedgerEntry] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    created: list[tuple[Product, str, dict[str, Any]]] = field(default_factory=list)
    updated: list[tuple[Product, str, dict[str, Any]]] = field(default_factory=list)


def products_write(*, writes: Writes, actor: Any, definitions: Definitions | None = None) -> None:
    """Write it all, in the caller's transaction and in as many queries for many as for one.

    New products that are approved are kept as versions. Raises IntegrityError for a SKU or handle
    that somebody else has taken.
    """
    # The managers that tell nobody.
    _create(Product, writes.products)
    _create(Variant, writes.variants)
    now = timezone.now()
    for row in writes.changed:
        if isinstance(row, Product):
            row.updated_at = now
            writes.changed[row].add("updated_at")
    changed_products = _change(Product, writes.changed)
    changed_variants = _change(Variant, writes.changed)
    LedgerEntry.objects.bulk_create(writes.entries)
    new = {row.pk for row in writes.products}
    moved = {row.pk for row in changed_products}
    moved |= {row.product_id for row in [*changed_variants, *writes.variants]} - new
    moved |= writes.touched | {entry.product_id for entry in writes.entries} - new
    # Before the texts: who changes a variant takes these two in this order.
    tell_points(moved)
    readiness_begin(new)
    _project(writes, new | moved, definitions)
    # After categories, which are among the words, so that no text is written twice.
    text_documents_refresh(new | moved)
    readiness_mark(moved)
    approval_refresh(moved)
    _tell(writes, actor)


def _create(model: type[R], rows: Sequence[R]) -> None:
    if rows:
        model._base_manager.bulk_create(rows)  # noqa: SLF001 -- Django's public API


def _change(model: type[R], changed: dict[Model, set[str]]) -> list[R]:
    rows = sorted((row for row in changed if isinstance(row, model)), key=lambda row: row.pk)
    names = set().union(*(changed[row] for row in rows)) if rows else set()
    if names:
        model._base_manager.bulk_update(rows, sorted(names))  # noqa: SLF001 -- Django's public API
    return rows


def _project(writes: Writes, ids: Collection[int], definitions: Definitions | None) -> None:
    by_id = {entry.product_id: entry.product for entry in writes.entries}
    for product in writes.products:
        by_id.setdefault(product.pk, product)
    for row in writes.changed:
        owner = row if isinstance(row, Product) else getattr(row, "product", None)
        if isinstance(owner, Product):
            by_id.setdefault(owner.pk, owner)
    missing = writes.touched - by_id.keys()
    by_id |= Product.objects.in_bulk(missing)
    fields = {entry.field for entry in writes.entries} | writes.fields
    if fields:
        project(by_id.values(), fields, told=True, definitions=definitions)
    columns: Iterable[str] = set().union(*writes.changed.values()) if writes.changed else ()
    reviews_mark(ids, (COLUMN_FIELDS & set(columns)) - fields, definitions)


def _tell(writes: Writes, actor: Any) -> None:
    for action, rows in (("product.create", writes.created), ("product.update", writes.updated)):
        audit_many(
            actor=actor,
            action=action,
            targets=[(product, summary) for product, summary, _ in rows],
            data=[data for _, _, data in rows],
        )
    approved = [row for row in writes.products if row.status == ProductStatus.APPROVED]
    if approved:
        versions_record(products=approved, actor=actor)
