"""Work that failed all its tries, tried anew because a person asks for it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Model, Q

from catalog.ingest import wake
from catalog.models import (
    Catalog,
    DescribeTask,
    EmbedTask,
    FileRemoval,
    IndexChange,
    Job,
    Placement,
    VisionTask,
)
from catalog.renditions import RENDITIONS
from catalog.services.audit import audit
from catalog.services.photo_files import PHOTOS
from prodintel.lib.work import WorkQuerySet

RUNNERS: dict[type[Model], tuple[str, ...]] = {
    EmbedTask: (wake.EMBED,),
    DescribeTask: (wake.DESCRIBE,),
    VisionTask: (wake.VISION,),
    IndexChange: (wake.INDEX,),
    Job: (wake.JOBS, wake.LONG_JOBS, wake.IMPORTS),
    FileRemoval: (wake.JOBS,),
}


@transaction.atomic
def failed_work_retry(*, catalog: Catalog, actor: Any) -> int:
    """Give everything of a catalogue that failed all its tries anew; returns how many rows."""
    count = EmbedTask.objects.filter(photo__catalog=catalog).retry()
    count += DescribeTask.objects.filter(product__catalog=catalog).retry()
    count += VisionTask.objects.filter(product__catalog=catalog).retry()
    points = Placement.objects.filter(product__catalog=catalog).values("pk")
    count += IndexChange.objects.filter(point__in=points).retry()
    count += jobs_of(catalog).retry() + removals_of(catalog).retry()
    audit(actor=actor, action="work.retry", target=catalog, catalog=catalog, summary=str(count))
    wake.on_commit(*wake.RUNNERS)
    return count


@transaction.atomic
def work_retry(*, rows: WorkQuerySet, actor: Any, catalog: Catalog | None = None) -> int:
    """Give those of the rows that failed all their tries anew; returns how many."""
    count = rows.retry()
    target = rows.model()
    audit(actor=actor, action="work.retry", target=target, catalog=catalog, summary=str(count))
    wake.on_commit(*RUNNERS[rows.model])
    return count


def jobs_of(catalog: Catalog) -> WorkQuerySet[Job]:
    """The catalogue's jobs, and those that are done for all catalogues."""
    return Job.objects.filter(Q(catalog=catalog) | Q(catalog=None))


def removals_of(catalog: Catalog) -> WorkQuerySet[FileRemoval]:
    """The catalogue's files that are to be removed."""
    places = (PHOTOS.format(catalog=catalog.pk), RENDITIONS.format(catalog=catalog.pk))
    here = Q(name__startswith=places[0]) | Q(name__startswith=places[1])
    return FileRemoval.objects.filter(here)
