from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import qdrant_edge

from prodintel.engine.errors import CollectionMissing, EngineError, EngineUnavailable
from prodintel.engine.shard import ShardFailure
from prodintel.engine.store import CollectionStore
from prodintel.engine.vectors import AnyOf, Field, FieldSchema, Filter

COLOR = Field("attr.color", FieldSchema.KEYWORD)
DIMENSION = 4


def vectors(count: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((count, DIMENSION)).astype(np.float32)


def fill(store: CollectionStore, count: int = 3) -> None:
    store.ensure("photos", DIMENSION, [COLOR])
    payloads = [{"attr": {"color": ["red"]}, "new": n == 0} for n in range(count)]
    store.get("photos").upsert(list(range(count)), vectors(count), payloads)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "index"


@pytest.fixture
def store(folder):
    store = CollectionStore(folder)
    yield store
    store.close()


def test_points_are_there_after_closing_and_opening(folder):
    store = CollectionStore(folder)
    fill(store)
    store.close()

    again = CollectionStore(folder)
    assert again.names() == ["photos"]
    assert again.get("photos").count(Filter((AnyOf("attr.color", ("red",)),))) == 3
    assert again.facets("photos", "attr.color", None, 10) == {"red": 3}
    assert not again.info().collections[0].needs_rebuild
    again.close()


WRITER = """
import os, signal, sys
from tests.engine.test_store import CollectionStore, fill
store = CollectionStore(__import__("pathlib").Path(sys.argv[1]))
fill(store, 400)
store.get("photos").delete([0, 1])
store.get("photos").set_payloads([2], [{"attr": {"color": ["blue"]}}])
print("written", flush=True)
signal.pause()
"""


def writer(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "written\n"
    return process


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    process.stdout.close()


def test_everything_written_survives_the_kill_of_its_process(folder):
    kill(writer(folder))

    store = CollectionStore(folder)
    assert store.get("photos").count() == 398
    assert store.facets("photos", "attr.color", None, 10) == {"red": 397, "blue": 1}
    assert store.info().collections[0].needs_rebuild is False
    store.close()


def test_a_second_process_is_told_who_holds_the_shard(folder):
    process = writer(folder)
    try:
        with pytest.raises(EngineError, match=rf"held by another process \(pid {process.pid}\)"):
            CollectionStore(folder)
    finally:
        kill(process)
    CollectionStore(folder).close()


@pytest.mark.parametrize("damaged", ["segment.json", "version.info", "first-index", "status.dat"])
def test_a_damaged_collection_is_moved_aside_and_started_afresh(folder, damaged):
    store = CollectionStore(folder)
    fill(store)
    store.close()
    for file in (folder / "photos" / "edge").rglob(damaged):
        file.write_bytes(b"")

    again = CollectionStore(folder)

    (health,) = again.info().collections
    assert (health.name, health.points, health.dimension) == ("photos", 0, DIMENSION)
    assert health.needs_rebuild
    assert len(list(folder.glob("photos.broken-*"))) == 1
    fill(again)
    assert again.facets("photos", "attr.color", None, 10) == {"red": 3}
    again.close()


def damage(folder):
    for file in (folder / "photos" / "edge").rglob("segment.json"):
        file.write_text("{")


def test_a_rebuilt_collection_stays_marked_until_it_is_said_to_be_complete(folder):
    store = CollectionStore(folder)
    fill(store)
    store.close()
    damage(folder)
    store = CollectionStore(folder)
    store.close()

    store = CollectionStore(folder)
    assert store.info().collections[0].needs_rebuild
    store.mark_rebuilt("photos")
    store.close()

    store = CollectionStore(folder)
    assert not store.info().collections[0].needs_rebuild
    store.close()


def test_only_the_last_damaged_copy_is_kept(folder):
    for _ in range(3):
        store = CollectionStore(folder)
        fill(store)
        store.close()
        damage(folder)
    CollectionStore(folder).close()
    assert len(list(folder.glob("photos.broken-*"))) == 1


def test_a_collection_without_a_readable_description_is_made_anew(folder):
    store = CollectionStore(folder)
    fill(store)
    store.close()
    (folder / "photos" / "collection.json").write_text(json.dumps({"dimension": "many"}))

    store = CollectionStore(folder)
    assert store.names() == []
    assert store.ensure("photos", DIMENSION, [COLOR]) is True
    store.close()


@pytest.mark.parametrize("code", [13, 24, 28])
def test_trouble_of_the_machine_is_not_taken_for_damage(folder, monkeypatch, code):
    store = CollectionStore(folder)
    fill(store)
    store.close()

    def trouble(_folder):
        raise Exception(f"Service runtime error: IO Error: nope (os error {code})")  # noqa: TRY002 -- as Edge does

    with monkeypatch.context() as patch:
        patch.setattr(qdrant_edge, "EdgeShard", SimpleNamespace(load=trouble))
        store = CollectionStore(folder)
        with pytest.raises(EngineUnavailable):
            store.get("photos")
        assert f"os error {code}" in store.info().error

    assert store.get("photos").count() == 3
    assert list(folder.glob("*.broken-*")) == []
    store.close()


class TroubledShard:
    """A shard that can do nothing any more, and says so in these words. `did`: what it was asked."""

    def __init__(self, words: str = "") -> None:
        self._words = words
        self.did: list[str] = []

    def __getattr__(self, name: str):
        def call(*_):
            self.did.append(name)
            if self._words:
                raise Exception(self._words)  # noqa: TRY002 -- as Edge does

        return call


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("IO Error: No space left on device (os error 28)", EngineUnavailable),
        (
            'called unwrap() on Err: Os { code: 28, kind: StorageFull, message: "full" }',
            EngineUnavailable,
        ),
        ("Service runtime error: segment is corrupt", ShardFailure),
    ],
    ids=["full disk", "full disk in a panic", "damage"],
)
def test_write_that_the_machine_prevents_is_no_failure_of_the_shard(store, words, error):
    fill(store)
    collection = store.get("photos")
    whole, collection._shard = collection._shard, TroubledShard(words)
    with pytest.raises(error) as caught:
        fill(store)
    assert not caught.value.permanent
    collection._shard = whole


def test_dropping_does_not_flush_what_is_deleted(store, folder):
    fill(store)
    collection = store.get("photos")
    whole, collection._shard = collection._shard, TroubledShard()
    store.drop("photos")
    assert collection._shard.did == ["close"]
    assert [entry.name for entry in folder.iterdir()] == ["lock"]
    whole.close()


def test_dropped_collection_is_made_anew_and_empty(store):
    fill(store)
    store.drop("photos")
    assert store.ensure("photos", DIMENSION, [COLOR])
    assert store.get("photos").count() == 0
    fill(store)
    assert store.get("photos").count() == 3


def test_what_a_kill_left_of_creating_or_dropping_is_no_collection(folder):
    (folder / "half").mkdir(parents=True)
    (folder / "photos.dropped-1").mkdir()
    store = CollectionStore(folder)
    assert store.names() == []
    assert store.ensure("half", DIMENSION, []) is True
    store.close()


def test_another_index_of_the_same_field_is_refused(store):
    fill(store)
    with pytest.raises(EngineError, match="already indexed as keyword"):
        store.ensure("photos", DIMENSION, [Field("attr.color", FieldSchema.INTEGER)])


@pytest.mark.parametrize("path", ["status", "price"])
def test_counting_by_a_field_without_a_fitting_index_is_refused(store, path):
    store.ensure("photos", DIMENSION, [Field("price", FieldSchema.FLOAT)])
    with pytest.raises(EngineError, match="cannot be counted by"):
        store.facets("photos", path, None, 10)


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a.b", ".hidden", "x" * 101])
def test_a_name_that_is_no_folder_name_is_refused(store, name):
    with pytest.raises(EngineError, match="cannot be a collection"):
        store.ensure(name, DIMENSION, [])


def test_an_unknown_collection_is_missing(store):
    with pytest.raises(CollectionMissing, match="'nothing'"):
        store.get("nothing")


def test_more_points_than_an_upsert_takes_are_refused(store):
    store.ensure("photos", DIMENSION, [])
    with pytest.raises(EngineError, match="at most 500"):
        store.get("photos").upsert(list(range(501)), vectors(501), [{}] * 501)


def test_text_with_the_mark_of_booleans_is_refused(store):
    store.ensure("photos", DIMENSION, [])
    with pytest.raises(EngineError, match="NUL"):
        store.get("photos").upsert([1], vectors(1), [{"status": "\x00true"}])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}, b"x"])
def test_values_that_json_has_no_form_for_are_refused(store, value):
    store.ensure("photos", DIMENSION, [])
    with pytest.raises(EngineError, match="cannot hold"):
        store.get("photos").upsert([1], vectors(1), [{"deep": [{"value": value}]}])


def test_booleans_come_back_as_booleans(store):
    fill(store)
    records = store.get("photos").retrieve([0, 1])
    assert [record.payload["new"] for record in records] == [True, False]


def test_a_flush_waits_for_a_pause_in_writing(store):
    fill(store)
    collection = store.get("photos")
    store.flush(only_quiet=True)
    assert collection.unflushed == 3
    collection.last_write -= 60
    store.flush(only_quiet=True)
    assert collection.unflushed == 0


def test_a_flush_does_not_wait_when_much_was_written(store, monkeypatch):
    monkeypatch.setattr("prodintel.engine.store.MOST_UNFLUSHED", 2)
    fill(store)
    store.flush(only_quiet=True)
    assert store.get("photos").unflushed == 0


def test_the_folder_is_closed_to_others(store, folder):
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "lock").read_text() == str(os.getpid())
