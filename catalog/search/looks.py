"""The looks of a query: one vector of weighted parts, and what its scores mean.

Each part is scaled by the spread of its scores over the space's background sample, so that words,
photos and products weigh the same, and a score is a number of standard deviations above what an
arbitrary photo gets.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from catalog.models import Embedding, EmbeddingSpace
from catalog.models.embedding import unpack_vectors
from catalog.models.photo import SIMILARITY_ROLES
from catalog.search.query import Query

LESS_WEIGHT = 0.7
# Below this many vectors a spread says little, and every hit counts as strong.
ENOUGH_BACKGROUND = 20


@dataclass(frozen=True)
class Looks:
    """`vector` to search with, (dimension,); scores of the index times `scale` plus `shift` are
    standard scores against the background, where there is one (`calibrated`).
    """

    vector: np.ndarray
    scale: float = 1.0
    shift: float = 0.0
    calibrated: bool = False

    def standard(self, cosine: float) -> float:
        return cosine * self.scale + self.shift


def looks_of(
    query: Query,
    space: EmbeddingSpace,
    encode_texts: Callable[[Sequence[str]], np.ndarray],
) -> Looks | None:
    """The looks that a query asks for; None when it asks for none.

    Raises EngineUnavailable and EngineError from `encode_texts`.
    """
    texts = [text for text in (query.words, query.less) if text]
    encoded = dict(zip(texts, encode_texts(texts), strict=True)) if texts else {}
    seen = query.photo if query.photo is not None else product_vector(query.like, space)
    has_both = bool(query.words) and seen is not None
    parts: list[tuple[float, np.ndarray]] = []
    if query.words:
        parts.append((query.text_weight if has_both else 1.0, encoded[query.words]))
    if seen is not None:
        parts.append((1.0 - query.text_weight if has_both else 1.0, seen))
    if not parts:
        return None
    if query.less:
        parts.append((-LESS_WEIGHT, encoded[query.less]))
    return _weighed(parts, background(space.pk, space.background_count))


def product_vector(product_id: int | None, space: EmbeddingSpace) -> np.ndarray | None:
    """The mean of a product's photos in the space, (dimension,); None when it has none there."""
    if product_id is None:
        return None
    rows = Embedding.objects.filter(
        space=space,
        photo__placements__product=product_id,
        photo__placements__deleted_at=None,
        photo__placements__role__in=SIMILARITY_ROLES,
    ).distinct()
    vectors = [row.array for row in rows]
    return _unit(np.mean(vectors, axis=0)) if vectors else None


@functools.lru_cache(maxsize=4)
def background(space_id: int, _count: int) -> np.ndarray | None:
    """The space's background sample, (count, dimension), or None while it is too small.

    `_count` is part of the key: a sample drawn anew is read anew.
    """
    space = EmbeddingSpace.objects.filter(pk=space_id).first()
    if space is None or not space.background:
        return None
    vectors = unpack_vectors(space.background, space.dimension)
    return vectors if len(vectors) >= ENOUGH_BACKGROUND else None


def _weighed(parts: list[tuple[float, np.ndarray]], sample: np.ndarray | None) -> Looks:
    if sample is None:
        total = np.sum([weight * vector for weight, vector in parts], axis=0)
        return Looks(_unit(total))
    total = np.zeros_like(parts[0][1])
    for weight, vector in parts:
        total = total + weight * vector / max(float((sample @ vector).std()), 1e-6)
    vector = _unit(total)
    scores = sample @ vector
    spread = max(float(scores.std()), 1e-6)
    return Looks(vector, 1.0 / spread, -float(scores.mean()) / spread, calibrated=True)


def _unit(vector: np.ndarray) -> np.ndarray:
    length = float(np.linalg.norm(vector))
    if length < 1e-9:  # noqa: PLR2004 -- parts that cancel each other out ask for nothing
        return np.full_like(vector, 1.0 / np.sqrt(len(vector)))
    return (vector / length).astype(np.float32)
