"""Another model: its space fills while the old one answers, then takes over, and back again."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from catalog.activity import activity_of
from catalog.index import spaces, vector_index
from catalog.ingest.embed import Embedder
from catalog.ingest.index import Indexer
from catalog.models import EmbeddingSpace, EmbedTask, Placement, Product
from catalog.services.products import products_delete
from catalog.services.search_photos import photo_vector
from catalog.services.work import failed_work_retry
from prodintel.engine import configured
from prodintel.engine.errors import EngineError, EngineUnavailable
from tests.catalog.colours import ColourEncoder, picture
from tests.catalog.ingest.test_indexing import placed, points

pytestmark = pytest.mark.django_db


@pytest.fixture
def changed_model(make_product, ingest, engine, monkeypatch):
    """Another model, after photos were embedded with the first; returns its ingest."""
    for _ in range(3):
        make_product()
    ingest()
    first = spaces.live_space()
    engine._engine._encoder = ColourEncoder("brighter-colours")
    return first, Embedder(configured.client(), owner="test/2")


def test_old_space_answers_while_the_new_one_fills(changed_model):
    first, embedder = changed_model
    embedder.step()
    assert spaces.live_space() == first
    assert EmbeddingSpace.objects.get(model_id="brighter-colours").state == "filling"


def test_new_space_goes_live_once_its_points_are_in_the_index(changed_model, indexer):
    first, embedder = changed_model
    while embedder.step():
        pass
    assert spaces.live_space() == first
    while embedder.step() + indexer.step():
        pass
    embedder.step()
    assert spaces.live_space().model_id == "brighter-colours"
    assert points() == placed()
    first.refresh_from_db()
    assert first.state == "retired"


def test_photo_to_search_with_is_never_encoded_by_another_model_than_the_live_one(
    make_product, ingest, engine, monkeypatch
):
    make_product()
    ingest()
    choose = configured.client_for

    def then_change_the_model(fingerprint):
        chosen = choose(fingerprint)
        engine._engine._encoder = ColourEncoder("brighter-colours")
        return chosen

    monkeypatch.setattr(configured, "client_for", then_change_the_model)
    with pytest.raises(EngineUnavailable, match="Another model"):
        photo_vector(picture("red"))


def test_collection_of_a_retired_space_is_dropped(changed_model, indexer, engine):
    first, embedder = changed_model
    for _ in range(3):
        while embedder.step() + indexer.step():
            pass
    Indexer(vector_index(), owner="test/3").step()
    assert vector_index().collections() == [spaces.live_space().collection]
    assert first.embeddings.count() == 3


def test_switching_back_uses_the_vectors_that_are_there(
    changed_model, make_product, engine, encoder, indexer
):
    first, embedder = changed_model
    for _ in range(3):
        while embedder.step() + indexer.step():
            pass
    make_product("Later")
    engine._engine._encoder = encoder
    seen = encoder.photos_seen
    back = Embedder(configured.client(), owner="test/4")
    for _ in range(3):
        while back.step() + indexer.step():
            pass
    assert spaces.live_space() == first
    assert encoder.photos_seen == seen + 1
    assert points() == placed()


@pytest.fixture
def broken_model(changed_model, engine, monkeypatch):
    """The new model refuses every photo, until this is undone."""
    new = engine._engine._encoder

    def refuse(photos):
        if photos.any():
            raise EngineError("Values that are not numbers.")
        return ColourEncoder.encode_photos(new, photos)

    with monkeypatch.context() as patch:
        patch.setattr(new, "encode_photos", refuse)
        yield patch


def test_model_that_fails_at_photos_does_not_take_over(
    changed_model, broken_model, indexer, make_product, catalog
):
    first, embedder = changed_model
    with capture_logs() as said:
        for _ in range(4):
            while embedder.step() + indexer.step():
                pass
    assert spaces.live_space() == first
    assert points() == placed()
    kept_back = [entry for entry in said if "does not go live" in entry["event"]]
    assert [entry["failed"] for entry in kept_back] == [3]


def test_photos_that_the_new_model_failed_at_are_shown_and_tried_again(
    changed_model, broken_model, indexer, catalog, person
):
    _, embedder = changed_model
    while embedder.step():
        pass
    shown = activity_of(catalog)
    assert shown.failed == 3
    assert {(one["kind"], one["model"]) for one in shown.failures} == {
        ("embed", "brighter-colours")
    }
    broken_model.undo()
    assert failed_work_retry(catalog=catalog, actor=person) == 3
    for _ in range(3):
        while embedder.step() + indexer.step():
            pass
    assert spaces.live_space().model_id == "brighter-colours"
    assert not activity_of(catalog).failures


def test_photos_of_deleted_products_keep_no_model_from_taking_over(
    changed_model, broken_model, indexer, person
):
    _, embedder = changed_model
    products_delete(products=Product.objects.all(), actor=person)
    for _ in range(3):
        while embedder.step() + indexer.step():
            pass
    assert spaces.live_space().model_id == "brighter-colours"


def test_change_of_model_may_lose_a_small_share_of_the_photos(
    changed_model, broken_model, indexer, monkeypatch
):
    _, embedder = changed_model
    monkeypatch.setattr(spaces, "MOST_LOST", 1.0)
    for _ in range(3):
        while embedder.step() + indexer.step():
            pass
    assert spaces.live_space().model_id == "brighter-colours"


def test_photo_that_comes_during_the_change_leaves_no_task_that_nobody_works_on(
    changed_model, indexer, make_product
):
    first, embedder = changed_model
    embedder.step()
    make_product("Meanwhile")
    assert first.tasks.filter(state="pending").count() == 1
    for _ in range(3):
        while embedder.step() + indexer.step():
            pass
    assert points() == placed()
    assert set(EmbedTask.objects.values_list("state", flat=True)) == {"done"}


def test_photo_that_came_during_the_change_is_embedded_after_switching_back(
    changed_model, indexer, make_product, engine, encoder
):
    first, embedder = changed_model
    embedder.step()
    make_product("Meanwhile")
    for _ in range(3):
        while embedder.step() + indexer.step():
            pass
    engine._engine._encoder = encoder
    back = Embedder(configured.client(), owner="test/4")
    for _ in range(3):
        while back.step() + indexer.step():
            pass
    assert spaces.live_space() == first
    assert first.embeddings.count() == 4
    assert points() == placed()


def test_model_that_is_given_up_before_it_was_live_leaves_nothing_to_do(
    changed_model, make_product, engine, encoder, indexer, catalog
):
    first, embedder = changed_model
    embedder.step()
    make_product("Meanwhile")
    engine._engine._encoder = encoder
    while embedder.step() + indexer.step():
        pass
    assert spaces.live_space() == first
    assert EmbeddingSpace.objects.get(model_id="brighter-colours").state == "retired"
    assert set(EmbedTask.objects.values_list("state", flat=True)) == {"done"}
    assert points() == placed()


def test_photo_that_cannot_be_embedded_does_not_keep_the_new_space_from_going_live(
    changed_model, indexer, data_dir
):
    _, embedder = changed_model
    photo = Placement.objects.first().photo
    (data_dir / "media" / photo.file.name).write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    for _ in range(3):
        while embedder.step() + indexer.step():
            pass
    assert spaces.live_space().model_id == "brighter-colours"
    assert EmbedTask.objects.get(space=spaces.live_space(), photo=photo).state == "failed"
