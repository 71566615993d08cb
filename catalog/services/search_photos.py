from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from catalog.index.spaces import live_space
from catalog.models import Catalog, EmbeddingSpace, SearchPhoto
from catalog.models.embedding import pack_vectors, unpack_vectors
from catalog.services.photos import photo_limits
from catalog.vision.opening import inspect, load, load_for_model
from catalog.vision.renditions import render
from prodintel.engine import configured
from prodintel.engine.errors import EngineUnavailable
from prodintel.engine.preprocess import prepare

KEEP = timedelta(days=30)
SHOWN_WIDTH = 480
Crop = tuple[float, float, float, float]


def photo_vector(data: bytes, crop: Crop | None = None) -> np.ndarray:
    """The embedding of a picture, or of a part of it: float32 (dimension,).

    `crop` is x, y, width and height as fractions. `data` is a photo that `inspect` took, or its
    working copy. Raises PhotoRejected, EngineUnavailable, EngineError.
    """
    return _vector_in(live_space(), data, crop)


def _vector_in(space: EmbeddingSpace | None, data: bytes, crop: Crop | None = None) -> np.ndarray:
    engine = configured.client_for(space.fingerprint) if space is not None else None
    encoder = engine.info().encoder if engine is not None else None
    if space is None or engine is None or encoder is None:
        raise EngineUnavailable("The encoder is being loaded: try again in a moment.")
    picture = load_for_model(data, max(encoder.preprocess.size))
    if crop is not None:
        x, y, width, height = crop
        left, top = round(x * picture.width), round(y * picture.height)
        right = max(round((x + width) * picture.width), left + 1)
        bottom = max(round((y + height) * picture.height), top + 1)
        picture = picture.crop((left, top, right, bottom))
    return engine.encode_query_photo(prepare(picture, encoder.preprocess), model=space.fingerprint)


def search_photo_create(*, catalog: Catalog, data: bytes, actor: Any) -> SearchPhoto:
    """Keep a picture to search with. Raises PhotoRejected, EngineUnavailable, EngineError."""
    opened = inspect(data, photo_limits())
    source = opened.working_copy or data
    space = live_space()
    vector = _vector_in(space, source)
    shown = render(load(source, max_side=2 * SHOWN_WIDTH), SHOWN_WIDTH, "webp")
    return SearchPhoto.objects.create(
        catalog=catalog,
        image=shown,
        space=space,
        vector=pack_vectors(vector),
        created_by=actor,
    )


def search_photo_vector(photo: SearchPhoto) -> np.ndarray:
    """The picture's vector in the live space, computed again when the model has changed.

    Raises EngineUnavailable, EngineError.
    """
    space = live_space()
    if photo.vector and space is not None and photo.space_id == space.pk:
        return unpack_vectors(photo.vector)
    vector = _vector_in(space, bytes(photo.image))
    SearchPhoto.objects.filter(pk=photo.pk).update(vector=pack_vectors(vector), space=space)
    return vector


def search_photos_purge() -> int:
    """Forget pictures that were searched with more than 30 days ago."""
    return SearchPhoto.objects.filter(created_at__lt=timezone.now() - KEEP).delete()[0]
