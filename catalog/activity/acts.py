"""Acts on many products that jobs do: those that go on, and those that ended lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from catalog.models import Catalog, Job
from catalog.services.bulk_acts import ACTS, is_undone
from prodintel.lib.work import WorkState

GOING_ON = (WorkState.PENDING, WorkState.RUNNING)
LATELY = timedelta(days=1)
SHOWN = 20


@dataclass(frozen=True)
class BulkAct:
    """A job with its words: what it is called, and whether what it did was undone since."""

    job: Job
    undone: bool

    @property
    def goes_on(self) -> bool:
        return self.job.state in GOING_ON


def bulk_acts_of(catalog: Catalog, ended_within: timedelta = LATELY) -> list[BulkAct]:
    """The catalogue's acts that have not ended, or have lately, the newest first."""
    jobs = Job.objects.filter(catalog=catalog, kind__in=ACTS)
    lately = Q(finished_at__gte=timezone.now() - ended_within)
    shown = jobs.filter(~Q(state=WorkState.DONE) | lately).select_related("created_by")
    return [BulkAct(job, is_undone(job)) for job in shown.order_by("-pk")[:SHOWN]]


def is_acting(catalog: Catalog) -> bool:
    return Job.objects.filter(catalog=catalog, kind__in=ACTS, state__in=GOING_ON).exists()
