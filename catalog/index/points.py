"""Points as they must stand in a collection, built from the database."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from catalog.index.payload import payloads
from catalog.models import Embedding, EmbeddingSpace, Placement
from catalog.models.embedding import unpack_vectors
from catalog.models.photo import SIMILARITY_ROLES
from prodintel.engine.vectors import Payload, Point


def visible() -> QuerySet[Placement]:
    """The placements that a search may find."""
    return Placement.objects.filter(
        role__in=SIMILARITY_ROLES,
        deleted_at=None,
        product__deleted_at=None,
        product__catalog__deleted_at=None,
    )


def visible_placements(ids: Collection[int]) -> list[Placement]:
    """Those of the placements that a search may find, with what their payloads need."""
    return list(
        visible().filter(pk__in=ids).select_related("product__category", "product__catalog")
    )


def payloads_of(ids: Collection[int]) -> dict[int, Payload]:
    """The payload of every visible placement among `ids`."""
    return dict(payloads(visible_placements(ids)))


def points_of(ids: Collection[int], space: EmbeddingSpace) -> dict[int, Point]:
    """The point of every visible placement among `ids` whose photo has a vector in the space."""
    placements = visible_placements(ids)
    vectors = dict(
        Embedding.objects.filter(
            space=space, photo_id__in={placement.photo_id for placement in placements}
        ).values_list("photo_id", "vector")
    )
    found = [placement for placement in placements if placement.photo_id in vectors]
    described = payloads(found)
    return {
        placement.pk: Point(
            id=placement.pk,
            vector=unpack_vectors(vectors[placement.photo_id]),
            payload=described[placement.pk],
        )
        for placement in found
    }
