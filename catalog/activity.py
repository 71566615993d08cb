"""How far the work of a catalogue is, from the rows of work themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet

from catalog.index.spaces import live_space
from catalog.models import (
    Catalog,
    DescribeTask,
    EmbedTask,
    IndexChange,
    Photo,
    Placement,
    Product,
    SpaceState,
)
from prodintel.lib.work import WorkState


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
    """`searchable` of `photos` can be found by their looks. `busy`: something is under way."""

    embed: Queue
    describe: Queue
    index_pending: int
    photos: int
    searchable: int
    failures: list[dict[str, Any]] = field(default_factory=list)

    @property
    def busy(self) -> bool:
        return bool(self.embed.waiting or self.describe.waiting or self.index_pending)

    @property
    def percent(self) -> int:
        return 100 if not self.photos else int(100 * self.searchable / self.photos)


FAILURES_SHOWN = 50


def activity_of(catalog: Catalog) -> Activity:
    """The catalogue's queues, counted in a few aggregate queries."""
    photos = Photo.objects.filter(
        catalog=catalog, placements__deleted_at=None, placements__product__deleted_at=None
    ).distinct()
    count = photos.count()
    tasks = EmbedTask.objects.filter(space=live_space(), photo__in=photos)
    embed = _queue("Photos", tasks, total=count)
    products = Product.objects.alive().filter(catalog=catalog)
    describe = _queue("Products", DescribeTask.objects.filter(product__in=products))
    placements = Placement.objects.filter(product__catalog=catalog)
    index_pending = IndexChange.objects.filter(point__in=placements.values("pk")).count()
    new_points = IndexChange.objects.filter(
        vector=True, point__in=placements.filter(photo__embed_tasks__state="done").values("pk")
    ).count()
    return Activity(
        embed=embed,
        describe=describe,
        index_pending=index_pending,
        photos=count,
        searchable=max(embed.done - new_points, 0),
        failures=_failures(tasks, products),
    )


def _queue(label: str, tasks: QuerySet, total: int | None = None) -> Queue:
    counted = tasks.order_by().aggregate(
        **{state: Count("pk", filter=Q(state=state)) for state in WorkState.values}
    )
    known = sum(counted.values())
    total = known if total is None else total
    # Photos whose task is not made yet (the model is being loaded) wait like the others.
    counted["pending"] += max(total - known, 0)
    waiting = tasks.filter(state=WorkState.PENDING).exclude(error="").order_by("-pk").first()
    return Queue(label=label, total=total, error=waiting.error if waiting else "", **counted)


def _failures(tasks: QuerySet, products: QuerySet) -> list[dict[str, Any]]:
    failed = tasks.filter(state=WorkState.FAILED).select_related("photo")[:FAILURES_SHOWN]
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
            }
        )
    describing = DescribeTask.objects.filter(state=WorkState.FAILED, product__in=products)
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
    return shown


def queue_totals() -> dict[str, int]:
    """Pending and failed rows of the whole site, for the health call."""
    pending = failed = 0
    # Nobody works on what a retired space still lacked.
    embedding = EmbedTask.objects.exclude(space__state=SpaceState.RETIRED)
    for tasks in (embedding, DescribeTask.objects.all(), IndexChange.objects.all()):
        counted = tasks.aggregate(
            pending=Count("pk", filter=Q(state__in=[WorkState.PENDING, WorkState.RUNNING])),
            failed=Count("pk", filter=Q(state=WorkState.FAILED)),
        )
        pending += counted["pending"]
        failed += counted["failed"]
    return {"pending": pending, "failed": failed}


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
    """pending, running, done or failed; "none" for a product that has nothing to describe."""
    task = getattr(product, "describe_task", None)
    return task.state if task is not None else "none"
