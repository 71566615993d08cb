"""What an import will do with each product of its file: found out without writing anything.

The preview shows it, and the import finds it out again of what it is about to write, holding the
products: whatever a person changed in between is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.text import slugify

from catalog.importing.cleaning import Cleaner
from catalog.importing.differing import Differences
from catalog.importing.known import WORDS, Ambiguous, Known, Present, present
from catalog.importing.options import Options
from catalog.importing.plans import Headers, Plan, VariantPlan
from catalog.importing.variants import options_named, options_told_apart, variants_paired
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
MAX_HANDLE = 160
STATUS = "status"
# Puts plans of one product together, before they are made; the products by the ids of items.
Together = Callable[[list[Plan], dict[int, int | None]], list[Plan]]
ONLY_NEW = "This product is in the catalogue already, and only new ones are to be created."
ONLY_KNOWN = "No product of the catalogue has its {}, and none are to be created."
NEEDS_TITLE = "A new product needs a title. Fill it in."
SAME_OPTION = "Two options are called “{}”. This one is called “{}”: give each a name of its own."
OTHER_HANDLE = (
    "The file calls it “{file}”, but {what} “{text}” is that of the product “{product}”, with the handle "
    "“{handle}”: that one is updated, and keeps its handle.{other}"
)
OTHERS_HANDLE = " Another product has the handle “{file}”: “{other}”. Nothing of it changes."
# What feeds call a group is seldom what a shop calls its product.
GROUPS = frozenset({"google", "meta"})
NOT_APPROVED = "Only reviewers and owners approve products: it waits in review."
NOT_MOVED = "Only reviewers and owners move it from “{}” to “{}”: it stays where it is."


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

    def plans(self, items: Sequence[ImportItem], together: Together | None = None) -> list[Plan]:
        """A plan for each item, in their order; items that are `together` one product have one."""
        plans = [Plan(item, ProductRecord.of_json(item.record)) for item in items]
        known = Known(self.source.catalog, [plan.record for plan in plans])
        meant = {plan.item.pk: self._match(plan, known) for plan in plans}
        if together is not None:
            plans = together(plans, meant)
        records = [plan.record for plan in plans]
        ids = {pk for plan in plans if (pk := meant[plan.item.pk]) is not None}
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
        self._handle(plan, known)
        self._page(plan)
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
        self._status(plan)
        if there is None:
            plan.state = ItemState.CREATE
        elif differences.found() or plan.moves_to:
            plan.state = ItemState.UPDATE

    def _handle(self, plan: Plan, known: Known) -> None:
        """Say where the file calls a product by a handle that is not its own."""
        product = plan.present.product if plan.present else None
        said = slugify(plan.record.fields.get("handle") or "")[:MAX_HANDLE]
        found = known.named_by(plan.record, self.options.order)
        if product is None or said in {"", product.handle} or found is None:
            return
        kind, text = found
        other = known.by_handle.get(said)
        message = OTHER_HANDLE.format(
            file=said,
            what=f"its {WORDS[kind]}",
            text=text,
            product=product,
            handle=product.handle,
            other=OTHERS_HANDLE.format(file=said, other=known.titles[other]) if other else "",
        )
        tell = plan.note if self.source.format in GROUPS and not other else plan.warn
        tell(plan.row, self._headers.of("product", "handle"), message)

    def _page(self, plan: Plan) -> None:
        """Have the product's page be where the options say, if nothing else tells where it is."""
        assert plan.product is not None
        page = self.options.page_of(plan.product.handle)
        if page and not plan.product.product_url and not plan.record.fields.get("product_url"):
            plan.record.fields["product_url"] = page

    def _status(self, plan: Plan) -> None:
        """What the product is to be once it is written, and its photos are there."""
        product = plan.product
        assert product is not None
        wanted = self._wanted_status(plan)
        approves = ProductStatus.APPROVED in {wanted, product.status}
        if plan.present is None:
            if approves and not self._may_approve:
                plan.note(plan.row, self._headers.of("product", "status"), NOT_APPROVED)
                wanted = ProductStatus.IN_REVIEW
            # Approved is what has all that was approved, its photos among it.
            later = wanted == ProductStatus.APPROVED
            product.status = ProductStatus.IN_REVIEW if later else wanted
            # The preview says what the product will be, whatever the file calls it.
            plan.record.fields["status"] = wanted
            plan.moves_to = wanted if later else ""
            return
        if not wanted or wanted == product.status:
            return
        if approves and not self._may_approve:
            message = NOT_MOVED.format(product.get_status_display(), ProductStatus(wanted).label)
            plan.note(plan.row, self._headers.of("product", "status"), message)
            return
        plan.moves_to = wanted
        plan.changes.append([STATUS, product.status, wanted])

    def _wanted_status(self, plan: Plan) -> str:
        """What the file or whoever imports it wants it to be; empty for as it is."""
        said = plan.record.fields.get("status") if self.options.file_status else None
        if said and said not in ProductStatus.values:
            header = self._headers.of("product", "status")
            plan.warn(plan.row, header, f"“{said}” is no status. The value is left out.")
            said = None
        return said or (self.options.status if plan.present is None else "")

    def _new(self, plan: Plan) -> Product:
        handle = slugify(plan.record.fields.get("handle") or "")[:MAX_HANDLE]
        return Product(
            catalog=self.source.catalog, created_by=self.source.created_by, handle=handle
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
        if there is not None:
            options_named(records, there.variants)
        for n, name, own in options_told_apart(records):
            header = self._headers.of("variant", f"option{n}_name")
            plan.warn(plan.row, header, SAME_OPTION.format(name, own))
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
        gtins: set[str] = set()
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
            gtin = (record.fields.get("gtin") or "").lstrip("0")
            if gtin and not sku and gtin in gtins:
                message = f"This GTIN stands in several rows of the product: “{gtin}”."
                plan.problems.append(_error(record, self._headers.of("variant", "gtin"), message))
                continue
            seen.add(sku)
            gtins.add(gtin)
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
