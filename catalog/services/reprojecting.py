"""Changes of the vocabulary brought to the products: a field of all of them, in steps, by a job."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from catalog.ingest import wake
from catalog.models import Job, LedgerEntry, Product
from catalog.models.job import REPROJECT
from catalog.services.projection import project
from prodintel.lib.work import WorkState

STEP = 100


def projection_renew(*, field: str, actor: Any) -> None:
    """Have a field of all products projected again, soon after the caller's transaction."""
    if not LedgerEntry.objects.filter(field=field).exists():
        return
    arguments = {"field": field}
    waiting = Job.objects.filter(kind=REPROJECT, state=WorkState.PENDING, arguments=arguments)
    # One that waits will do, and is held so that it does not begin before this change is there.
    if waiting.select_for_update().first() is None:
        user = actor if getattr(actor, "pk", None) else None
        Job.objects.create(kind=REPROJECT, created_by=user, arguments=arguments)
    wake.on_commit(wake.JOBS)


@transaction.atomic
def projection_step(*, field: str, after: int) -> int | None:
    """Project a field of the next products by id; returns the last of them, None at the end."""
    said = LedgerEntry.objects.filter(field=field, product__gt=after).order_by("product")
    ids = list(said.values_list("product", flat=True).distinct()[:STEP])
    project(Product.objects.filter(pk__in=ids), [field])
    return ids[-1] if ids else None
