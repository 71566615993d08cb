"""The work that photos make: what is to be computed of them, and said of their products, again.

In the caller's transaction, and in as few queries for many as for one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from catalog.ingest import wake
from catalog.models import DescribeTask, EmbeddingSpace, EmbedTask, Photo, SpaceState, VisionTask


def photos_embed(photos: Sequence[Photo]) -> None:
    """Have new photos embedded, in every space that is used or filled."""
    spaces = EmbeddingSpace.objects.exclude(state=SpaceState.RETIRED)
    EmbedTask.objects.bulk_create(
        [EmbedTask(photo=photo, space=space) for space in spaces for photo in photos],
        ignore_conflicts=True,
    )
    wake.on_commit(wake.EMBED)


def products_describe(product_ids: Collection[int]) -> None:
    """Have products described, also those that are: another photo may show what others do not."""
    _known(DescribeTask, product_ids).redo()
    wake.on_commit(wake.DESCRIBE)


def products_look(product_ids: Collection[int]) -> None:
    """What a language model sees of these products is something else now."""
    _known(VisionTask, product_ids).photos_changed()
    wake.on_commit(wake.VISION)


def _known(model: type[DescribeTask | VisionTask], product_ids: Collection[int]) -> Any:
    """The tasks that products have already, held; the others get theirs."""
    tasks = model.objects.filter(product__in=product_ids)
    held = tasks.select_for_update().order_by("pk")
    known = dict(held.values_list("product_id", "pk"))
    new: list[Any] = [model(product_id=pk) for pk in sorted(set(product_ids) - known.keys())]
    model.objects.bulk_create(new, ignore_conflicts=True)
    return model.objects.filter(pk__in=known.values())
