"""The engine as a process: answers on a Unix socket, a thread for each connection."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

from prodintel.engine import deadline, wire
from prodintel.engine.errors import EngineError, EngineUnavailable
from prodintel.engine.interface import EngineConfig
from prodintel.engine.local import LocalEngine

logger = logging.getLogger(__name__)

CALLS = frozenset(
    {
        "info",
        "wait_ready",
        "encode_texts",
        "encode_photos",
        "encode_query_photo",
        "embed_sentences",
        "shard_info",
        "shard_ensure",
        "shard_ensure_field",
        "shard_drop",
        "shard_collections",
        "shard_upsert",
        "shard_set_payloads",
        "shard_delete",
        "shard_search",
        "shard_retrieve",
        "shard_count",
        "shard_facets",
        "shard_ids",
        "shard_flush",
        "shard_optimize",
        "shard_mark_rebuilt",
    }
)
"""What may be called over the socket."""

GRACE_SECONDS = 5.0
"""How long calls under way may take to end when the engine stops."""

_TEND_SECONDS = 2.0
_NOTICE_SECONDS = 0.25


class EngineServer:
    """Serves a `LocalEngine` on the socket of its configuration."""

    def __init__(self, engine: LocalEngine, config: EngineConfig) -> None:
        self._engine = engine
        self._config = config
        self._stopping = threading.Event()
        self._idle = threading.Condition()
        self._calls = 0
        self._connections: set[Connection] = set()
        self._listener: socket.socket | None = None
        self._key = b""
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Open the socket and answer in the background.

        The socket answers from now on, while the model loads. A socket file that a killed engine
        left behind is replaced: call this only while holding `hold_socket`.
        """
        self._key = wire.make_key(self._config.key_file)
        self._listener = _listen(self._config.socket)
        for target in (self._accept, self._tend):
            thread = threading.Thread(target=target, name=f"engine{target.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Close the socket, let calls under way end, and close what is still connected."""
        self._stopping.set()
        if self._listener is not None:
            self._config.socket.unlink(missing_ok=True)
            # Only a shutdown wakes the thread that waits for connections.
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        with self._idle:
            self._idle.wait_for(lambda: self._calls == 0, GRACE_SECONDS)
            for connection in self._connections:
                _hang_up(connection)
        for thread in self._threads:
            thread.join(GRACE_SECONDS)

    def _accept(self) -> None:
        assert self._listener is not None
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                if not self._stopping.is_set():
                    logger.exception("The engine cannot take a connection")
                    self._stopping.wait(1.0)
                continue
            threading.Thread(
                target=self._serve, args=(sock,), name="engine-connection", daemon=True
            ).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            connection = wire.welcome(sock, self._key)
        except wire.BROKEN as error:
            logger.warning("A connection to the engine was refused: %s", error)
            return
        with self._idle:
            self._connections.add(connection)
        try:
            while not self._stopping.is_set():
                # Waiting for a request has no limit; reading one that has begun does.
                connection.poll(None)
                request = wire.receive(connection)
                with self._call():
                    wire.send(connection, self._answer(request))
        except wire.BROKEN:
            pass  # the caller is gone, and so is whoever wanted the answer
        finally:
            with self._idle:
                self._connections.discard(connection)
            connection.close()

    @contextlib.contextmanager
    def _call(self) -> Iterator[None]:
        with self._idle:
            self._calls += 1
        try:
            yield
        finally:
            with self._idle:
                self._calls -= 1
                self._idle.notify_all()

    def _answer(self, request: Any) -> tuple[Any, ...]:
        """("ok", value) or ("error", class name, message, permanent)."""
        try:
            name, args, kwargs, moment = request
            with deadline.until(moment):
                return ("ok", self._method(name)(*args, **kwargs))
        except EngineError as error:
            return ("error", type(error).__name__, str(error), error.permanent)
        except Exception as error:  # the caller must hear of it, whatever it is
            logger.exception("An engine call failed")
            message = f"The engine failed at this call: {type(error).__name__}: {error}"
            return ("error", "EngineError", message, False)

    def _method(self, name: str) -> Callable[..., Any]:
        if self._stopping.is_set():
            raise EngineUnavailable("The engine is stopping.")
        if name not in CALLS:
            raise EngineError(f"The engine has no call {name!r}: restart it after an upgrade.")
        method: Callable[..., Any] = getattr(self._engine, name)
        return method

    def _tend(self) -> None:
        while not self._stopping.wait(_TEND_SECONDS):
            try:
                self._engine.tend()
            except EngineError:
                logger.exception("The vector shard could not be written to disk")


def serve(config: EngineConfig, stop: threading.Event | None = None) -> None:
    """Run the engine in this process until SIGTERM, SIGINT or `stop`.

    Raises:
        EngineError: when an engine already runs on this socket or holds this shard.
    """
    stop = stop or threading.Event()
    signals: list[int] = []
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda received, _frame: signals.append(received))
    with hold_socket(config.socket):
        engine = LocalEngine(config)
        try:
            server = EngineServer(engine, config)
            server.start()
            logger.info("The engine listens on %s", config.socket)
            engine.start_loading()
            # The handler only notes the signal, because setting an event inside one can deadlock;
            # and it runs only when this thread does, which the signal alone does not wake if the
            # kernel gave it to another thread. Hence the short waits.
            while not signals and not stop.wait(_NOTICE_SECONDS):
                pass
            logger.info("The engine stops")
            server.stop()
        finally:
            engine.close()


@contextlib.contextmanager
def hold_socket(path: Path) -> Iterator[None]:
    """Be the one engine of this socket.

    The lock ends with the process, however it ends, so that a socket file found while holding it
    is known to be nobody's.

    Raises:
        EngineError: when another engine has it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("a+") as handle:
        _lock(handle, path)
        yield


def _lock(handle: IO[str], path: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.seek(0)
        owner = handle.read().strip() or "unknown"
        raise EngineError(
            f"An engine (pid {owner}) already runs on {path}: use that one or stop it first.",
            permanent=False,
        ) from error
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # Bound with no rights for others from the first moment: chmod alone would come late.
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _hang_up(connection: Connection) -> None:
    """Wake the thread that reads from this connection; closing alone would not."""
    with contextlib.suppress(OSError):
        sock = socket.socket(fileno=os.dup(connection.fileno()))
        with sock:
            sock.shutdown(socket.SHUT_RDWR)
