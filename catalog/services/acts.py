"""One act on one product, taken back: what a batch, an answer of a machine or a person's save wrote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog.models import Decision, LedgerEntry, Product, Source
from catalog.services.audit import audit
from catalog.services.columns import AFTER, BEFORE, columns_swap
from catalog.services.errors import conflict
from catalog.services.ledger import UNDECIDED
from catalog.services.projection import lock_products, project, tell_points
from catalog.services.undoing import Undone, bring_back, decided_columns


@dataclass(frozen=True)
class Act:
    """What was written of a product and decided on by one batch, or, without one, by one person
    (or a machine: `by` is None) at one moment.
    """

    product_id: int
    batch_id: int | None = None
    at: datetime | None = None
    by: int | None = None

    @classmethod
    def that_wrote(cls, entry: LedgerEntry) -> Act:
        if entry.batch_id is not None:
            return cls(entry.product_id, batch_id=entry.batch_id)
        return cls(entry.product_id, at=entry.created_at, by=entry.created_by_id)

    @classmethod
    def that_decided(cls, entry: LedgerEntry) -> Act | None:
        """None where nobody decided, or what was decided was taken back."""
        if entry.decision == Decision.NONE:
            return None
        if entry.decision_batch_id is not None:
            return cls(entry.product_id, batch_id=entry.decision_batch_id)
        return cls(entry.product_id, at=entry.decided_at, by=entry.decided_by_id)

    def wrote(self) -> QuerySet[LedgerEntry]:
        """The rows that it wrote, whatever became of them."""
        rows = LedgerEntry.objects.filter(product=self.product_id, batch=self.batch_id)
        return rows if self.batch_id else rows.filter(Q(created_at=self.at, created_by=self.by))

    def decided(self) -> QuerySet[LedgerEntry]:
        """The rows that stand as it decided."""
        rows = LedgerEntry.objects.filter(product=self.product_id, decision_batch=self.batch_id)
        rows = rows.exclude(decision=Decision.NONE)
        return rows if self.batch_id else rows.filter(decided_at=self.at, decided_by=self.by)

    def replaced(self) -> Q:
        """What its words replaced of the same machine's earlier ones."""
        replaced = Q(retraction_batch=self.batch_id, product=self.product_id)
        return replaced if self.batch_id else replaced & Q(retracted_at=self.at)


@transaction.atomic
def product_undo(*, product: Product, act: Act, actor: Any) -> Undone:
    """Take back what one act wrote of a product and decided on there.

    What machines had said before is their word again; columns hold what they held before, unless
    somebody changed them since. Raises ValidationError when nothing of it stands any more.
    """
    lock_products([product.pk])
    wrote = act.wrote().filter(retracted_at=None)
    decided = act.decided().filter(retracted_at=None)
    fields = {*wrote.values_list("field", flat=True), *decided.values_list("field", flat=True)}
    if not fields:
        raise conflict("", "Nothing of this stands any more.")
    tell_points([product.pk])
    mine = Q(pk__in=decided.values("pk"))
    said = Q(decision=Decision.ACCEPTED) | Q(source=Source.IMPORT)
    written = said & Q(pk__in=wrote.values("pk"))
    changed = decided_columns(LedgerEntry.objects.filter(mine | written))
    kept = columns_swap(entries=changed[::-1], now=AFTER, then=BEFORE, actor=actor)
    count = wrote.update(retracted_at=timezone.now(), retracted_by=actor)
    count += decided.update(**UNDECIDED)
    fields |= bring_back([product.pk], act.replaced())
    project([product], fields, told=True)
    audit(
        actor=actor,
        action="product.undo",
        target=product,
        catalog=product.catalog,
        summary=", ".join(sorted(fields)),
        data={"fields": sorted(fields), "values": count, "kept": kept, "batch": act.batch_id},
    )
    return Undone(count, kept)
