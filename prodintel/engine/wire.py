"""How callers and the engine talk: a Unix socket, a shared key, one pickled message each way.

Pickle is safe here because both ends prove that they know the key before the first message is
read, and only this user can read the key or open the socket.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import secrets
import socket
import struct
import tempfile
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any

from prodintel.engine.errors import EngineUnavailable

MAX_MESSAGE = 1 << 29
"""Bytes of one message: three times the photos of the largest batch."""

_LONGEST_PATH = 100  # the kernel takes 107 bytes
_KEY_BYTES = 32
_STALLED_SECONDS = 30.0

BROKEN = (OSError, EOFError, AuthenticationError)
"""What a connection raises when the other end is gone, stuck or a stranger."""


def socket_path(data_dir: Path) -> Path:
    """Where the engine of this data folder listens.

    Inside the data folder if the path is short enough for a socket, otherwise in a private folder
    of the temporary directory, named after it.

    Raises:
        EngineUnavailable: when another user made that folder.
    """
    path = data_dir.resolve() / "engine.sock"
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        return path
    name = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"prodintel-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise EngineUnavailable(
            f"{folder} is not this user's private folder: remove it, or choose a shorter path for "
            "PRODINTEL_DATA_DIR.",
            permanent=True,
        )
    return folder / "engine.sock"


def make_key(file: Path) -> bytes:
    """The key in `file`, made if there is none yet, readable by this user only."""
    try:
        return read_key(file)
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(secrets.token_bytes(_KEY_BYTES))
    try:
        os.link(temporary, file)  # whole or not at all, and the first one wins
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    return read_key(file)


def read_key(file: Path) -> bytes:
    """The key in `file`, after closing it to others.

    Raises:
        FileNotFoundError: when no engine ever ran here.
        EngineUnavailable: when the file holds no key.
    """
    if file.stat().st_mode & 0o077:
        file.chmod(0o600)
    key = file.read_bytes()
    if len(key) != _KEY_BYTES:
        raise EngineUnavailable(
            f"{file} holds no key: stop the engine, remove the file and start again.",
            permanent=True,
        )
    return key


def connect(path: Path, key: bytes, timeout: float) -> Connection:
    """A proven connection to the engine at `path`.

    Raises:
        OSError, EOFError, AuthenticationError: see `BROKEN`.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(timeout)
        sock.connect(str(path))
        connection = _connection(sock, min(timeout, _STALLED_SECONDS))
    try:
        answer_challenge(connection, key)
        deliver_challenge(connection, key)
    except BROKEN:
        connection.close()
        raise
    return connection


def welcome(sock: socket.socket, key: bytes) -> Connection:
    """The engine's end of `connect`, for an accepted socket, which it takes over.

    Raises:
        OSError, EOFError, AuthenticationError: see `BROKEN`.
    """
    connection = _connection(sock, _STALLED_SECONDS)
    try:
        deliver_challenge(connection, key)
        answer_challenge(connection, key)
    except BROKEN:
        connection.close()
        raise
    return connection


def send(connection: Connection, message: Any) -> None:
    """Send one message; blocks for at most 30 s of a stuck other end."""
    connection.send_bytes(pickle.dumps(message, protocol=5))


def receive(connection: Connection) -> Any:
    """Read one message; call it when `poll` says that there is one."""
    return pickle.loads(connection.recv_bytes(MAX_MESSAGE))  # noqa: S301  see the module


def _connection(sock: socket.socket, stalled: float) -> Connection:
    # The kernel ends a read or write on which nothing moves for this long, whatever the other
    # end does; Connection itself knows no timeouts.
    sock.setblocking(True)
    span = struct.pack("ll", int(stalled), int(stalled % 1 * 1e6))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, span)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, span)
    return Connection(sock.detach())
