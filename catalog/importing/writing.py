"""Plans written to the catalogue: many in one transaction, with as few queries as for one."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify

from catalog.importing.items import rows_save
from catalog.importing.known import handles_in
from catalog.importing.plans import MOVES_TO, Plan, Value, VariantPlan
from catalog.importing.standing import standing
from catalog.models import (
    AttributeDefinition,
    Catalog,
    Decision,
    ForeignCells,
    Import,
    ItemState,
    LedgerEntry,
    Source,
)
from catalog.services.attribute_values import COLUMN_FIELDS, Definitions
from catalog.services.columns import column_text
from catalog.services.reviewing import MONEY_COLUMNS
from catalog.services.term_proposals import term_proposed
from catalog.services.written_many import Writes, products_write

VARIANTS = "variants"


class Writer:
    """Writes plans of one import, as whoever started it."""

    def __init__(self, source: Import, actor: Any) -> None:
        self._source = source
        self._actor = actor
        self._now = timezone.now()

    def write(self, plans: Sequence[Plan], definitions: Definitions) -> None:
        """Write them all, in the caller's transaction, who holds their products.

        Raises IntegrityError for what the database does not take.
        """
        wanted = [plan for plan in plans if plan.state in {ItemState.CREATE, ItemState.UPDATE}]
        definitions = self._propose(wanted, definitions)
        known = [plan.product.pk for plan in wanted if plan.present and plan.product]
        before = standing(known, self._source.format)
        writes = Writes()
        handles_given([p for p in wanted if p.present is None], self._source.catalog)
        for plan in wanted:
            self._add(plan, writes)
        self._give_way(wanted, writes)
        products_write(writes=writes, actor=self._actor, definitions=definitions)
        self._write_cells(wanted)
        self._write_items(plans, before)

    def _propose(self, plans: Sequence[Plan], definitions: Definitions) -> Definitions:
        """Propose the words that lists lack; the definitions with them."""
        words = sorted(set().union(*(plan.proposals for plan in plans))) if plans else []
        if not words:
            return definitions
        language = self._source.catalog.language
        attributes = AttributeDefinition.objects.filter(key__in={key for key, _ in words})
        by_key = {row.key: row for row in attributes}
        for key, word in words:
            term_proposed(attribute=by_key[key], value=word, language=language)
        return Definitions(definitions.by_key)

    def _add(self, plan: Plan, writes: Writes) -> None:
        assert plan.product is not None
        details = {"import": self._source.pk}
        if plan.present is None:
            writes.products.append(plan.product)
            writes.created.append((plan.product, plan.product.title, details))
        else:
            if plan.columns:
                writes.changed.setdefault(plan.product, set()).update(plan.columns)
            summary = ", ".join(str(change[0]) for change in plan.changes)
            changes = {str(what): [str(old), str(new)] for what, old, new in plan.changes}
            writes.updated.append((plan.product, summary, {**changes, **details}))
        for name, value in plan.columns.items():
            if name in COLUMN_FIELDS:
                writes.entries.append(self._column_entry(plan, None, name, value))
        for each in plan.variants:
            if each.is_new:
                writes.variants.append(each.row)
            elif each.changes:
                writes.changed.setdefault(each.row, set()).update(each.changes)
            for name in MONEY_COLUMNS & each.changes.keys():
                value = each.changes[name]
                writes.entries.append(self._column_entry(plan, each, name, value))
        writes.entries += [self._entry(plan, value) for value in plan.values]

    def _column_entry(
        self, plan: Plan, variant: VariantPlan | None, name: str, value: Any
    ) -> LedgerEntry:
        row = variant.row if variant else plan.product
        assert row is not None
        text = column_text(value)
        entry = self._row(plan, name, [text] if text else None)
        entry.variant = variant.row if variant else None
        entry.locale = "" if variant else self._source.catalog.language
        if row.pk:
            was = plan.before[variant.row.pk if variant else None, name]
            entry.overwrote = {str(row.pk): [column_text(was), text]}
        return entry

    def _entry(self, plan: Plan, value: Value) -> LedgerEntry:
        entry = self._row(plan, value.field, value.value)
        entry.variant = value.variant.row if value.variant else None
        entry.locale = value.locale
        return entry

    def _row(self, plan: Plan, field: str, value: list | None) -> LedgerEntry:
        return LedgerEntry(
            product=plan.product,
            field=field,
            value=value,
            source=Source.IMPORT,
            batch=self._source.batch,
            created_by=self._actor,
            created_at=self._now,
        )

    def _give_way(self, plans: Sequence[Plan], writes: Writes) -> None:
        """Take back people's words where they are to give way, so that undoing brings them back."""
        places = [(plan, value) for plan in plans for value in plan.values if value.over]
        if not places:
            return
        where = Q()
        for plan, value in places:
            variant = value.variant.row.pk if value.variant else None
            where |= Q(
                product=plan.product, variant=variant, field=value.field, locale=value.locale
            )
        words = Q(source=Source.PERSON) | Q(decision=Decision.ACCEPTED)
        LedgerEntry.objects.filter(where, words, retracted_at=None).update(
            retracted_at=self._now, retracted_by=self._actor, retraction_batch=self._source.batch
        )
        writes.fields |= {value.field for _, value in places}
        writes.touched |= {plan.product.pk for plan, _ in places if plan.product}

    def _write_cells(self, plans: Sequence[Plan]) -> None:
        new, other = [], []
        for plan in plans:
            for variant, cells in plan.cells:
                pk = variant.row.pk if variant else None
                known = plan.present.cells.get(pk) if plan.present else None
                if known is not None:
                    known.cells = cells
                    other.append(known)
                    continue
                row = variant.row if variant else None
                new.append(
                    ForeignCells(
                        product=plan.product,
                        variant=row,
                        format=self._source.format,
                        cells=cells,
                    )
                )
        ForeignCells.objects.bulk_create(new)
        ForeignCells.objects.bulk_update(other, ["cells"])

    def _write_items(self, plans: Sequence[Plan], before: dict[int, dict[str, Any]]) -> None:
        ids = [plan.product.pk for plan in plans if plan.product and not plan.is_refused]
        after = standing(ids, self._source.format)
        for plan in plans:
            item = plan.item
            if plan.state in {ItemState.CREATE, ItemState.UPDATE}:
                assert plan.product is not None
                item.state = (
                    ItemState.UPDATED if plan.state == ItemState.UPDATE else ItemState.CREATED
                )
                item.product = plan.product
                item.before = before.get(plan.product.pk)
                item.after = after[plan.product.pk]
                item.wrote = wrote(plan)
                item.changes = plan.changes
            else:
                item.state = plan.state
        fields = ["state", "product", "before", "after", "wrote", "changes"]
        rows_save([plan.item for plan in plans], fields)


def wrote(plan: Plan) -> dict[str, Any]:
    """What imports have written to the columns of the plan's product once it is written."""
    known = dict(plan.present.wrote) if plan.present else {}
    known.pop(MOVES_TO, None)
    sold = dict(known.pop(VARIANTS, {}))
    for each in plan.variants:
        pk = str(each.row.pk)
        sold[pk] = {**sold.get(pk, {}), **each.said}
    moves = {MOVES_TO: plan.moves_to} if plan.moves_to else {}
    return {**known, **plan.said, **moves, VARIANTS: sold}


def handles_given(plans: Sequence[Plan], catalog: Catalog) -> None:
    """Give new products the handles that the file names, or free ones of their titles."""
    stems = {slugify(plan.product.title)[:120] for plan in plans if plan.product}
    asked = {plan.product.handle for plan in plans if plan.product and plan.product.handle}
    taken = {handle for handle, _, _ in handles_in(catalog, stems)} | asked
    for plan in plans:
        product = plan.product
        if product is None or product.handle:
            continue
        stem = slugify(product.title)[:120]
        free = stem and stem not in taken
        product.handle = stem if free else f"{stem or 'product'}-{secrets.token_hex(4)}"
        taken.add(product.handle)
