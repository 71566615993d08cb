"""How far the work of a catalogue is, from the rows of work themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from catalog.describe.queue import active_tasks, is_describing
from catalog.index import vector_index
from catalog.index.spaces import is_filled, live_space
from catalog.models import (
    Catalog,
    DescribeTask,
    EmbeddingSpace,
    EmbedTask,
    FileRemoval,
    IndexChange,
    Job,
    Photo,
    Placement,
    Product,
    SpaceState,
    VisionTask,
)
from catalog.models.job import CALIBRATE, PURGE, REPROJECT
from catalog.services.work import jobs_of, removals_of
from prodintel.lib.optional_cache import CACHE
from prodintel.lib.work import WorkState

UNFINISHED = (WorkState.PENDING, WorkState.RUNNING)
FAILURES_SHOWN = 50
JOB_NAMES = {
    PURGE: "Removing what was deleted",
    REPROJECT: "Bringing a change of the vocabulary to the products",
    CALIBRATE: "Learning from what people accept and reject",
}
TOTALS_SECONDS = 1.0


@dataclass(frozen=True)
class Queue:
    """The state of one kind of work: numbers of rows, and the failures to show."""

    label: str
    total: int
    pending: int
    running: int
    done: int
    failed: int
    error: str = ""

    @property
    def waiting(self) -> int:
        return self.pending + self.running

    @property
    def percent(self) -> int:
        return 100 if not self.total else int(100 * self.done / self.total)


@dataclass(frozen=True)
class Activity:
    """`searchable` of `photos` can be found by their looks. `busy`: something is under way.

    `filling`: the index is being put together from the vectors, and nobody counts how far that is.
    """

    embed: Queue
    describe: Queue
    index_pending: int
    photos: int
    searchable: int
    filling: bool = False
    index_error: str = ""
    index_failed: int = 0
    other_failed: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)

    @property
    def busy(self) -> bool:
        return bool(self.describe.waiting or self._photos_wait)

    @property
    def arriving(self) -> bool:
        """Whether more photos become searchable by themselves."""
        return self.searchable < self.photos and self._photos_wait

    @property
    def _photos_wait(self) -> bool:
        return bool(self.embed.waiting or self.index_pending or self.filling)

    @property
    def failed(self) -> int:
        return self.embed.failed + self.describe.failed + self.index_failed + self.other_failed

    @property
    def percent(self) -> int:
        return 100 if not self.photos else int(100 * self.searchable / self.photos)


def is_busy(catalog: Catalog) -> bool:
    """Whether anything of the catalogue is under way; quick, however large the catalogue is."""
    embedding = EmbedTask.objects.filter(photo__catalog=catalog, state__in=UNFINISHED)
    return (
        embedding.exclude(space__state=SpaceState.RETIRED).exists()
        or _described(catalog).filter(state__in=UNFINISHED).exists()
        or active_tasks(catalog).exists()
        or _changes(catalog).exists()
        # Photos have no tasks before the first model is loaded.
        or (not _is_filled(live_space()) and Photo.objects.filter(catalog=catalog).exists())
    )


def _is_filled(space: EmbeddingSpace | None) -> bool:
    return space is not None and is_filled(vector_index(), space)


def activity_of(catalog: Catalog) -> Activity:
    """The catalogue's queues, counted: some tenths of a second for 100,000 photos."""
    space = live_space()
    shown = Placement.objects.alive().filter(product__deleted_at=None)
    count = shown.filter(product__catalog=catalog).aggregate(n=Count("photo", distinct=True))["n"]
    tasks = EmbedTask.objects.filter(
        Exists(shown.filter(photo=OuterRef("photo"))), photo__catalog=catalog
    ).exclude(space__state=SpaceState.RETIRED)
    embed = _queue("Photos", tasks.filter(space=space), total=count)
    described = _described(catalog)
    embedded = EmbedTask.objects.filter(
        space=space, state=WorkState.DONE, photo__placements=OuterRef("point")
    )
    changes = _changes(catalog)
    new_points = changes.filter(Exists(embedded), vector=True).count()
    filling = bool(count) and space is not None and not _is_filled(space)
    waiting = changes.exclude(error="").order_by("-pk").first()
    return Activity(
        embed=embed,
        describe=_queue("Products", described),
        index_pending=changes.count(),
        photos=count,
        searchable=0 if filling else max(embed.done - new_points, 0),
        filling=filling,
        index_error=waiting.error if waiting else "",
        index_failed=_changes(catalog, WorkState.FAILED).count(),
        other_failed=sum(
            rows.filter(state=WorkState.FAILED).count()
            for rows in (tasks.exclude(space=space), jobs_of(catalog), removals_of(catalog))
        ),
        failures=_failures(catalog, tasks, described),
    )


def _described(catalog: Catalog) -> QuerySet[DescribeTask]:
    """The tasks of the catalogue's products; not a join, which would be read from its large end."""
    products = Product.objects.alive().filter(pk=OuterRef("product_id"), catalog=catalog)
    return DescribeTask.objects.filter(Exists(products))


def _changes(catalog: Catalog, *states: str) -> QuerySet[IndexChange]:
    """What the index is still to learn of the catalogue; what it refused waits for a person."""
    placements = Placement.objects.filter(pk=OuterRef("point"), product__catalog=catalog)
    return IndexChange.objects.filter(Exists(placements), state__in=states or UNFINISHED)


def _queue(label: str, tasks: QuerySet, total: int | None = None) -> Queue:
    counted = dict.fromkeys(WorkState.values, 0)
    counted |= dict(tasks.order_by().values_list("state").annotate(n=Count("pk")))
    known = sum(counted.values())
    total = known if total is None else total
    # Photos whose task is not made yet (the model is being loaded) wait like the others.
    counted["pending"] += max(total - known, 0)
    waiting = tasks.filter(state=WorkState.PENDING).exclude(error="").order_by("-pk").first()
    return Queue(label=label, total=total, error=waiting.error if waiting else "", **counted)


def _failures(catalog: Catalog, tasks: QuerySet, described: QuerySet) -> list[dict[str, Any]]:
    failed = tasks.filter(state=WorkState.FAILED).select_related("photo", "space")[:FAILURES_SHOWN]
    shown = []
    for task in failed:
        placement = task.photo.placements.filter(deleted_at=None).select_related("product").first()
        shown.append(
            {
                "kind": "embed",
                "task": task,
                "product": placement.product if placement else None,
                "name": str(task.photo),
                "error": task.error,
                # Of a change of model that is under way; "" for the model that answers.
                "model": "" if task.space.state == SpaceState.LIVE else task.space.model_id,
            }
        )
    describing = described.filter(state=WorkState.FAILED)
    shown += [
        {
            "kind": "describe",
            "task": task,
            "product": task.product,
            "name": str(task.product),
            "error": task.error,
        }
        for task in describing.select_related("product")[:FAILURES_SHOWN]
    ]
    return shown + _refused(catalog) + _other_failures(catalog)


def _refused(catalog: Catalog) -> list[dict[str, Any]]:
    """Changes that the index refused."""
    changes = _changes(catalog, WorkState.FAILED)[:FAILURES_SHOWN]
    placements = Placement.objects.select_related("product").in_bulk([row.point for row in changes])
    return [
        {
            "kind": "index",
            "task": change,
            "product": placements[change.point].product,
            "name": str(placements[change.point].product),
            "error": change.error,
        }
        for change in changes
        if change.point in placements
    ]


def _other_failures(catalog: Catalog) -> list[dict[str, Any]]:
    """Jobs and removals of files that concern the catalogue and failed."""
    jobs = jobs_of(catalog).filter(state=WorkState.FAILED)[:FAILURES_SHOWN]
    removals = removals_of(catalog).filter(state=WorkState.FAILED)[:FAILURES_SHOWN]
    rows: list[tuple[str, Job | FileRemoval, str]] = [
        ("job", job, JOB_NAMES.get(job.kind, job.kind)) for job in jobs
    ]
    rows += [("removal", row, row.name) for row in removals]
    return [
        {"kind": kind, "task": row, "product": None, "name": name, "error": row.error}
        for kind, row, name in rows
    ]


def queue_totals() -> dict[str, int]:
    """Pending and failed rows of the whole site, at most a second old, for the health call."""
    return CACHE.get_or_make("queue-totals", _queue_totals, TOTALS_SECONDS)


def _queue_totals() -> dict[str, int]:
    # Nobody works on what a retired space still lacked.
    embedding = EmbedTask.objects.exclude(space__state=SpaceState.RETIRED)
    kinds = (embedding, DescribeTask.objects.all(), IndexChange.objects.all(), active_tasks())
    # Jobs and removals wait for their hour, which says nothing of how far the work is.
    all_kinds = (*kinds[:3], VisionTask.objects.all(), Job.objects.all(), FileRemoval.objects.all())
    return {
        "pending": sum(tasks.filter(state__in=UNFINISHED).count() for tasks in kinds),
        "failed": sum(tasks.filter(state=WorkState.FAILED).count() for tasks in all_kinds),
    }


def embed_state(product: Product) -> str:
    """pending, running, done or failed: whether the product can be found by its looks; "none"
    without photos. The product has its details loaded.
    """
    placements = list(product.placements.all())
    if not placements:
        return "none"
    states = []
    for placement in placements:
        tasks = [t for t in placement.photo.embed_tasks.all() if t.space.state == "live"]
        states.append(tasks[0].state if tasks else "pending")
    for state in (WorkState.RUNNING, WorkState.PENDING, WorkState.FAILED):
        if state in states:
            return str(state)
    return str(WorkState.DONE)


def describe_state(product: Product) -> str:
    """pending, running, done or failed; "none" for a product that has nothing to describe.

    Where there is a vision model it has the last word; until there is, what zero-shot could say is
    all there is.
    """
    task = getattr(product, "describe_task", None)
    asked = getattr(product, "vision_task", None)
    if asked is not None and is_describing():
        return str(asked.state)
    return str(task.state) if task is not None else "none"
