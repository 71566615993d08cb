"""How far the vision model is: products that wait for it, where there is one to wait for.

Without a key nothing is under way: tasks wait for somebody to enter one, cost nothing, and are no
reason to say that the site is busy.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from catalog.models import Catalog, Product, VisionTask
from prodintel.lib.work import WorkState
from prodintel.llm.gateway import gateway

UNFINISHED = (WorkState.PENDING, WorkState.RUNNING)


def is_describing() -> bool:
    """Whether there is a vision model to ask."""
    return gateway().is_configured()


def vision_tasks(catalog: Catalog) -> QuerySet[VisionTask]:
    """The tasks of the catalogue's products; not a join, which would be read from its large end."""
    products = Product.objects.alive().filter(pk=OuterRef("product_id"), catalog=catalog)
    tasks: QuerySet[VisionTask] = VisionTask.objects.filter(Exists(products))
    return tasks


def active_tasks(catalog: Catalog | None = None) -> QuerySet[VisionTask]:
    """Unfinished tasks that are under way or will be by themselves; none without a key."""
    if not is_describing():
        return VisionTask.objects.none()
    paused = Catalog.objects.exclude(describing_paused_at=None)
    if catalog is not None:
        tasks = vision_tasks(catalog).filter(state__in=UNFINISHED)
        return tasks.none() if paused.filter(pk=catalog.pk).exists() else tasks
    tasks = VisionTask.objects.filter(state__in=UNFINISHED)
    held = list(paused.values_list("pk", flat=True))
    return tasks.exclude(product__catalog__in=held) if held else tasks
