"""Filling an index from the database, and what happens when that is interrupted."""

from __future__ import annotations

import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from catalog.index import spaces, vector_index
from catalog.index.protocol import IndexUnavailable, Point
from catalog.index.server import ServerIndex
from catalog.ingest.embed import Embedder
from catalog.ingest.index import Indexer
from catalog.models import EmbeddingSpace, Placement, SpaceState
from prodintel.engine import configured
from tests.catalog.colours import ColourEncoder

pytestmark = pytest.mark.django_db
PRODUCTS = 5
# Calls to the index during a rebuild in chunks of two: drop, ensure, three upserts, mark.
STEPS = ("drop", "ensure", "upsert", "upsert", "upsert", "mark_rebuilt")


class Interrupted(ServerIndex):
    """The site's index, which fails at the call numbered `at` of those that fill it."""

    def __init__(self, at: int) -> None:
        self.left = at
        self._index = vector_index()

    def __getattribute__(self, name: str):
        if name in {"left", "_index", "__dict__"}:
            return object.__getattribute__(self, name)
        if name in STEPS:
            if self.left == 0:
                raise IndexUnavailable("The engine did not answer in time.")
            self.left -= 1
        return getattr(self._index, name)


def points() -> list[int]:
    return list(vector_index().ids(spaces.live_space().collection))


def placed() -> list[int]:
    return sorted(Placement.objects.values_list("pk", flat=True))


@pytest.fixture
def filled(make_product, ingest):
    for _ in range(PRODUCTS):
        make_product()
    ingest()


@pytest.mark.parametrize("at", range(len(STEPS)))
def test_rebuild_that_stops_anywhere_is_done_again_by_the_index_runner(filled, indexer, at):
    with pytest.raises(IndexUnavailable):
        spaces.rebuild(Interrupted(at), spaces.live_space(), chunk=2)
    indexer.step()
    assert points() == placed()
    assert spaces.is_filled(vector_index(), spaces.live_space())


@pytest.mark.parametrize("at", range(len(STEPS)))
def test_lost_index_is_whole_again_after_a_filling_that_stopped(filled, monkeypatch, at):
    vector_index().drop(spaces.live_space().collection)
    fill = spaces.rebuild
    monkeypatch.setattr(spaces, "rebuild", lambda *args, **options: fill(*args, **options, chunk=2))
    assert Indexer(Interrupted(at), owner="test/1").step() == 0
    monkeypatch.undo()
    Indexer(vector_index(), owner="test/2").step()
    assert points() == placed()


def test_killed_rebuild_is_begun_again_once_its_lease_ran_out(filled, indexer):
    space = spaces.live_space()
    spaces._begin_filling(space, uuid.uuid4())
    vector_index().delete(space.collection, points()[1:])
    indexer.step()
    assert len(points()) == 1
    EmbeddingSpace.objects.update(fill_until=timezone.now() - timedelta(seconds=1))
    indexer.step()
    assert points() == placed()


def test_two_processes_do_not_fill_one_collection(filled):
    class Second(Interrupted):
        def __getattribute__(self, name: str):
            if name == "upsert":
                with pytest.raises(IndexUnavailable, match="Another process"):
                    spaces.rebuild(vector_index(), spaces.live_space())
            return super().__getattribute__(name)

    assert spaces.rebuild(Second(at=100), spaces.live_space()) == PRODUCTS
    assert points() == placed()


def test_whoever_lost_the_filling_to_another_stops(filled):
    class Slow(Interrupted):
        def __getattribute__(self, name: str):
            if name == "mark_rebuilt":
                EmbeddingSpace.objects.update(fill_until=timezone.now() - timedelta(seconds=1))
                spaces.rebuild(vector_index(), spaces.live_space())
            return super().__getattribute__(name)

    with pytest.raises(IndexUnavailable, match="took over"):
        spaces.rebuild(Slow(at=100), spaces.live_space())
    assert spaces.is_filled(vector_index(), spaces.live_space())


def test_index_at_another_address_is_filled_though_it_has_the_collection(filled, indexer):
    space = spaces.live_space()
    vector_index().delete(space.collection, points()[1:])
    EmbeddingSpace.objects.update(filled_index="server-1")
    indexer.step()
    assert points() == placed()


def test_installations_that_share_a_server_leave_each_other_s_collections_alone(filled):
    ours = spaces.live_space()
    theirs = EmbeddingSpace(pk=ours.pk, dimension=ours.dimension)
    vector_index().ensure(theirs.collection, theirs.dimension)
    vector_index().upsert(theirs.collection, [Point(7, np.ones(theirs.dimension), {})])
    spaces.rebuild(vector_index(), ours)
    assert list(vector_index().ids(theirs.collection)) == [7]


def test_servers_are_told_apart_without_their_passwords():
    first, second = ServerIndex("http://me:secret@a:6333"), ServerIndex("http://me:secret@b:6333")
    assert first.identity != second.identity
    assert "secret" not in first.identity
    assert len(first.identity) <= EmbeddingSpace._meta.get_field("filled_index").max_length


def test_space_whose_filling_stopped_does_not_go_live(filled, engine, indexer):
    first = spaces.live_space()
    engine._engine._encoder = ColourEncoder("brighter-colours")
    embedder = Embedder(configured.client(), owner="test/2")
    while embedder.step():
        pass
    while indexer.step():
        pass
    EmbeddingSpace.objects.filter(state=SpaceState.FILLING).update(filled_index="")
    embedder.step()
    assert spaces.live_space() == first
    indexer.step()
    embedder.step()
    assert spaces.live_space() != first
    assert points() == placed()
