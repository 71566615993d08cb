"""What an import will do with each product of its file: found out without writing anything.

The preview shows it, and the import finds it out again of what it is about to write, holding the
products: whatever a person changed in between is seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.text import slugify

from catalog.importing.cleaning import Cleaner
from catalog.importing.differing import Differences
from catalog.importing.known import Ambiguous, Known, Present, present
from catalog.importing.options import Options
from catalog.importing.plans import Headers, Plan, VariantPlan
from catalog.importing.variants import variants_paired
from catalog.interchange.records import Problem, ProductRecord, VariantRecord
from catalog.models import (
    Import,
    ImportItem,
    ImportMode,
    ItemState,
    Product,
    ProductStatus,
    Variant,
)

MAX_VARIANTS = 1000
ONLY_NEW = "This product is in the catalogue already, and only new ones are to be created."
ONLY_KNOWN = "No product of the catalogue has its {}, and none are to be created."
NEEDS_TITLE = "A new product needs a title. Fill it in."
NOT_APPROVED = "Only reviewers and owners approve products: it waits in review."


class Planner:
    """Plans items of one import. `may_approve`: whether the file's own word may approve products."""

    def __init__(self, source: Import, *, may_approve: bool) -> None:
        self.source = source
        self.options = Options.of(source.options)
        self._headers = Headers(source.mapping)
        self._may_approve = may_approve

    def meant(self, items: Sequence[ImportItem]) -> set[int]:
        """The products that items are about, to be held before they are planned for good."""
        plans = [Plan(item, ProductRecord.of_json(item.record)) for item in items]
        known = Known(self.source.catalog, [plan.record for plan in plans])
        return {pk for plan in plans if (pk := self._match(plan, known)) is not None}

    def plans(self, items: Sequence[ImportItem]) -> list[Plan]:
        """A plan for each item, in their order."""
        plans = [Plan(item, ProductRecord.of_json(item.record)) for item in items]
        records = [plan.record for plan in plans]
        known = Known(self.source.catalog, records)
        meant = {plan.item.pk: self._match(plan, known) for plan in plans}
        ids = {pk for pk in meant.values() if pk is not None}
        there = present(ids, self.source.format)
        cleaner = Cleaner(_fields(records), self.source.catalog.language)
        self.definitions = cleaner.definitions
        for plan in plans:
            pk = meant[plan.item.pk]
            self._plan(plan, there.get(pk) if pk else None, known, cleaner)
        return plans

    def _match(self, plan: Plan, known: Known) -> int | None:
        try:
            found = known.match(plan.record, self.options.order)
        except Ambiguous as error:
            plan.refuse(str(error))
            return None
        # Photos alone name no code: a person or their names have said whose they are.
        return found if found is not None else plan.item.product_id

    def _plan(self, plan: Plan, there: Present | None, known: Known, cleaner: Cleaner) -> None:
        if plan.is_refused:
            return
        plan.present = there
        if there is not None and self.options.mode == ImportMode.CREATE:
            plan.state = ItemState.SKIPPED
            plan.product = there.product
            plan.warn(plan.row, "", ONLY_NEW)
            return
        if there is None and self.options.mode == ImportMode.UPDATE:
            plan.state = ItemState.SKIPPED
            plan.warn(plan.row, "", ONLY_KNOWN.format(" or ".join(self.options.order)))
            return
        plan.product = there.product if there else self._new(plan)
        differences = Differences(plan, self.options, self._headers, cleaner)
        differences.product()
        if there is None and not plan.product.title:
            plan.refuse(NEEDS_TITLE, header=self._headers.of("product", "title"))
            return
        if not self._variants(plan, known, differences):
            plan.state = ItemState.REFUSED
            return
        differences.attributes()
        differences.cells()
        if there is None:
            plan.state = ItemState.CREATE
        elif differences.found():
            plan.state = ItemState.UPDATE

    def _new(self, plan: Plan) -> Product:
        catalog = self.source.catalog
        fields = plan.record.fields
        handle = slugify(fields.get("handle") or "")[:160]
        status = fields.get("status") or self.options.status
        if status not in ProductStatus.values:
            header = self._headers.of("product", "status")
            plan.warn(plan.row, header, f"“{status}” is no status. It is imported as a draft.")
            status = ProductStatus.DRAFT
        if status == ProductStatus.APPROVED and not self._may_approve:
            plan.note(plan.row, self._headers.of("product", "status"), NOT_APPROVED)
            status = ProductStatus.IN_REVIEW
        return Product(
            catalog=catalog, created_by=self.source.created_by, handle=handle, status=status
        )

    def _variants(self, plan: Plan, known: Known, differences: Differences) -> bool:
        """The variants of the plan; those with a SKU of another product stay out. False when nothing
        is left.
        """
        assert plan.product is not None
        records = self._own(plan, known)
        if plan.record.variants and not records:
            return False
        if len(records) > MAX_VARIANTS:
            plan.refuse(f"A product has at most {MAX_VARIANTS} variants.")
            return False
        there = plan.present
        if there is None:
            records = records or [VariantRecord()]
        pairs = variants_paired(records, there.variants if there else [])
        last = max((row.position for row in there.variants), default=-1) if there else -1
        for record, row in pairs:
            new = row is None
            if new:
                last += 1
                row = Variant(  # noqa: PLW2901 -- the row that the record is about
                    product=plan.product,
                    catalog=plan.product.catalog,
                    currency=plan.product.catalog.currency,
                    position=last,
                )
            assert row is not None
            variant = VariantPlan(row, record, is_new=new)
            plan.variants.append(variant)
            differences.variant(variant)
        if there is not None and records:
            missing = len(there.variants) - sum(not variant.is_new for variant in plan.variants)
            if missing:
                words = "One variant is" if missing == 1 else f"{missing} variants are"
                plan.note(plan.row, "", f"{words} not in the file. Nothing of them changes.")
        return True

    def _own(self, plan: Plan, known: Known) -> list[VariantRecord]:
        """The records of variants without those whose SKU is taken, within the record or by others."""
        header = self._headers.of("variant", "sku")
        own = plan.present.product.pk if plan.present else None
        found: list[VariantRecord] = []
        seen: set[str] = set()
        for record in plan.record.variants:
            sku = (record.fields.get("sku") or "").strip()
            if sku and sku in seen:
                message = f"This SKU stands in several rows of the product: “{sku}”."
                plan.problems.append(_error(record, header, message))
                continue
            if sku and known.by_sku.get(sku, own) != own:
                message = f"Another product of the catalogue has this SKU: “{sku}”."
                plan.problems.append(_error(record, header, message))
                continue
            seen.add(sku)
            found.append(record)
        return found


def _error(record: VariantRecord, header: str, message: str) -> Problem:
    return Problem(record.row, header, message)


def _fields(records: Sequence[ProductRecord]) -> set[str]:
    """The attributes that the records speak of, without languages."""
    return {
        name.partition("@")[0]
        for record in records
        for attributes in (record.attributes, *(each.attributes for each in record.variants))
        for name in attributes
    }
