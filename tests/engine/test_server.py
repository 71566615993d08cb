from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from prodintel.engine import wire
from prodintel.engine.client import EngineClient, LocalEngine, connect_or_start
from prodintel.engine.errors import CollectionMissing, EngineError, EngineUnavailable
from prodintel.engine.server import hold_socket
from prodintel.engine.shard import EdgeCollection
from tests.engine.running import Result, client_of, config_for, no_model, running_engine
from tests.live_site import suspend

PHOTOS = np.zeros((3, 8, 8, 3), np.uint8)


class FakeEncoder:
    """Stands for a loaded model; `gate` holds its bulk lane."""

    info = SimpleNamespace(dimension=4, fingerprint="fake-1", model_id="fake")

    def __init__(self):
        self.entered = threading.Event()
        self.gate = threading.Event()

    def encode_texts(self, texts):
        return np.ones((len(texts), 4), np.float32)

    def encode_query_photo(self, photo):
        assert photo.ndim == 3
        return np.ones(4, np.float32)

    def encode_photos(self, photos):
        self.entered.set()
        assert self.gate.wait(20)
        return np.ones((len(photos), 4), np.float32)


def put(client, *ids):
    client.shard_ensure("photos", 4)
    client.shard_upsert("photos", ids, np.eye(4, dtype=np.float32)[: len(ids)], [{}] * len(ids))


def test_socket_and_key_are_for_this_user_only(config):
    with running_engine(config):
        assert config.socket.stat().st_mode & 0o777 == 0o600
        assert config.key_file.stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_could_read_is_closed_to_them(config):
    key = wire.make_key(config.key_file)
    config.key_file.chmod(0o644)
    assert wire.read_key(config.key_file) == key
    assert config.key_file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_no_key_is_named(config):
    config.key_file.write_bytes(b"short")
    with pytest.raises(EngineUnavailable, match=r"engine\.key holds no key") as caught:
        EngineClient.of(config).info()
    assert caught.value.permanent


def test_a_caller_with_another_key_is_refused(config):
    with running_engine(config):
        config.key_file.write_bytes(b"x" * 32)
        with pytest.raises(EngineUnavailable, match="AuthenticationError"):
            EngineClient.of(config).info()


def test_a_socket_in_a_deep_folder_is_placed_elsewhere_and_works(tmp_path):
    deep = tmp_path.joinpath(*["a-rather-long-name"] * 6)
    deep.mkdir(parents=True)
    config = config_for(deep)
    assert len(str(config.socket)) <= 100
    assert config.socket.parent.stat().st_mode & 0o777 == 0o700
    assert wire.socket_path(deep) == config.socket
    with running_engine(config), client_of(config) as client:
        assert client.info().pid == os.getpid()
    (config.socket.parent / "engine.sock.lock").unlink()
    config.socket.parent.rmdir()


def test_nobody_at_the_socket_is_said_clearly(config):
    with pytest.raises(EngineUnavailable, match="not running") as caught:
        EngineClient.of(config).info()
    assert not caught.value.permanent


def test_a_stale_socket_file_is_replaced(config):
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(config.socket))
    assert config.socket.exists()
    with running_engine(config), client_of(config) as client:
        assert client.info().state == "idle"


def test_a_second_engine_is_refused_and_the_first_goes_on(config):
    with running_engine(config), client_of(config) as client:
        with pytest.raises(EngineError, match="already runs"), hold_socket(config.socket):
            pass
        assert client.info().pid == os.getpid()


def test_a_stopped_engine_leaves_no_socket_behind(config):
    with running_engine(config):
        pass
    assert not config.socket.exists()


def test_errors_arrive_as_they_were_raised(config):
    with running_engine(config), client_of(config) as client:
        with pytest.raises(CollectionMissing, match="'nothing'") as missing:
            client.shard_count("nothing")
        assert missing.value.permanent
        with pytest.raises(EngineError, match="at least one dimension"):
            client.shard_ensure("photos", 0)


def test_only_the_engines_calls_can_be_called(config):
    with running_engine(config), client_of(config) as client:
        for name in ("close", "_load_model", "__class__", "tend"):
            with pytest.raises(EngineError, match="has no call"):
                client._call(name)


def test_a_wrong_call_does_not_end_the_connection(config):
    with running_engine(config), client_of(config) as client:
        with pytest.raises(EngineError, match="TypeError"):
            client._call("shard_count", 1, 2, 3, 4)
        assert client.shard_collections() == []
        assert len(client._free) == 1


def test_an_engine_without_a_shard_says_where_vectors_are(tmp_path):
    from dataclasses import replace

    config = replace(config_for(tmp_path), shard_folder=None)
    with running_engine(config), client_of(config) as client:
        for call in (client.shard_info, client.shard_collections):
            with pytest.raises(EngineError, match="QDRANT_URL"):
                call()


def test_the_shard_answers_while_the_model_loads(config):
    loaded = threading.Event()

    def load(_config):
        assert loaded.wait(20)
        return FakeEncoder()

    with running_engine(config, load) as server, client_of(config) as client:
        server._engine.start_loading()
        assert client.info().state == "loading"
        put(client, 1, 2)
        assert client.shard_count("photos") == 2
        with pytest.raises(EngineUnavailable, match="still loading") as caught:
            client.encode_texts(["mug"], model="fake-1", timeout=0.05)
        assert not caught.value.permanent

        waiting = Result(lambda: client.encode_texts(["mug"], model="fake-1", timeout=20))
        loaded.set()
        assert waiting.get().shape == (1, 4)
        assert client.info().state == "ready"


def test_a_model_that_cannot_be_loaded_is_reported_and_the_shard_works(config):
    with running_engine(config, no_model), client_of(config) as client:
        with pytest.raises(EngineUnavailable, match="This test has no model"):
            client.encode_texts(["mug"], model="fake-1")
        info = client.info()
        assert info.state == "failed"
        assert "This test has no model" in info.error
        put(client, 1)


def test_a_model_that_failed_is_tried_again_after_a_while(config):
    attempts = []

    def load(_config):
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("the hub does not answer")
        return FakeEncoder()

    engine = LocalEngine(config, load=load)
    for _ in range(2):
        with pytest.raises(EngineUnavailable, match="hub does not answer"):
            engine.encode_texts(["mug"], model="fake-1")
    assert len(attempts) == 1

    engine._retry_at = 0.0
    assert engine.encode_texts(["mug"], model="fake-1").shape == (1, 4)
    assert engine.info().error == ""
    engine.close()


@pytest.mark.parametrize(
    "encode",
    [
        lambda client: client.encode_texts(["mug"], model="fake-2"),
        lambda client: client.encode_photos(PHOTOS, model="fake-2"),
        lambda client: client.encode_query_photo(PHOTOS[0], model="fake-2"),
    ],
    ids=["texts", "photos", "query photo"],
)
def test_vectors_of_a_model_that_is_not_loaded_any_more_are_refused(config, encode):
    encoder = FakeEncoder()
    encoder.gate.set()
    with (
        running_engine(config, lambda _: encoder),
        client_of(config) as client,
        pytest.raises(EngineUnavailable, match="Another model is loaded by now: fake"),
    ):
        encode(client)


def test_asking_for_the_model_counts_no_points(config, monkeypatch):
    with running_engine(config), client_of(config) as client:
        put(client, 1, 2)
        (health,) = client.shard_info().collections
        assert (health.name, health.points) == ("photos", 2)
        monkeypatch.setattr(EdgeCollection, "count", lambda *_: pytest.fail("counted"))
        assert client.info().state == "idle"


def test_queries_are_answered_while_a_bulk_call_is_under_way(config):
    encoder = FakeEncoder()
    with running_engine(config, lambda _: encoder), client_of(config) as client:
        put(client, 1)
        bulk = Result(lambda: client.encode_photos(PHOTOS, model="fake-1"))
        assert encoder.entered.wait(20)

        assert client.encode_texts(["mug"], model="fake-1").shape == (1, 4)
        assert client.encode_query_photo(PHOTOS[0], model="fake-1").shape == (4,)
        assert len(client.shard_search("photos", np.ones(4, np.float32))) == 1

        assert bulk.thread.is_alive()
        encoder.gate.set()
        assert bulk.get().shape == (3, 4)


def test_a_late_answer_is_given_up_and_the_next_call_is_not_confused_by_it(config):
    encoder = FakeEncoder()
    with running_engine(config, lambda _: encoder), client_of(config) as client:
        with pytest.raises(EngineUnavailable, match=r"did not answer encode_photos within 0\.1 s"):
            client.encode_photos(PHOTOS, model="fake-1", timeout=0.1)
        encoder.gate.set()
        assert client.encode_texts(["mug", "jug"], model="fake-1").shape == (2, 4)


@pytest.mark.parametrize(
    "write",
    [
        lambda client: put(client, 2),
        lambda client: client.shard_delete("photos", [1]),
        lambda client: client.shard_set_payloads("photos", [1], [{"late": True}]),
    ],
    ids=["upsert", "delete", "payload"],
)
def test_a_write_that_nobody_waits_for_any_more_is_dropped(config, write):
    with running_engine(config) as server, client_of(config) as client:
        put(client, 1)
        writing = server._engine._shard.get("photos")._writing
        late = pytest.raises(EngineUnavailable, match="did not answer")
        with writing, client_of(config, 0.1) as hasty, late:
            write(hasty)
        with server._idle:
            assert server._idle.wait_for(lambda: server._calls == 0, 20)
        held = client.shard_retrieve("photos", [1, 2])
        assert [(record.id, record.payload) for record in held] == [(1, {})]


def test_the_engine_survives_a_caller_that_dies_in_the_middle_of_a_call(config):
    encoder = FakeEncoder()
    with running_engine(config, lambda _: encoder) as server, client_of(config) as client:
        dying = wire.connect(config.socket, wire.read_key(config.key_file), 5)
        wire.send(dying, ("encode_photos", (PHOTOS,), {"model": "fake-1"}, None))
        assert encoder.entered.wait(20)
        dying.close()
        encoder.gate.set()
        assert client.encode_texts(["mug"], model="fake-1").shape == (1, 4)
        with server._idle:
            assert server._idle.wait_for(lambda: server._calls == 0, 10)


@pytest.mark.parametrize(
    "noise", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x00\x00\x00\x05hello", b"\xff" * 64]
)
def test_the_engine_survives_strangers(config, noise):
    with running_engine(config), client_of(config) as client:
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(str(config.socket))
            stranger.sendall(noise)
        assert client.shard_collections() == []


def test_a_stranger_who_says_nothing_holds_nobody_up(config):
    with running_engine(config), client_of(config) as client, socket.socket(socket.AF_UNIX) as idle:
        idle.connect(str(config.socket))
        assert client.shard_collections() == []


def test_a_client_goes_on_after_the_engine_was_restarted(config):
    with client_of(config) as client:
        with running_engine(config):
            put(client, 1, 2, 3)
        with pytest.raises(EngineUnavailable, match="not running"):
            client.shard_count("photos")
        with running_engine(config):
            assert client.shard_count("photos") == 3


def test_a_restart_between_two_calls_is_not_noticed(config):
    with client_of(config) as client:
        with running_engine(config):
            put(client, 1)
            assert client._free
        with running_engine(config):
            assert client.shard_count("photos") == 1


def test_many_threads_share_a_client(config):
    with running_engine(config), client_of(config) as client:
        client.shard_ensure("photos", 4)

        def work(n):
            client.shard_upsert("photos", [n], np.ones((1, 4), np.float32), [{"n": n}])
            return client.shard_retrieve("photos", [n])[0].payload["n"]

        results = [Result(lambda n=n: work(n)) for n in range(40)]
        assert [result.get() for result in results] == list(range(40))
        assert client.shard_count("photos") == 40
        assert len(client._free) <= 16


def test_stopping_lets_calls_under_way_end(config):
    encoder = FakeEncoder()
    with client_of(config) as client, running_engine(config, lambda _: encoder) as server:
        bulk = Result(lambda: client.encode_photos(PHOTOS, model="fake-1"))
        assert encoder.entered.wait(20)
        stopping = Result(server.stop)
        encoder.gate.set()
        assert bulk.get().shape == (3, 4)
        stopping.get()


def test_connect_or_start_uses_the_engine_that_runs(config):
    with running_engine(config), connect_or_start(config) as engine:
        assert isinstance(engine, EngineClient)
        assert engine.shard_collections() == []


def test_connect_or_start_starts_one_that_holds_the_shard_for_the_while(config):
    with connect_or_start(config) as engine:
        assert isinstance(engine, LocalEngine)
        put(engine, 1)
        with pytest.raises(EngineError, match="held by another process"):
            LocalEngine(config)
    with running_engine(config), client_of(config) as client:
        assert client.shard_count("photos") == 1


SERVE = """
import sys
from pathlib import Path
from prodintel.engine.server import serve
from tests.engine.running import config_for
serve(config_for(Path(sys.argv[1])))
"""


class Process:
    """An engine in a process of its own. Its model cannot be loaded, which it survives."""

    def __init__(self, folder):
        self.config = config_for(folder)
        self.popen = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(folder)], stderr=subprocess.PIPE, text=True
        )
        self.client = EngineClient.of(self.config)

    def wait(self):
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.client.info()
            except EngineUnavailable:
                assert time.monotonic() < deadline
                assert self.popen.poll() is None, self.popen.stderr.read()
                time.sleep(0.05)

    def end(self, number):
        self.popen.send_signal(number)
        self.popen.wait(60)
        self.client.close()
        self.popen.stderr.close()
        return self.popen.returncode


def test_a_terminated_engine_flushes_and_leaves_cleanly(tmp_path):
    process = Process(tmp_path)
    assert process.wait().pid == process.popen.pid
    put(process.client, 1, 2)
    assert process.end(signal.SIGTERM) == 0
    assert not process.config.socket.exists()
    with running_engine(process.config), client_of(process.config) as client:
        assert client.shard_count("photos") == 2


def test_a_killed_engine_loses_nothing_and_does_not_block_the_next(tmp_path):
    process = Process(tmp_path)
    process.wait()
    put(process.client, 1, 2)
    process.end(signal.SIGKILL)
    assert process.config.socket.exists()
    with running_engine(process.config), client_of(process.config) as client:
        assert client.shard_count("photos") == 2


def test_an_engine_process_beside_another_ends_with_a_clear_message(tmp_path):
    config = config_for(tmp_path)
    with running_engine(config):
        second = Process(tmp_path)
        assert second.popen.wait(60) != 0
        assert "already runs on" in second.popen.stderr.read()
        second.popen.stderr.close()


def test_a_stuck_engine_costs_the_timeout_and_no_more(tmp_path):
    process = Process(tmp_path)
    process.wait()
    suspend(process.popen.pid)
    try:
        with pytest.raises(EngineUnavailable, match="did not answer"):
            process.client._call("shard_collections", wait=0.2)
        fresh = EngineClient.of(process.config, timeout=0.2)
        with pytest.raises(EngineUnavailable):
            fresh.shard_collections()
    finally:
        os.kill(process.popen.pid, signal.SIGCONT)
        process.end(signal.SIGTERM)
