"""How far the vision model is: products that wait for it, where there is one to wait for.

Without a key nothing is under way: tasks wait for somebody to enter one, cost nothing, and are no
reason to say that the site is busy.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from catalog.models import Catalog, Product, VisionTask
from catalog.models.describing import VisionQuerySet
from prodintel.lib.work import WorkState
from prodintel.llm.budgets import spent_out
from prodintel.llm.gateway import gateway

# What calls are made for: all fields of a product, or some. Those about some say nothing of what the
# whole form takes.
PURPOSE, PART_PURPOSE = "describe", "describe part"
PURPOSES = frozenset({PURPOSE, PART_PURPOSE})
UNFINISHED = (WorkState.PENDING, WorkState.RUNNING)


def is_describing() -> bool:
    """Whether there is a vision model to ask."""
    return gateway().is_configured()


def scope_of(catalog: Catalog) -> str:
    """What calls for a catalogue are written down under."""
    return f"catalog:{catalog.pk}"


def vision_tasks(catalog: Catalog) -> VisionQuerySet:
    """The tasks of the catalogue's products; not a join, which would be read from its large end."""
    products = Product.objects.alive().filter(pk=OuterRef("product_id"), catalog=catalog)
    tasks: VisionQuerySet = VisionTask.objects.filter(Exists(products))
    return tasks


def affordable(tasks: VisionQuerySet) -> VisionQuerySet:
    """Those of the tasks that whoever asked for them can pay today."""
    return tasks.exclude(requested_by__in=spent_out(PURPOSES))


def active_tasks(catalog: Catalog | None = None) -> VisionQuerySet:
    """Unfinished tasks that are under way or will be by themselves; none without a key."""
    every: VisionQuerySet = VisionTask.objects.filter(state__in=UNFINISHED)
    if not is_describing():
        return every.none()
    paused = Catalog.objects.exclude(describing_paused_at=None)
    if catalog is not None:
        tasks = affordable(vision_tasks(catalog).filter(state__in=UNFINISHED))
        return tasks.none() if paused.filter(pk=catalog.pk).exists() else tasks
    tasks = affordable(every)
    held = list(paused.values_list("pk", flat=True))
    return tasks.exclude(product__catalog__in=held) if held else tasks
