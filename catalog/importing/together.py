"""Items of a file that turn out to be about one product of the catalogue, put together.

A price list names SKUs alone: only the catalogue tells which of its lines are one product's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from catalog.importing.known import named
from catalog.importing.merging import record_merge
from catalog.importing.options import GTIN, SKU
from catalog.importing.plans import Headers, Plan
from catalog.importing.staging import problems_note
from catalog.interchange.records import Problem, ProductRecord
from catalog.models import Import, ImportClaim, ImportItem, ImportPhoto, ImportProblem, ItemState

PLANNED = (ItemState.UPDATE, ItemState.UNCHANGED)


def put_together(source: Import, plans: list[Plan], meant: dict[int, int | None]) -> list[Plan]:
    """The plans, those of one product as one, in the caller's transaction.

    An item that was planned before joins them again. Items that name the same SKU stay apart: which
    of them counts is for who plans them to say.
    """
    wanted = {
        pk for plan in plans if (pk := meant[plan.item.pk]) is not None and not plan.is_refused
    }
    first = {
        item.product_id: Plan(item, ProductRecord.of_json(item.record))
        for item in source.items.filter(product__in=wanted, state__in=PLANNED)
    }
    headers = Headers(source.mapping)
    kept: list[Plan] = []
    joined: dict[ImportItem, ImportItem] = {}
    problems: list[tuple[ImportItem, Problem]] = []
    for plan in plans:
        pk = meant[plan.item.pk]
        before = first.get(pk) if pk is not None and not plan.is_refused else None
        if before is None or _names(before) & _names(plan):
            kept.append(plan)
            if pk is not None and not plan.is_refused:
                first.setdefault(pk, plan)
            continue
        said = record_merge(before.record, plan.record, headers)
        problems += [(before.item, problem) for problem in said]
        joined[plan.item] = before.item
        meant[before.item.pk] = pk
    if not joined:
        return plans
    again = [plan for plan in first.values() if plan.item in joined.values()]
    for plan in again:
        plan.item.record = plan.record.as_json()
    _move(joined)
    problems_note(source, problems)
    anew = [plan for plan in again if plan not in kept]
    _forget(plan.item for plan in anew)
    return [*anew, *kept]


def _names(plan: Plan) -> set[str]:
    return named(plan.record, SKU) | named(plan.record, GTIN)


def _move(joined: dict[ImportItem, ImportItem]) -> None:
    """What hangs on items that are no more hangs on those that they have joined."""
    into = {item.pk: other.pk for item, other in joined.items()}
    held = [*into, *set(into.values())]
    problems = list(ImportProblem.objects.filter(item__in=into))
    for problem in problems:
        problem.item_id = into[problem.item_id or 0]
    ImportProblem.objects.bulk_update(problems, ["item"])
    shown: defaultdict[int, set[str]] = defaultdict(set)
    moved = []
    for photo in ImportPhoto.objects.filter(item__in=held).order_by("position", "pk"):
        target = into.get(photo.item_id or 0)
        if target is None:
            shown[photo.item_id or 0].add(photo.source)
            continue
        moved.append(photo)
    for photo in moved:
        target = into[photo.item_id or 0]
        if photo.source not in shown[target]:
            photo.item_id, photo.position = target, len(shown[target])
            shown[target].add(photo.source)
    ImportPhoto.objects.bulk_update(moved, ["item", "position"])
    # With the photos that are another's already.
    ImportItem.objects.filter(pk__in=into).delete()


def _forget(items: Iterable[ImportItem]) -> None:
    """Items that were planned are planned again."""
    ids = [item.pk for item in items]
    ImportClaim.objects.filter(item__in=ids).delete()
    ImportProblem.objects.filter(item__in=ids, is_planned=True).delete()
    ImportItem.objects.filter(pk__in=ids).update(state=ItemState.STAGED)
