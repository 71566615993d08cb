"""The rows of work of a catalogue, by kind, and those that failed all their tries."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import Exists, OuterRef, QuerySet

from catalog.describe.queue import vision_tasks
from catalog.models import (
    Catalog,
    DescribeTask,
    EmbedTask,
    FileRemoval,
    IndexChange,
    Job,
    Placement,
    Product,
    SpaceState,
)
from catalog.models.job import ACCEPT_REST, CALIBRATE, PURGE, REPROJECT
from catalog.services.bulk import LABEL
from catalog.services.work import jobs_of, removals_of
from prodintel.lib.work import WorkQuerySet, WorkState

UNFINISHED = (WorkState.PENDING, WorkState.RUNNING)
FAILURES_SHOWN = 50
JOB_NAMES = {
    PURGE: "Removing what was deleted",
    REPROJECT: "Bringing a change of the vocabulary to the products",
    CALIBRATE: "Learning from what people accept and reject",
    ACCEPT_REST: "Accepting what a sample speaks for",
}
# Of a row that failed, as addresses name it.
EMBED, DESCRIBE, VISION, INDEX, JOB, REMOVAL = (
    "embed",
    "describe",
    "vision",
    "index",
    "job",
    "removal",
)


def embed_tasks_of(catalog: Catalog) -> QuerySet[EmbedTask]:
    """The tasks of the photos that are shown somewhere, in the spaces that are in use."""
    shown = Placement.objects.alive().filter(product__deleted_at=None)
    return EmbedTask.objects.filter(
        Exists(shown.filter(photo=OuterRef("photo"))), photo__catalog=catalog
    ).exclude(space__state=SpaceState.RETIRED)


def describe_tasks_of(catalog: Catalog) -> QuerySet[DescribeTask]:
    """The tasks of the catalogue's products; not a join, which would be read from its large end."""
    products = Product.objects.alive().filter(pk=OuterRef("product_id"), catalog=catalog)
    return DescribeTask.objects.filter(Exists(products))


def index_changes_of(catalog: Catalog, *states: str) -> QuerySet[IndexChange]:
    """What the index is still to learn of the catalogue; what it refused waits for a person."""
    placements = Placement.objects.filter(pk=OuterRef("point"), product__catalog=catalog)
    return IndexChange.objects.filter(Exists(placements), state__in=states or UNFINISHED)


def failed_rows(catalog: Catalog, kind: str) -> WorkQuerySet | None:
    """The rows of one kind that failed; None for a kind that there is not."""
    if kind == INDEX:
        return cast("WorkQuerySet", index_changes_of(catalog, WorkState.FAILED))
    rows = {
        EMBED: embed_tasks_of,
        DESCRIBE: describe_tasks_of,
        VISION: vision_tasks,
        JOB: jobs_of,
        REMOVAL: removals_of,
    }.get(kind)
    if rows is None:
        return None
    return cast("WorkQuerySet", rows(catalog).filter(state=WorkState.FAILED))


def failures_of(catalog: Catalog) -> list[dict[str, Any]]:
    """What failed, some of each kind: `kind`, `task`, `product` (or None), `name` and `error`."""
    return [
        *_photos(catalog),
        *_products(DESCRIBE, describe_tasks_of(catalog)),
        *_products(VISION, vision_tasks(catalog)),
        *_refused(catalog),
        *_others(catalog),
    ]


def _photos(catalog: Catalog) -> list[dict[str, Any]]:
    failed = embed_tasks_of(catalog).filter(state=WorkState.FAILED)
    shown = []
    for task in failed.select_related("photo", "space")[:FAILURES_SHOWN]:
        placement = task.photo.placements.filter(deleted_at=None).select_related("product").first()
        shown.append(
            {
                "kind": EMBED,
                "task": task,
                "product": placement.product if placement else None,
                "name": str(task.photo),
                "error": task.error,
                # Of a change of model that is under way; "" for the model that answers.
                "model": "" if task.space.state == SpaceState.LIVE else task.space.model_id,
            }
        )
    return shown


def _products(kind: str, tasks: QuerySet) -> list[dict[str, Any]]:
    failed = tasks.filter(state=WorkState.FAILED).select_related("product")
    return [
        {
            "kind": kind,
            "task": task,
            "product": task.product,
            "name": str(task.product),
            "error": task.error,
        }
        for task in failed[:FAILURES_SHOWN]
    ]


def _refused(catalog: Catalog) -> list[dict[str, Any]]:
    """Changes that the index refused."""
    changes = index_changes_of(catalog, WorkState.FAILED)[:FAILURES_SHOWN]
    placements = Placement.objects.select_related("product").in_bulk([row.point for row in changes])
    return [
        {
            "kind": INDEX,
            "task": change,
            "product": placements[change.point].product,
            "name": str(placements[change.point].product),
            "error": change.error,
        }
        for change in changes
        if change.point in placements
    ]


def _others(catalog: Catalog) -> list[dict[str, Any]]:
    """Jobs and removals of files that concern the catalogue and failed."""
    jobs = jobs_of(catalog).filter(state=WorkState.FAILED)[:FAILURES_SHOWN]
    removals = removals_of(catalog).filter(state=WorkState.FAILED)[:FAILURES_SHOWN]
    rows: list[tuple[str, Job | FileRemoval, str]] = [
        (JOB, job, job.arguments.get(LABEL) or JOB_NAMES.get(job.kind, job.kind)) for job in jobs
    ]
    rows += [(REMOVAL, row, row.name) for row in removals]
    return [
        {"kind": kind, "task": row, "product": None, "name": name, "error": row.error}
        for kind, row, name in rows
    ]
