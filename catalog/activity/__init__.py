"""How far the work of a catalogue is, from the rows of work themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef

from catalog.activity.acts import BulkAct, bulk_acts_of, is_acting
from catalog.activity.queues import Queue, counted_queue
from catalog.activity.vision import Vision, vision_is_busy, vision_of
from catalog.activity.worklist import (
    UNFINISHED,
    describe_tasks_of,
    embed_tasks_of,
    failures_of,
    index_changes_of,
)
from catalog.describe.queue import active_tasks, is_describing
from catalog.importing.selectors import imports_going_on
from catalog.index import vector_index
from catalog.index.spaces import is_filled, live_space
from catalog.models import (
    Catalog,
    DescribeTask,
    EmbeddingSpace,
    EmbedTask,
    FileRemoval,
    Import,
    IndexChange,
    Job,
    Photo,
    Placement,
    Product,
    SpaceState,
    VisionTask,
)
from catalog.services.work import jobs_of, removals_of
from prodintel.lib.optional_cache import CACHE
from prodintel.lib.work import WorkState

TOTALS_SECONDS = 1.0


@dataclass(frozen=True)
class Activity:
    """`searchable` of `photos` can be found by their looks. `busy`: something is under way.

    `filling`: the index is being put together from the vectors, and nobody counts how far that is.
    """

    embed: Queue
    describe: Queue
    vision: Vision
    index_pending: int
    photos: int
    searchable: int
    filling: bool = False
    index_error: str = ""
    index_failed: int = 0
    other_failed: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)
    acts: list[BulkAct] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)

    @property
    def busy(self) -> bool:
        return self.acting or bool(self.describe.waiting or self.vision.busy or self.photos_wait)

    @property
    def acting(self) -> bool:
        return bool(self.imports) or any(act.goes_on for act in self.acts)

    @property
    def arriving(self) -> bool:
        """Whether more photos become searchable by themselves."""
        return self.searchable < self.photos and self.photos_wait

    @property
    def photos_wait(self) -> bool:
        return bool(self.embed.waiting or self.index_pending or self.filling)

    @property
    def failed(self) -> int:
        queues = self.embed, self.describe, self.vision.queue
        return sum(queue.failed for queue in queues) + self.index_failed + self.other_failed

    @property
    def percent(self) -> int:
        return 100 if not self.photos else int(100 * self.searchable / self.photos)


def is_busy(catalog: Catalog) -> bool:
    """Whether anything of the catalogue is under way; quick, however large the catalogue is."""
    embedding = EmbedTask.objects.filter(photo__catalog=catalog, state__in=UNFINISHED)
    return (
        embedding.exclude(space__state=SpaceState.RETIRED).exists()
        or describe_tasks_of(catalog).filter(state__in=UNFINISHED).exists()
        or index_changes_of(catalog).exists()
        or vision_is_busy(catalog)
        or is_acting(catalog)
        or imports_going_on(catalog).exists()
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
    tasks = embed_tasks_of(catalog)
    embed = counted_queue("Photos", tasks.filter(space=space), total=count)
    embedded = EmbedTask.objects.filter(
        space=space, state=WorkState.DONE, photo__placements=OuterRef("point")
    )
    changes = index_changes_of(catalog)
    new_points = changes.filter(Exists(embedded), vector=True).count()
    filling = bool(count) and space is not None and not _is_filled(space)
    waiting = changes.exclude(error="").order_by("-pk").first()
    return Activity(
        embed=embed,
        describe=counted_queue("Products", describe_tasks_of(catalog)),
        vision=vision_of(catalog),
        index_pending=changes.count(),
        photos=count,
        searchable=0 if filling else max(embed.done - new_points, 0),
        filling=filling,
        index_error=waiting.error if waiting else "",
        index_failed=index_changes_of(catalog, WorkState.FAILED).count(),
        other_failed=sum(
            rows.filter(state=WorkState.FAILED).count()
            for rows in (tasks.exclude(space=space), jobs_of(catalog), removals_of(catalog))
        ),
        failures=failures_of(catalog),
        acts=bulk_acts_of(catalog),
        imports=list(imports_going_on(catalog)),
    )


def queue_totals() -> dict[str, int]:
    """Pending and failed rows of the whole site, at most a second old, for the health call."""
    return CACHE.get_or_make("queue-totals", _queue_totals, TOTALS_SECONDS)


def _queue_totals() -> dict[str, int]:
    # Nobody works on what a retired space still lacked.
    embedding = EmbedTask.objects.exclude(space__state=SpaceState.RETIRED)
    kinds = (embedding, DescribeTask.objects.all(), IndexChange.objects.all())
    # Jobs and removals wait for their hour, which says nothing of how far the work is.
    all_kinds = (*kinds, VisionTask.objects.all(), Job.objects.all(), FileRemoval.objects.all())
    waiting = sum(tasks.filter(state__in=UNFINISHED).count() for tasks in kinds)
    return {
        "pending": waiting + active_tasks().count(),
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
