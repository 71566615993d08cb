"""Products that are as they were when the vision model described them."""

from __future__ import annotations

from django.db.models import QuerySet

from catalog.describe import vocabulary
from catalog.describe.photos import turn
from catalog.describe.vision import input_key
from catalog.models import Catalog, Placement, Product, VisionTask
from prodintel.lib.work import WorkState
from prodintel.llm.gateway import gateway
from prodintel.llm.types import Ability


def unchanged_products(catalog: Catalog, products: QuerySet[Product]) -> set[int]:
    """The ids of those whose photos, vocabulary and model are what their last answer was given to.

    Two queries for as many products as there are, and no more than a few columns of each.
    """
    chosen = products.order_by().values("pk")
    described = VisionTask.objects.filter(product__in=chosen, state=WorkState.DONE)
    keys = dict(described.exclude(input_key="").values_list("product_id", "input_key"))
    if not keys:
        return set()
    photos: dict[int, list[tuple[tuple, str]]] = {pk: [] for pk in keys}
    rows = Placement.objects.alive().filter(product__in=chosen).order_by()
    columns = ("product_id", "role", "position", "pk", "photo__sha256")
    for product_id, role, position, pk, sha256 in rows.values_list(*columns).iterator():
        if product_id in photos:
            photos[product_id].append((turn(role, position, pk), sha256))
    facts, words = gateway().facts(Ability.VISION), vocabulary.current()
    limit = max(facts.images_per_call, 1)
    return {
        product_id
        for product_id, placed in photos.items()
        if keys[product_id]
        == input_key(
            (sha256 for _, sha256 in sorted(placed)[:limit]),
            vocabulary=words,
            model=facts.id,
            language=catalog.language,
        )
    }
