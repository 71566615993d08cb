from __future__ import annotations

import uuid
from collections.abc import Mapping

import numpy as np
from django.db import transaction

from catalog.ingest import wake
from catalog.models import (
    DescribeTask,
    Embedding,
    EmbeddingSpace,
    EmbedTask,
    Photo,
    Placement,
    SpaceState,
)
from catalog.models.embedding import pack_vectors
from catalog.models.outbox import record_index_changes
from prodintel.lib.work import WorkState


@transaction.atomic
def embeddings_record(
    *, space: EmbeddingSpace, token: uuid.UUID, vectors: Mapping[int, np.ndarray]
) -> int:
    """Keep vectors by photo id, complete their tasks and tell the index, or nothing of it.

    Photos whose task `token` no longer holds are left out: another worker has them. Vectors are
    float32 (dimension,), of length 1. Returns how many were kept.
    """
    held = list(
        EmbedTask.objects.held(token)
        .filter(space=space, photo_id__in=vectors)
        .select_for_update()
        .values_list("pk", "photo_id")
    )
    photo_ids = [photo_id for _, photo_id in held]
    existing = set(Photo.objects.filter(pk__in=photo_ids).values_list("pk", flat=True))
    Embedding.objects.bulk_create(
        [
            Embedding(photo_id=photo_id, space=space, vector=pack_vectors(vectors[photo_id]))
            for photo_id in photo_ids
            if photo_id in existing
        ],
        update_conflicts=True,
        unique_fields=["photo", "space"],
        update_fields=["vector", "created_at"],
    )
    points = Placement.objects.filter(photo_id__in=photo_ids).values_list("pk", flat=True)
    record_index_changes(points, vector=True)
    EmbedTask.objects.complete(token, [pk for pk, _ in held])
    if space.state == SpaceState.LIVE:
        # Described without this photo, which had failed before.
        products = Placement.objects.filter(photo_id__in=photo_ids).values("product")
        DescribeTask.objects.filter(product__in=products, state=WorkState.DONE).redo()
    wake.on_commit(wake.INDEX, wake.DESCRIBE)
    return len(existing)
