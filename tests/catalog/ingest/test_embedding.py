"""Photos to vectors, and what happens when a part of that is away."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog import storage
from catalog.index import spaces
from catalog.ingest import embed
from catalog.ingest.embed import Embedder
from catalog.models import Embedding, EmbeddingSpace, EmbedTask, Photo
from catalog.services.work import failed_work_retry
from prodintel.engine import configured
from prodintel.engine.errors import EngineError
from prodintel.lib.work import MAX_ATTEMPTS, WorkState
from tests.catalog.colours import ColourEncoder

pytestmark = pytest.mark.django_db


def states() -> list[str]:
    return list(EmbedTask.objects.order_by("pk").values_list("state", flat=True))


def make_due() -> None:
    EmbedTask.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))


def test_first_model_makes_a_live_space(embedder):
    embedder.step()
    space = EmbeddingSpace.objects.get()
    assert (space.state, space.model_id) == ("live", "colours")


def test_photos_that_were_there_before_the_model_are_embedded(make_product, embedder):
    make_product()
    assert not EmbedTask.objects.exists()
    while embedder.step():
        pass
    assert states() == ["done"]


def test_vectors_are_those_of_the_model(make_product, embedder, encoder):
    make_product(color="blue")
    while embedder.step():
        pass
    kept = Embedding.objects.get().array
    assert np.dot(kept, encoder.encode_texts(["blue"])[0]) > 0.95
    assert np.linalg.norm(kept) == pytest.approx(1, abs=1e-3)


def test_each_photo_is_embedded_once(make_product, embedder, encoder):
    for _ in range(20):
        make_product()
    while embedder.step():
        pass
    assert encoder.photos_seen == Embedding.objects.count() == 20


def test_nothing_is_claimed_while_the_engine_is_away(make_product, embedder, engine):
    embedder.step()
    make_product()
    engine.stop()
    assert embedder.step() == 0
    assert states() == ["pending"]


def test_engine_that_dies_in_the_middle_gives_all_batches_back(
    make_product, embedder, engine, monkeypatch
):
    embedder.step()
    for _ in range(30):
        make_product()
    take = Embedder._start_decoding

    def then_die(self, claim, spec):
        batch = take(self, claim, spec)
        engine.stop()
        return batch

    monkeypatch.setattr(Embedder, "_start_decoding", then_die)
    assert embedder.step() == 0
    assert set(states()) == {"pending"}
    assert set(EmbedTask.objects.values_list("attempts", flat=True)) == {0}
    assert EmbedTask.objects.exclude(error="").exists()


@pytest.mark.parametrize("permanent", [True, False])
def test_model_that_can_do_nothing_fails_no_photo_for_it(
    make_product, embedder, encoder, permanent
):
    embedder.step()
    for _ in range(10):
        make_product()
    encoder.error = EngineError("Out of memory.", permanent=permanent)
    for _ in range(MAX_ATTEMPTS + 1):
        assert embedder.step() == 0
        make_due()
    assert set(EmbedTask.objects.values_list("state", "attempts", "error")) == {
        ("pending", 0, "Out of memory.")
    }
    encoder.error = None
    while embedder.step():
        pass
    assert set(states()) == {"done"}


@pytest.fixture
def no_blue(encoder, monkeypatch):
    """Has the model refuse batches with a blue photo in them; set whether for ever."""
    refusal = SimpleNamespace(permanent=True)
    encode = encoder.encode_photos

    def refuse(photos):
        if (photos[..., 2].mean(axis=(1, 2)) > 200).any():
            raise EngineError("Values that are not numbers.", permanent=refusal.permanent)
        return encode(photos)

    monkeypatch.setattr(encoder, "encode_photos", refuse)
    return refusal


def test_photo_that_the_model_refuses_fails_alone(make_product, embedder, no_blue):
    embedder.step()
    for number in range(12):
        make_product(color="blue" if number == 4 else "red")
    embedder.step()
    failed = EmbedTask.objects.get(state=WorkState.FAILED)
    assert failed.photo.placements.get().product.title == "Thing 5"
    assert failed.error == "Values that are not numbers."
    assert EmbedTask.objects.filter(state=WorkState.DONE).count() == 11


def test_photo_that_the_model_may_take_later_is_tried_some_times(make_product, embedder, no_blue):
    no_blue.permanent = False
    embedder.step()
    for color in ("red", "blue", "red"):
        make_product(color=color)
    for _ in range(MAX_ATTEMPTS):
        embedder.step()
        make_due()
    assert states() == ["done", "failed", "done"]
    assert EmbedTask.objects.get(state=WorkState.FAILED).attempts == MAX_ATTEMPTS


def test_vectors_of_another_model_never_enter_the_space(
    make_product, embedder, engine, monkeypatch
):
    embedder.step()
    for _ in range(3):
        make_product()
    take = Embedder._start_decoding

    def then_change_the_model(self, claim, spec):
        monkeypatch.setattr(Embedder, "_start_decoding", take)
        engine._engine._encoder = ColourEncoder("brighter-colours")
        return take(self, claim, spec)

    monkeypatch.setattr(Embedder, "_start_decoding", then_change_the_model)
    assert embedder.step() == 0
    assert not Embedding.objects.exists()
    assert set(EmbedTask.objects.values_list("state", "attempts")) == {("pending", 0)}
    make_due()
    embedder.step()
    (space,) = {row.space for row in Embedding.objects.all()}
    assert space.model_id == "brighter-colours"


def test_storage_that_is_away_leaves_the_work_pending_with_a_message(
    make_product, embedder, monkeypatch
):
    embedder.step()
    make_product()

    def away(name: str) -> bytes:
        raise storage.StorageUnavailable("The photo storage cannot be used just now.")

    monkeypatch.setattr(storage, "read", away)
    embedder.step()
    task = EmbedTask.objects.get()
    assert (task.state, task.attempts) == ("pending", 0)
    assert "storage" in task.error


def test_damaged_file_fails_with_a_message_and_the_others_go_on(make_product, embedder, data_dir):
    embedder.step()
    damaged = make_product().placements.get().photo
    make_product()
    (data_dir / "media" / damaged.file.name).write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    while embedder.step():
        pass
    assert EmbedTask.objects.get(photo=damaged).state == WorkState.FAILED
    assert EmbedTask.objects.get(photo=damaged).error
    assert EmbedTask.objects.exclude(photo=damaged).get().state == WorkState.DONE


def test_missing_file_is_tried_some_times_then_waits_for_a_person(make_product, embedder, data_dir):
    embedder.step()
    photo = make_product().placements.get().photo
    (data_dir / "media" / photo.file.name).unlink()
    for _ in range(MAX_ATTEMPTS):
        make_due()
        embedder.step()
    task = EmbedTask.objects.get()
    assert (task.state, task.attempts) == ("failed", MAX_ATTEMPTS)
    assert "missing" in task.error


def test_retry_embeds_what_failed_once_it_can(make_product, embedder, data_dir, catalog, person):
    embedder.step()
    photo = make_product().placements.get().photo
    path = data_dir / "media" / photo.file.name
    whole = path.read_bytes()
    path.write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    embedder.step()
    path.write_bytes(whole)
    assert failed_work_retry(catalog=catalog, actor=person) == 1
    embedder.step()
    assert states() == ["done"]


def test_photo_that_is_purged_while_it_is_embedded_holds_nothing_up(
    make_product, embedder, monkeypatch
):
    embedder.step()
    gone = make_product().placements.get().photo
    make_product()
    claim = Embedder._claim

    def then_purge(self, limit):
        claimed = claim(self, limit)
        Photo.objects.filter(pk=gone.pk).delete()
        return claimed

    monkeypatch.setattr(Embedder, "_claim", then_purge)
    while embedder.step():
        pass
    assert states() == ["done"]
    assert Embedding.objects.count() == 1


def test_result_after_the_claim_was_lost_is_dropped(make_product, embedder, encoder, monkeypatch):
    embedder.step()
    make_product()
    finish = Embedder._finish

    def too_late(self, batch):
        EmbedTask.objects.all().redo()
        monkeypatch.setattr(Embedder, "_finish", finish)
        return finish(self, batch)

    monkeypatch.setattr(Embedder, "_finish", too_late)
    embedder.step()
    assert encoder.photos_seen == 1
    assert not Embedding.objects.exists()
    assert states() == ["pending"]


def test_database_that_fails_while_recording_gives_the_batch_back(
    make_product, embedder, monkeypatch
):
    embedder.step()
    make_product()

    def locked(**_):
        raise OperationalError("deadlock detected")

    with monkeypatch.context() as patch:
        patch.setattr(embed, "embeddings_record", locked)
        with pytest.raises(OperationalError):
            embedder.step()
    assert states() == ["running"]
    embedder.step()
    assert EmbedTask.objects.get().attempts == 0
    make_due()
    embedder.step()
    assert states() == ["done"]


def test_idle_runner_does_not_read_whole_tables(make_product, embedder):
    make_product()
    while embedder.step():
        pass
    with CaptureQueriesContext(connection) as queries:
        embedder.step()
    assert not [query["sql"] for query in queries if 'catalog_embedding"' in query["sql"]]
    assert not [query["sql"] for query in queries if 'FROM "catalog_photo"' in query["sql"]]


def test_photos_that_no_task_was_made_for_are_found_now_and_then(
    make_product, embedder, monkeypatch
):
    embedder.step()
    make_product()
    EmbedTask.objects.all().delete()
    embedder.step()
    assert states() == []
    monkeypatch.setattr(embed, "TIDY_SECONDS", 0.0)
    while embedder.step():
        pass
    assert states() == ["done"]


def test_photo_that_came_to_nothing_twice_is_tried_alone(make_product, embedder):
    embedder.step()
    for _ in range(3):
        make_product()
    EmbedTask.objects.update(attempts=2)
    assert len(embedder._claim(8).rows) == 1


def test_background_sample_is_drawn_when_the_work_is_done(make_product, embedder):
    for _ in range(25):
        make_product()
    while embedder.step():
        pass
    space = EmbeddingSpace.objects.get()
    assert space.background_count == 25
    assert len(space.background) == 25 * space.dimension * 2


def test_background_sample_reaches_from_the_first_photo_to_the_newest(
    make_product, embedder, monkeypatch
):
    monkeypatch.setattr(spaces, "BACKGROUND_SIZE", 4)
    for color in ("red", "blue", "green", "black", "white", "orange", "pink"):
        make_product(color=color)
    while embedder.step():
        pass
    space = EmbeddingSpace.objects.get()
    vectors = [bytes(row.vector) for row in Embedding.objects.order_by("pk")]
    size = len(vectors[0])
    drawn = [bytes(space.background)[start : start + size] for start in range(0, 4 * size, size)]
    assert drawn == [vectors[place] for place in (0, 2, 4, 6)]


def test_client_of_the_site_reaches_the_engine(engine):
    assert configured.client().info().state == "ready"
