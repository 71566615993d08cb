"""What an import would do, found out of all its items and kept for the preview."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from catalog.importing.applying import planner_of
from catalog.importing.differing import CLEARS
from catalog.importing.differing import KEPT as STAYS
from catalog.importing.items import rows_save
from catalog.importing.plans import MOVES_TO, Plan
from catalog.importing.staging import problems_note
from catalog.importing.together import put_together
from catalog.interchange.records import ProductRecord
from catalog.models import (
    Import,
    ImportClaim,
    ImportItem,
    ImportPhotoState,
    ImportProblem,
    ItemState,
    ProductStatus,
)

STEP = 200
OUT = (ItemState.REFUSED, ItemState.SKIPPED)
TAKEN = "Row {row} is about the same product ({what}), and counts. Leave one of them."
GIVEN = "The {what} stands in row {row} already, in another product. Give one of them its own."
# In `Import.counts`: by column, in how many places a person's word stays, and a blank clears.
KEPT, CLEARED = "kept_columns", "cleared_columns"


def plan_some(source: Import) -> int:
    """Plan the next items, in the caller's transaction; returns how many."""
    items = list(source.items.filter(state=ItemState.STAGED).order_by("number")[:STEP])
    if not items:
        return 0
    wrong = _wrong_lines(items)
    for item in items:
        _leave_out(item, wrong[item.pk])

    def together(plans: list[Plan], meant: dict[int, int | None]) -> list[Plan]:
        return put_together(source, plans, meant)

    plans = planner_of(source).plans(items, together)
    wrong = _wrong_lines([plan.item for plan in plans])
    for plan in plans:
        if wrong[plan.item.pk] and not _is_left(plan.record, wrong[plan.item.pk]):
            plan.state = ItemState.REFUSED
    _refuse_second(source, plans)
    _keep(source, plans)
    return len(items)


def _wrong_lines(items: Sequence[ImportItem]) -> defaultdict[int, set[int]]:
    """The lines of each item that its reader found wrong."""
    wrong: defaultdict[int, set[int]] = defaultdict(set)
    rows = ImportProblem.objects.filter(item__in=items, severity="error").order_by()
    for pk, row in rows.values_list("item_id", "row"):
        wrong[pk].add(row)
    return wrong


def _leave_out(item: ImportItem, wrong: set[int]) -> None:
    """Leave out the variants of lines that are wrong, where others are left."""
    if not wrong:
        return
    variants = [each for each in item.record.get("variants", ()) if each.get("row") not in wrong]
    if variants:
        item.record["variants"] = variants


def _is_left(record: ProductRecord, wrong: set[int]) -> bool:
    """Whether a line of the product is right."""
    return any(variant.row not in wrong for variant in record.variants) or any(
        row not in wrong for row in record.rows
    )


def _refuse_second(source: Import, plans: Sequence[Plan]) -> None:
    """Of several items about one product, SKU or handle the first counts."""
    mine = [plan for plan in plans if not plan.is_refused]
    names = {name for plan in mine for name in _claims(plan)}
    products = {plan.product.pk for plan in mine if plan.product and plan.product.pk}
    claims = ImportClaim.objects.filter(source=source, name__in=names).select_related("item")
    taken: dict[Any, int] = {claim.name: _line(claim.item.record) for claim in claims}
    # By their products alone: asked for the import as well, SQLite reads all of its items.
    items = ImportItem.objects.filter(product__in=products).values_list("pk", "source_id")
    own = [pk for pk, owner in items if owner == source.pk]
    earlier = ImportItem.objects.filter(pk__in=own).exclude(
        state__in=[ItemState.STAGED, ItemState.REFUSED, ItemState.SKIPPED]
    )
    taken |= {item.product_id: _line(item.record) for item in earlier}
    made: list[ImportClaim] = []
    for plan in mine:
        pk = plan.product.pk if plan.product else None
        wanted: list[Any] = [*([pk] if pk else []), *sorted(_claims(plan))]
        clash = next((each for each in wanted if each in taken), None)
        if clash is not None:
            message, what = (TAKEN, plan.product) if clash == pk else (GIVEN, clash)
            what = str(what).replace(":", " ", 1) if message == GIVEN else what
            plan.refuse(message.format(row=taken[clash], what=what))
            continue
        taken |= dict.fromkeys(wanted, plan.row)
        made += [ImportClaim(source=source, item=plan.item, name=name) for name in _claims(plan)]
    ImportClaim.objects.bulk_create(made)


def _claims(plan: Plan) -> set[str]:
    skus = {f"SKU:{each.row.sku}" for each in plan.variants if each.row.sku}
    handle = plan.product.handle if plan.product and plan.present is None else ""
    return skus | ({f"handle:{handle}"} if handle else set())


def _line(record: dict[str, Any]) -> int:
    rows = record.get("rows") or [0]
    return int(rows[0])


def _keep(source: Import, plans: Sequence[Plan]) -> None:
    for plan in plans:
        item = plan.item
        item.state = plan.state
        item.product = plan.product if plan.product and plan.product.pk else None
        item.changes = plan.changes
        item.wrote = {MOVES_TO: plan.moves_to} if plan.moves_to else {}
    fields = ["state", "product", "changes", "record", "wrote"]
    rows_save([plan.item for plan in plans], fields)
    found = [(plan.item, each) for plan in plans for each in plan.problems]
    problems_note(source, found, planned=True)


@transaction.atomic
def replan(source: Import, item_ids: Collection[int]) -> None:
    """Plan items of an import that is ready anew, such as those whose photos were regrouped."""
    items = source.items.filter(pk__in=item_ids)
    ImportClaim.objects.filter(item__in=items).delete()
    source.problems.filter(item__in=items, is_planned=True).delete()
    items.update(state=ItemState.STAGED, product=None)
    while plan_some(source):
        pass
    source.counts = {**source.counts, **counts_of(source)}
    source.save(update_fields=["counts"])


def photos_skip(source: Import) -> None:
    """Photos of what is not imported are not fetched; those of what is, again, are."""
    out = Q(item__state__in=OUT) | Q(item=None)
    waiting, skipped = ImportPhotoState.WAITING, ImportPhotoState.SKIPPED
    source.photo_rows.filter(out, state=waiting).update(state=skipped)
    source.photo_rows.filter(state=skipped).exclude(out).update(state=waiting)


def counts_of(source: Import) -> dict[str, Any]:
    """How many items, problems and photos there are of each state, as `Import.counts` keeps it.

    `create`, `update`, `unchanged`, `refused`, `skipped` are items as they are planned, `created`,
    `updated`, `undone` as they are done; `problems` and `photo_states` are by severity and state,
    `photos` all of them. `clears` is how many values blanks empty, `keeps`
    in how many places a person's word stays, `kept_columns` and `cleared_columns` where. `moves` are
    products that get another status, `approves` those that get approved.
    """
    items = dict.fromkeys(ItemState.values, 0) | counted(source.items, "state")
    moves = source.items.filter(wrote__has_key=MOVES_TO).exclude(state__in=OUT)
    photos = counted(source.photo_rows, "state")
    planned = source.problems.filter(is_planned=True).exclude(item__state=ItemState.REFUSED)
    kept = counted(planned.filter(message=STAYS), "field")
    cleared = counted(planned.filter(message=CLEARS), "field")
    return {
        **items,
        "items": sum(items.values()),
        "problems": counted(source.problems, "severity"),
        "photos": sum(photos.values()),
        "photo_states": photos,
        "clears": sum(cleared.values()),
        "keeps": sum(kept.values()),
        "moves": moves.count(),
        "approves": moves.filter(wrote__moves_to=ProductStatus.APPROVED).count(),
        CLEARED: cleared,
        KEPT: kept,
    }


def counted(rows: Any, name: str) -> dict[str, int]:
    """How many rows there are of each value of a column."""
    return dict(rows.order_by().values_list(name).annotate(Count("pk")))
