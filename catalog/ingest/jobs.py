"""Background work other than embedding, describing and indexing: jobs by kind, and file removal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from django.db.models import Model, QuerySet
from django.utils import timezone

from catalog import storage
from catalog.grid.edits import grid_plans_purge
from catalog.models import Catalog, FileRemoval, Job, Photo, Placement, Product, Variant
from catalog.models.catalog import KEEP_DELETED
from catalog.models.job import ACCEPT_REST, CALIBRATE, PURGE, REPROJECT
from catalog.services.bulk import bulk_step
from catalog.services.bulk_acts import ACTS
from catalog.services.confidence import confidence_refit, refit_is_due
from catalog.services.purging import catalog_purge, part_purge, photo_purge, product_purge
from catalog.services.reprojecting import projection_step
from catalog.services.review_samples import sample_rest_step
from catalog.services.search_photos import search_photos_purge
from catalog.webhooks.services import deliveries_purge
from prodintel.lib.lease import kept_alive
from prodintel.lib.runner import Stopping, never
from prodintel.lib.work import WorkState
from prodintel.llm.purging import llm_purge

M = TypeVar("M", bound=Model)
logger = structlog.get_logger(__name__)
PURGE_EVERY = timedelta(hours=6)
REMOVALS = 100
CALIBRATE_SECONDS = 300.0
STORAGE_RETRY = timedelta(seconds=30)
# So long one act on many products goes on before others get a turn.
TURN_SECONDS = 5.0
BREATH_SECONDS = 0.02


class JobFailed(Exception):  # noqa: N818 -- the state of the job is the name
    """A job cannot go on; the message is for the person who started it."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class JobStopped(Exception):  # noqa: N818 -- likewise
    """The job goes on later: the worker is stopping, or it is another job's turn."""


class JobWaits(Exception):  # noqa: N818 -- likewise
    """The job goes on after `delay`: something outside of it is away. The message is for people."""

    def __init__(self, message: str, *, delay: timedelta) -> None:
        super().__init__(message)
        self.delay = delay


_purges: list[Callable[[datetime], object]] = []


def register_purge(purge: Callable[[datetime], object]) -> None:
    """Have what is deleted longer than the given moment removed with the rest, for
    `AppConfig.ready` of apps above.
    """
    if purge not in _purges:
        _purges.append(purge)


def purge(_job: Job, stopping: Stopping = never) -> None:
    """Remove for good what was deleted more than 30 days ago."""
    before = timezone.now() - KEEP_DELETED
    for product in _each(Product.objects.filter(deleted_at__lt=before), stopping):
        product_purge(product=product, deleted_before=before)
    for placement in _each(Placement.objects.filter(deleted_at__lt=before), stopping):
        part_purge(part=placement, deleted_before=before)
    variants = Variant.objects.filter(deleted_at__lt=before, product__deleted_at=None)
    for variant in _each(variants, stopping):
        part_purge(part=variant, deleted_before=before)
    for catalog in _each(Catalog.objects.filter(deleted_at__lt=before), stopping):
        for product in _each(Product.objects.filter(catalog=catalog), stopping):
            product_purge(product=product)
        catalog_purge(catalog=catalog, deleted_before=before)
    unused = Photo.objects.filter(placements__isnull=True, created_at__lt=before)
    for photo in _each(unused, stopping):
        photo_purge(photo_id=photo.pk)
    search_photos_purge()
    deliveries_purge(before)
    grid_plans_purge()
    llm_purge()
    for purge_more in _purges:
        purge_more(before)


def _each(rows: QuerySet[M], stopping: Stopping) -> Iterator[M]:
    """The rows, one query each: a query left open while others write would lock SQLite up.

    Raises JobStopped.
    """
    for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
        if stopping():
            raise JobStopped
        row = rows.filter(pk=pk).first()
        if row is not None:
            yield row


def reproject(job: Job, stopping: Stopping = never) -> None:
    """Bring a field of all products in line with the vocabulary as it is now. Raises JobStopped."""
    last: int | None = 0
    while last is not None:
        if stopping():
            raise JobStopped
        last = projection_step(field=job.arguments["field"], after=last)


def calibrate(_job: Job, _stopping: Stopping = never) -> None:
    """Fit how much machines' words are worth to what people decided."""
    confidence_refit()


def accept_rest(job: Job, stopping: Stopping = never) -> None:
    """Accept what a judged sample speaks for, in steps. Raises JobStopped."""
    more = True
    while more:
        if stopping():
            raise JobStopped
        more = sample_rest_step(job=job)


def bulk(job: Job, stopping: Stopping = never) -> None:
    """Do an act on many products, in steps. Raises JobStopped, also to let others have a turn."""
    turn_ends = time.monotonic() + TURN_SECONDS
    while bulk_step(act=ACTS[job.kind], job=job):
        if stopping() or time.monotonic() > turn_ends:
            raise JobStopped
        # Whoever waits to write gets to it: SQLite lets them try now and then only.
        time.sleep(BREATH_SECONDS)


KINDS: dict[str, Callable[..., None]] = {
    PURGE: purge,
    REPROJECT: reproject,
    CALIBRATE: calibrate,
    ACCEPT_REST: accept_rest,
    **dict.fromkeys(ACTS, bulk),
}


# Kinds of other apps that take long, and have a runner of their own: no other job waits for them.
LONG_KINDS: dict[str, Callable[..., None]] = {}


def register_long(kind: str, perform: Callable[..., None]) -> None:
    """Add a kind of job: `perform(job, stopping)`, which may raise what is above. For `AppConfig.ready`."""
    LONG_KINDS[kind] = perform


# Imports have a runner of their own, too.
IMPORT_KINDS: dict[str, Callable[..., None]] = {}


def register_import(kind: str, perform: Callable[..., None]) -> None:
    """Add a kind of work on imports, as `register_long`."""
    IMPORT_KINDS[kind] = perform


def job_step(
    kinds: Mapping[str, Callable[..., None]], *, owner: str, stopping: Stopping = never
) -> int:
    """Do one job of these kinds, if any waits; returns how many that was."""
    Job.objects.filter(kind__in=kinds).give_up_exhausted()
    claim = Job.objects.filter(kind__in=kinds).claim(owner=owner, limit=1)
    for job in claim.rows:
        try:
            with kept_alive(Job.objects.all(), [claim.token]):
                kinds[job.kind](job, stopping)
        except JobStopped:
            Job.objects.release(claim.token)
        except JobWaits as reason:
            Job.objects.release(claim.token, error=str(reason), delay=reason.delay)
        except JobFailed as error:
            Job.objects.fail(claim.token, [job.pk], error=str(error), permanent=error.permanent)
        except storage.StorageUnavailable as error:
            Job.objects.release(claim.token, error=str(error), delay=STORAGE_RETRY)
        else:
            Job.objects.complete(claim.token, [job.pk])
            logger.info("job done", kind=job.kind, job=job.pk)
    return len(claim.rows)


class Jobber:
    """The jobs runner's work. One a worker process; `step` is called by one thread."""

    def __init__(self, *, owner: str, stopping: Stopping = never) -> None:
        self._stopping = stopping
        self._owner = owner
        self._calibration_looked_at = -CALIBRATE_SECONDS

    def step(self) -> int:
        """Do one job and remove some files; returns how many rows were handled."""
        return (
            self._one_job() + self._remove_files() + self._schedule() + self._schedule_calibration()
        )

    def _one_job(self) -> int:
        return job_step(KINDS, owner=self._owner, stopping=self._stopping)

    def _remove_files(self) -> int:
        FileRemoval.objects.give_up_exhausted()
        claim = FileRemoval.objects.all().claim_with_care(owner=self._owner, limit=REMOVALS)
        if not claim:
            return 0
        with kept_alive(FileRemoval.objects.all(), [claim.token]):
            for row in claim.rows:
                if self._stopping():
                    FileRemoval.objects.release(claim.token)
                    break
                try:
                    storage.delete(row.name)
                except storage.StorageUnavailable as error:
                    if not storage.is_working():
                        reason = str(error)
                        FileRemoval.objects.release(claim.token, error=reason, delay=STORAGE_RETRY)
                        return 0
                    # This one file alone: the others are not held up by it.
                    FileRemoval.objects.fail(claim.token, [row.pk], error=str(error))
                    logger.warning("file not removed", name=row.name, reason=str(error))
                    continue
                except storage.FileMissing:
                    logger.info("file was gone already", name=row.name)
                FileRemoval.objects.held(claim.token).filter(pk=row.pk).delete()
        return len(claim.rows)

    def _schedule(self) -> int:
        purges = Job.objects.filter(kind=PURGE)
        due = purges.filter(
            state__in=[WorkState.DONE, WorkState.FAILED],
            finished_at__lt=timezone.now() - PURGE_EVERY,
        )
        # Asked every few seconds; an update that finds nothing would still lock SQLite.
        if due.exists():
            return due.redo()
        if not purges.exists():
            Job.objects.bulk_create([Job(kind=PURGE)], ignore_conflicts=True)
            return 1
        return 0

    def _schedule_calibration(self) -> int:
        now = time.monotonic()
        if now - self._calibration_looked_at < CALIBRATE_SECONDS:
            return 0
        self._calibration_looked_at = now
        unfinished = Job.objects.filter(
            kind=CALIBRATE, state__in=[WorkState.PENDING, WorkState.RUNNING]
        )
        if unfinished.exists() or not refit_is_due():
            return 0
        Job.objects.create(kind=CALIBRATE)
        return 1
