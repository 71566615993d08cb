"""Engines for tests: real ones, on a real socket, with the tiny model or a made-up one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prodintel.engine import wire
from prodintel.engine.client import EngineClient
from prodintel.engine.encoder import Encoder
from prodintel.engine.errors import EngineError
from prodintel.engine.interface import EngineConfig
from prodintel.engine.local import LocalEngine
from prodintel.engine.server import EngineServer, hold_socket


def config_for(folder: Path, *, model: str = "local-dir:/nowhere") -> EngineConfig:
    """Settings of an engine that keeps everything in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    return EngineConfig(
        data_dir=folder,
        socket=wire.socket_path(folder),
        model=model,
        device="cpu",
        dtype="float32",
        shard_folder=folder / "index",
    )


def no_model(config: EngineConfig) -> Encoder:
    raise EngineError("This test has no model.")


@contextmanager
def running_engine(
    config: EngineConfig, load: Callable[[EngineConfig], Any] = no_model
) -> Iterator[EngineServer]:
    """An engine that answers on its socket until the block ends."""
    with hold_socket(config.socket):
        engine = LocalEngine(config, load=load)
        server = EngineServer(engine, config)
        server.start()
        try:
            yield server
        finally:
            server.stop()
            engine.close()


@contextmanager
def client_of(config: EngineConfig, timeout: float = 10.0) -> Iterator[EngineClient]:
    client = EngineClient.of(config, timeout)
    try:
        yield client
    finally:
        client.close()


class Result:
    """Runs a call in a thread and keeps what came of it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.value: Any = None
        self.error: BaseException | None = None
        self._call = call
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.value = self._call()
        except Exception as error:  # noqa: BLE001  the test looks at it
            self.error = error

    def get(self, timeout: float = 20.0) -> Any:
        self.thread.join(timeout)
        assert not self.thread.is_alive(), "the call is still under way"
        if self.error is not None:
            raise self.error
        return self.value
