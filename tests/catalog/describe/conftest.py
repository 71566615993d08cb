from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from catalog.describe import vocabulary
from catalog.index import spaces
from catalog.ingest.describe import Describer
from catalog.models import Catalog, Embedding, EmbeddingSpace, Photo, PhotoRole, Placement, Product
from catalog.models.embedding import EmbedTask, pack_vectors
from catalog.services.vocabulary import vocabulary_load
from prodintel.engine.errors import EngineUnavailable
from prodintel.engine.interface import EncoderInfo, EngineInfo
from prodintel.engine.preprocess import PreprocessSpec
from prodintel.lib.work import WorkState
from tests.catalog.describe.words import DIMENSION, WordEncoder, photo_of

ENCODER = EncoderInfo(
    model_id="starter",
    dimension=DIMENSION,
    fingerprint="words-1",
    preprocess=PreprocessSpec(size=(8, 8), mean=(0.5,) * 3, std=(0.5,) * 3),
    batch=8,
    device="cpu",
    dtype="float32",
    text_context=64,
    photos_per_second=1.0,
)


class WordEngine:
    """The two calls of an engine that describing makes, answered by an encoder of words."""

    def __init__(self) -> None:
        self.encode_texts = WordEncoder()
        self.encoder: EncoderInfo | None = ENCODER
        self.away = False

    def info(self) -> EngineInfo:
        if self.away:
            raise EngineUnavailable("Nobody answers.")
        return EngineInfo(state="ready", model="starter", pid=1, encoder=self.encoder)

    def use(self, **changes: Any) -> EncoderInfo:
        self.encoder = replace(ENCODER, **changes)
        return self.encoder


@pytest.fixture
def engine() -> WordEngine:
    return WordEngine()


@pytest.fixture
def describer(engine: WordEngine) -> Describer:
    return Describer(engine, owner="test/1")  # type: ignore[arg-type]


@pytest.fixture
def space(db: None) -> EmbeddingSpace:
    return spaces.space_for(ENCODER)


@pytest.fixture
def shipped(db: None) -> None:
    """The shipped vocabulary, read anew."""
    vocabulary_load()
    vocabulary.current(max_age=0)


@pytest.fixture
def shop(make_catalog: Callable[..., Catalog]) -> Catalog:
    return make_catalog()


@pytest.fixture
def make_product(space: EmbeddingSpace, shop: Catalog) -> Callable[..., Product]:
    """Makes products of photos: words they show, by role; `None` for a photo without a vector."""
    count = 0

    def make(*shown: str | None, colors: list | None = None) -> Product:
        nonlocal count
        count += 1
        product = Product.objects.create(catalog=shop, handle=f"product-{count}")
        for number, words in enumerate(shown):
            photo = make_photo(shop, f"{count}-{number}", colors or [])
            role = PhotoRole.DETAIL if number else PhotoRole.MAIN
            Placement.objects.create(photo=photo, product=product, role=role, position=number)
            if words is not None:
                embed(photo, space, photo_of(words))
        return product

    return make


def make_photo(catalog: Catalog, name: str, colors: list) -> Photo:
    return Photo.objects.create(
        catalog=catalog,
        sha256=name.ljust(64, "0"),
        file=f"photos/{name}.jpg",
        format="JPEG",
        extension="jpg",
        width=64,
        height=64,
        size_bytes=1000,
        perceptual_hash=0,
        colors=colors,
    )


def embed(photo: Photo, space: EmbeddingSpace, vector: np.ndarray) -> None:
    Embedding.objects.create(photo=photo, space=space, vector=pack_vectors(vector))
    EmbedTask.objects.filter(photo=photo, space=space).update(state=WorkState.DONE)
