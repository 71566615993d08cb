"""Approved versions of products, and whether products are still as they were approved."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Max, OuterRef, Q, QuerySet, Subquery

from catalog.approval.content import Content, contents, seen, without_additions
from catalog.models import Product, ProductStatus, ProductVersion
from catalog.models.outbox import CHUNK
from catalog.models.version import products_approved
from catalog.services.audit import audit_many

CHANGED, ADDED = "changed_since_approval", "added_since_approval"
MARKED = Q(changed_since_approval=True) | Q(added_since_approval=True)


def approval_refresh(product_ids: Iterable[int]) -> None:
    """Say of these products whether they are as they were approved, in the caller's transaction: whether
    people or files have changed them, or machines alone have added something.

    One query for products that are not approved; for approved ones a fixed number, however many.
    """
    ids = sorted(set(product_ids))
    for start in range(0, len(ids), CHUNK):
        with transaction.atomic(savepoint=False):
            _refresh(ids[start : start + CHUNK])


def _refresh(ids: Collection[int]) -> None:
    concerned = Product.objects.filter(Q(status=ProductStatus.APPROVED) | MARKED, pk__in=ids)
    # Held, so that of two writers of one product the second compares what the first wrote, too.
    held = concerned.select_for_update(no_key=True).order_by("pk")
    rows = list(held.values_list("pk", "status", CHANGED, ADDED))
    if not rows:
        return
    approved = [pk for pk, status, *_ in rows if status == ProductStatus.APPROVED]
    versions = {row.product_id: row for row in latest_versions(approved)}
    present = contents(versions.keys()) if versions else {}
    differs = {pk for pk, row in versions.items() if seen(row.content) != seen(present[pk])}
    # Nobody has decided on what machines have added alone: as approved it is, and goes out so.
    added = {pk for pk in differs if _is_added_to(versions[pk].content, present[pk])}
    for flag, wanted, place in ((CHANGED, differs - added, 2), (ADDED, added, 3)):
        _mark([row[0] for row in rows if not row[place] and row[0] in wanted], flag, marked=True)
        _mark([row[0] for row in rows if row[place] and row[0] not in wanted], flag, marked=False)


def _is_added_to(approved: Content, present: Content) -> bool:
    return seen(without_additions(present, approved)) == seen(approved)


def _mark(ids: Collection[int], flag: str, *, marked: bool) -> None:
    if ids:
        # The manager that tells nobody: neither the index nor the texts know of this.
        rows = Product._base_manager.filter(pk__in=ids)  # noqa: SLF001 -- Django's public API
        rows.exclude(**{flag: marked}).update(**{flag: marked})


def latest_versions(product_ids: Collection[int]) -> QuerySet[ProductVersion]:
    """The version that each of these products was approved as last, where there is one."""
    standing = ProductVersion.objects.standing().filter(product=OuterRef("product"))
    newest = standing.order_by("-number").values("pk")[:1]
    return ProductVersion.objects.filter(product__in=product_ids, pk=Subquery(newest))


@transaction.atomic
def versions_record(
    *, products: Collection[Product], actor: Any, moved: Collection[int] = ()
) -> list[ProductVersion]:
    """Keep products, which the caller holds, as they are now, as approved by `actor`.

    Returns the new versions: one for each product that is not as its last version. `moved` are
    those that were not approved until now: who listens is told of them also without a new version.
    The number of queries does not depend on how many they are, up to 500.
    """
    rows = list(products)
    made: list[ProductVersion] = []
    for start in range(0, len(rows), CHUNK):
        made += _record({row.pk: row for row in rows[start : start + CHUNK]}, actor)
    anew = {row.product_id for row in made}.union(moved)
    approval_tell([row for row in rows if row.pk in anew], made, actor)
    return made


def approval_tell(
    products: Collection[Product], versions: Collection[ProductVersion], actor: Any
) -> None:
    """Tell who listens that these products of one catalogue are approved now."""
    first = next(iter(products), None)
    if first is not None:
        products_approved.send(
            Product, catalog=first.catalog, products=products, versions=versions, actor=actor
        )


def _record(products: dict[int, Product], actor: Any) -> list[ProductVersion]:
    present = contents(products.keys())
    last = {row.product_id: row for row in latest_versions(products.keys())}
    used = ProductVersion.objects.filter(product__in=products).order_by()
    numbers = dict(used.values_list("product").annotate(Max("number")))
    made = ProductVersion.objects.bulk_create(
        ProductVersion(
            product=products[pk],
            number=numbers.get(pk, 0) + 1,
            content=content,
            approved_by=actor if getattr(actor, "pk", None) else None,
        )
        for pk, content in present.items()
        if pk not in last or seen(last[pk].content) != seen(content)
    )
    rows = Product._base_manager.filter(MARKED, pk__in=products)  # noqa: SLF001 -- as above
    rows.update(**dict.fromkeys((CHANGED, ADDED), False))
    for product in products.values():
        product.changed_since_approval = product.added_since_approval = False
    audit_many(
        actor=actor,
        action="product.approve",
        targets=[(row.product, f"version {row.number}") for row in made],
        data=[{"version": row.number} for row in made],
    )
    return made
