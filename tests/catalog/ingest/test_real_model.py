"""The way of a photo through a real OpenCLIP model, tiny as it is."""

from __future__ import annotations

import pytest

from catalog.models import Embedding, EmbeddingSpace
from catalog.search import Query, search
from catalog.services.search_photos import photo_vector
from prodintel.engine.encoder import load_encoder
from tests import tiny_model
from tests.catalog.colours import picture, staged
from tests.engine.running import config_for

pytestmark = [pytest.mark.django_db, pytest.mark.encoder]


@pytest.fixture(scope="module")
def tiny_encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    model = tiny_model.build(folder / "model")
    return load_encoder(config_for(folder / "data", model=f"local-dir:{model}"))


@pytest.fixture
def encoder(tiny_encoder):
    return tiny_encoder


@pytest.fixture
def shop(make_product, ingest):
    for color in ("red", "blue", "green", "white", "black", "orange"):
        make_product(color, photos=[staged(color)])
    ingest()


def test_uploaded_photos_are_embedded_in_the_model_s_space(shop):
    space = EmbeddingSpace.objects.get()
    assert (space.state, space.dimension) == ("live", tiny_model.DIMENSION)
    assert Embedding.objects.filter(space=space).count() == 6


@pytest.mark.parametrize("color", ["red", "green", "black"])
def test_photo_of_a_product_finds_that_product_first(shop, catalog, color):
    result = search(catalog=catalog, query=Query(photo=photo_vector(picture(color))))
    first = result.hits[0]
    assert (first.product.title, first.strength) == (color, "exact")
    assert result.total == 6


def test_words_are_answered_by_the_model(shop, catalog):
    result = search(catalog=catalog, query=Query(text="a mug on a table"))
    assert result.total == 6
    assert result.notice == ""
