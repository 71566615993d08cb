"""Products that are as they were when the vision model described them."""

from __future__ import annotations

from django.db.models import QuerySet

from catalog.describe import vocabulary
from catalog.describe.asking import questions_of
from catalog.models import Product, VisionTask
from catalog.models.outbox import CHUNK
from prodintel.lib.work import WorkState
from prodintel.llm.gateway import gateway
from prodintel.llm.types import Ability


def unchanged_products(products: QuerySet[Product]) -> set[int]:
    """The ids of those whose photos, vocabulary and model are what their last answer was given to."""
    described = VisionTask.objects.filter(
        product__in=products.order_by().values("pk"), state=WorkState.DONE
    ).exclude(input_key="")
    facts, words = gateway().facts(Ability.VISION), vocabulary.current()
    found: set[int] = set()
    last = 0
    while tasks := list(described.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        last = tasks[-1].pk
        asked = questions_of(tasks, facts=facts, vocabulary=words)
        found |= {each.task.product_id for each in asked if each.input_key == each.task.input_key}
    return found
