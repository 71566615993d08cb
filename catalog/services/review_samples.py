"""Review by sample: drawn at random and judged, then the rest accepted as one act."""

from __future__ import annotations

import random
from typing import Any

from django.db import transaction
from django.db.models import F

from catalog import review_samples as reads
from catalog import reviews
from catalog.ingest import wake
from catalog.models import Batch, Catalog, Category, Job, ReviewSample, ReviewSampleItem
from catalog.models.job import ACCEPT_REST
from catalog.reviews import Narrowed
from catalog.services.audit import audit
from catalog.services.batches import batch_start
from catalog.services.errors import conflict
from catalog.services.locks import lock_row
from catalog.services.projection import lock_products
from catalog.services.suggestions import suggestions_decide

SIZE = 100
# So many are accepted in one transaction; fewer than that while the person waits.
STEP = 500
EMPTY = "There are no open suggestions of this field and category."


@transaction.atomic
def sample_draw(
    *, catalog: Catalog, field: str, category: Category | None, actor: Any, size: int = SIZE
) -> ReviewSample:
    """Draw a sample of the open suggestions of a field, each as likely as any other.

    It stays as it was drawn. Raises ValidationError when there are none.
    """
    path = category.path if category else ""
    rows = reviews.open_suggestions(catalog, Narrowed(field=field, category=path))
    population = list(rows.order_by("pk").values_list("pk", flat=True))
    if not population:
        raise conflict("field", EMPTY)
    sample = ReviewSample.objects.create(
        catalog=catalog,
        field=field,
        category=category,
        category_path=path,
        population=len(population),
        created_by=actor,
    )
    drawn = random.SystemRandom().sample(population, min(size, len(population)))
    ReviewSampleItem.objects.bulk_create(
        ReviewSampleItem(sample=sample, entry_id=pk, position=position)
        for position, pk in enumerate(drawn)
    )
    audit(
        actor=actor,
        action="sample.draw",
        target=sample,
        catalog=catalog,
        summary=f"{len(drawn)} of {len(population)}: {field} {path}".strip(),
    )
    return sample


@transaction.atomic
def sample_accept_rest(*, sample: ReviewSample, actor: Any, band: str = "") -> Batch:
    """Accept what the sample speaks for and nobody has decided on, as one batch.

    `band` leaves out what is more or less certain than that. More than STEP are accepted by a job.
    Raises ValidationError while anything of the sample is yet to be judged, when the rest was
    accepted already, and when there is none.
    """
    lock_row(sample)
    sample.refresh_from_db()
    if sample.batch is not None and sample.batch.retracted_at is None:
        raise conflict("", "The rest was accepted already. Undo that first.")
    if reads.standing(sample).left:
        raise conflict("", "Judge the whole sample first.")
    count = reads.rest(sample, band).count()
    if not count:
        raise conflict("", "Nothing is left to accept.")
    where = f" in {sample.category}" if sample.category else ""
    label = f"Accepted after a sample: {sample.field}{where}"
    batch = batch_start(catalog=sample.catalog, label=label, actor=actor)
    sample.batch = batch
    sample.save(update_fields=["batch"])
    audit(
        actor=actor,
        action="sample.accept_rest",
        target=sample,
        catalog=sample.catalog,
        summary=f"{count}: {sample.field} {sample.category_path}".strip(),
        data={"batch": batch.pk, "count": count, "band": band},
    )
    if count <= STEP:
        _accept_next(sample, batch, band, after=0, actor=actor)
        return batch
    Job.objects.create(
        kind=ACCEPT_REST,
        catalog=sample.catalog,
        created_by=actor,
        arguments={"sample": sample.pk, "batch": batch.pk, "band": band, "after": 0},
        progress_total=count,
    )
    wake.on_commit(wake.JOBS)
    return batch


@transaction.atomic
def sample_rest_step(*, job: Job) -> bool:
    """Accept the next of a sample's rest; False when there is nothing left to do.

    Where it has come to is kept with what it did, so a job that was cut off goes on from there.
    """
    asked = job.arguments
    sample = ReviewSample.objects.filter(pk=asked["sample"]).first()
    batch = Batch.objects.filter(pk=asked["batch"]).first()
    if sample is None or batch is None:
        return False
    last, count = _accept_next(
        sample, batch, asked["band"], after=asked["after"], actor=job.created_by
    )
    if last is None:
        return False
    job.arguments = {**asked, "after": last}
    Job.objects.filter(pk=job.pk).update(
        arguments=job.arguments, progress_done=F("progress_done") + count
    )
    return True


def _accept_next(
    sample: ReviewSample, batch: Batch, band: str, *, after: int, actor: Any
) -> tuple[int | None, int]:
    """Accept some of the rest; returns the last row's id, None at the end, and how many they were.

    A row that cannot be accepted, such as a text that does not fit its column, goes on waiting.
    """
    rows = list(reads.rest(sample, band).filter(pk__gt=after).order_by("pk")[:STEP])
    lock_products({row.product_id for row in rows})
    lock_row(batch)
    batch.refresh_from_db(fields=["retracted_at"])
    if not rows or batch.retracted_at is not None:
        return None, 0
    suggestions_decide(entries=rows, accept=True, actor=actor, batch=batch)
    return rows[-1].pk, len(rows)
