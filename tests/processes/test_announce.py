from __future__ import annotations

import pytest

from catalog.models import Embedding, EmbeddingSpace, EmbedTask, IndexChange, Photo, SpaceState
from prodintel import announce
from prodintel.engine.errors import EngineUnavailable
from prodintel.engine.interface import EncoderInfo, EngineInfo
from prodintel.engine.preprocess import PreprocessSpec
from prodintel.lib.work import WorkState


@pytest.fixture
def photos(make_catalog):
    catalog = make_catalog()
    return [
        Photo.objects.create(
            catalog=catalog, sha256=f"{n:064}", width=9, height=9, size_bytes=9, perceptual_hash=n
        )
        for n in range(4)
    ]


@pytest.fixture
def space(db):
    return EmbeddingSpace.objects.create(
        model_id="m", dimension=4, fingerprint="f", state=SpaceState.LIVE
    )


@pytest.mark.django_db
def test_nothing_is_searchable_before_the_first_model(photos):
    assert announce.searchable_photos() == (0, 4)


def test_photo_is_searchable_once_it_is_embedded_and_in_the_index(photos, space):
    IndexChange.objects.all().delete()
    for photo in photos[:3]:
        Embedding.objects.create(photo=photo, space=space, vector=b"")
    IndexChange.objects.all().delete()
    assert announce.searchable_photos() == (3, 4)
    IndexChange.objects.create(point=1, sequence=1, vector=True)
    assert announce.searchable_photos() == (2, 4)


def test_change_that_the_index_refused_is_not_waited_for(photos, space):
    for photo in photos:
        Embedding.objects.create(photo=photo, space=space, vector=b"")
    IndexChange.objects.all().delete()
    IndexChange.objects.create(point=1, sequence=1, vector=True, state=WorkState.FAILED)
    assert announce.searchable_photos() == (4, 4)


def test_failed_photo_is_not_waited_for(photos, space):
    EmbedTask.objects.update_or_create(
        photo=photos[0], space=space, defaults={"state": WorkState.FAILED}
    )
    assert announce.searchable_photos() == (0, 3)


class Engine:
    """Answers `info` from a list, then stops the announcer that asks."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.announcer: announce.Announcer | None = None

    def info(self, *, timeout):  # noqa: ARG002 -- the engine's signature
        answer = self.answers.pop(0)
        if not self.answers:
            self.announcer.stop()
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def announced(monkeypatch):
    """What is said for these answers of the engine."""

    def run(*answers) -> list[str]:
        said: list[str] = []
        engine = Engine(*answers)
        engine.announcer = announce.Announcer(said.append)
        monkeypatch.setattr(announce, "ENGINE_SECONDS", 0)
        monkeypatch.setattr(announce.configured, "client", lambda: engine)
        # On this thread: another one would not see this test's transaction.
        monkeypatch.setattr(announce.connection, "close", lambda: None)
        engine.announcer.run()
        return said

    return run


ENCODER = EncoderInfo(
    model_id="starter",
    dimension=384,
    fingerprint="f",
    preprocess=PreprocessSpec(size=(8, 8), mean=(0, 0, 0), std=(1, 1, 1)),
    batch=8,
    device="cpu",
    dtype="float32",
    text_context=77,
    photos_per_second=39.6,
)


def engine_info(state, **fields) -> EngineInfo:
    return EngineInfo(state=state, model="starter", pid=1, **fields)


@pytest.mark.django_db
def test_encoder_is_announced_after_the_engine_was_away_and_loading(announced):
    said = announced(
        EngineUnavailable("away"), engine_info("loading"), engine_info("ready", encoder=ENCODER)
    )
    assert said == ["Encoder ready: starter, 384 dimensions, about 40 photos a second on cpu."]


@pytest.mark.django_db
def test_failure_of_the_encoder_is_told_once(announced):
    failed = engine_info("failed", error="no such model")
    assert announced(failed, failed, failed) == ["The encoder cannot be loaded: no such model"]
