"""What people ask of the vision model."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from catalog.ingest import wake
from catalog.models import Catalog, DescribeRun, Placement, Product, Urgency, VisionTask
from catalog.models.describing import BY_TURN
from catalog.models.outbox import CHUNK
from catalog.services.audit import audit
from prodintel.lib.work import WorkState, again


@transaction.atomic
def vision_requested(
    *,
    products: Iterable[Product],
    actor: Any,
    run: DescribeRun | None = None,
    forced: bool = False,
    trial: bool = False,
) -> int:
    """Have products looked at by the vision model; returns how many wait for it now.

    Products without photos are left out. Those whose photos the model described already are asked
    about again where it is `forced`, and once, however often the call is tried. What is said goes
    into the batch of the `run`, or in a `trial` to its results alone. Who asks is whose budget it
    counts against.
    """
    ids = sorted({product.pk for product in products})
    count = vision_queue(product_ids=ids, actor=actor, run=run, forced=forced, trial=trial)
    product = Product.objects.select_related("catalog").filter(pk__in=ids[:1]).first()
    if count and product is not None:
        catalog = product.catalog
        request_audit(catalog, actor, count, run=run, forced=forced, trial=trial)
    return count


def vision_queue(
    *,
    product_ids: Sequence[int],
    actor: Any,
    run: DescribeRun | None,
    forced: bool,
    trial: bool = False,
) -> int:
    """As `vision_requested`, in the caller's transaction, who notes it in the audit trail."""
    ids = sorted(product_ids)
    count = 0
    for start in range(0, len(ids), CHUNK):
        shown = Exists(Placement.objects.alive().filter(product=OuterRef("pk")))
        some = Product.objects.alive().filter(shown, pk__in=ids[start : start + CHUNK])
        # Before their tasks, as those do who write answers.
        held = some.select_for_update(no_key=True, of=("self",)).order_by("pk")
        rows = list(held.values_list("pk", flat=True))
        VisionTask.objects.bulk_create(
            [VisionTask(product_id=pk) for pk in rows], ignore_conflicts=True
        )
        tasks = VisionTask.objects.filter(product__in=rows)
        # One after the other, as who stops a run takes those of its products.
        len(tasks.select_for_update().order_by("pk").values_list("pk"))
        count += tasks.update(
            **again(),
            run=run,
            requested_by=actor,
            forced=forced,
            trial=trial,
            nonce=uuid.uuid4().hex if forced else "",
            priority=_priority(run=run, trial=trial),
        )
    wake.on_commit(wake.VISION)
    return count


def vision_charge(*, product_ids: Collection[int], actor: Any) -> None:
    """Let what waits because of products' photos count against the budget of who changed them.

    What somebody asked for stays theirs.
    """
    waiting = VisionTask.objects.filter(product__in=product_ids, state=WorkState.PENDING, run=None)
    waiting.filter(requested_by=None).update(requested_by=actor)


def request_audit(
    catalog: Catalog,
    actor: Any,
    count: int,
    *,
    run: DescribeRun | None,
    forced: bool,
    trial: bool = False,
) -> None:
    """Note in the audit trail that so many products were asked about."""
    audit(
        actor=actor,
        action="describe.request",
        target=run or catalog,
        catalog=catalog,
        summary=f"{count} products",
        data={"forced": forced, "trial": trial},
    )


def _priority(*, run: DescribeRun | None, trial: bool) -> Any:
    if trial:
        return Urgency.TRIAL
    return Urgency.ASKED if run is None else BY_TURN
