"""Many suggestions of one field decided on at once, each time as one act that can be undone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from catalog.models import Batch, Catalog, LedgerEntry
from catalog.services.batches import batch_start
from catalog.services.projection import lock_products, tell_points
from catalog.services.suggestions import suggestion_replace, suggestions_decide


@dataclass(frozen=True)
class Decided:
    """An act on many: the `batch` that undoes it, how many it took in, and what was left alone."""

    batch: Batch
    count: int
    refused: dict[int, ValidationError]


@transaction.atomic
def grid_decide(
    *, catalog: Catalog, ids: Collection[int], accept: bool, label: str, actor: Any
) -> Decided:
    """Accept or reject suggestions of a catalogue. What was decided on meanwhile is left alone."""
    entries = list(LedgerEntry.objects.filter(pk__in=ids, product__catalog=catalog))
    batch = batch_start(catalog=catalog, label=label, actor=actor)
    refused = suggestions_decide(entries=entries, accept=accept, actor=actor, batch=batch)
    return Decided(batch, len(entries) - len(refused), refused)


@transaction.atomic
def grid_change(
    *, catalog: Catalog, ids: Sequence[int], value: Any, label: str, actor: Any
) -> Decided:
    """Give the products of suggestions another value in place of what is suggested.

    Raises ValidationError when the value fits none of them; nothing is written then.
    """
    entries = list(LedgerEntry.objects.filter(pk__in=ids, product__catalog=catalog).order_by("pk"))
    batch = batch_start(catalog=catalog, label=label, actor=actor)
    # All of them first: who takes several products and points takes them in one order.
    product_ids = {entry.product_id for entry in entries}
    lock_products(product_ids)
    tell_points(product_ids)
    refused: dict[int, ValidationError] = {}
    for entry in entries:
        try:
            with transaction.atomic():
                suggestion_replace(entry=entry, value=value, actor=actor, batch=batch)
        except ValidationError as error:
            refused[entry.pk] = error
    if entries and len(refused) == len(entries):
        raise next(iter(refused.values()))
    return Decided(batch, len(entries) - len(refused), refused)
