"""One running site a data folder: its lock, its identity, its port.

The lock is the kernel's and goes with its holder, so that nothing is left to clear away after a
kill; the file only says who holds it.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import socket
import time
from pathlib import Path
from typing import IO, Any

PORT_PATIENCE = 1.5


class AlreadyRunningError(Exception):
    """Another process serves this data folder."""

    def __init__(self, pid: int | None, address: str) -> None:
        who = f"process {pid}" if pid else "another process"
        self.holder = f"at {address} ({who})" if address else f"({who})"
        super().__init__(f"It is already running {self.holder}.")


class CannotLockError(Exception):
    """The data folder lies where the kernel's locks do not reach."""


class PortTakenError(Exception):
    """The address cannot be listened on."""


def run_folder(data_dir: Path) -> Path:
    folder = data_dir / "run"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def lock(file: IO[str], *, wait: bool) -> None:
    """Lock the file for this process until it is closed.

    Raises BlockingIOError where another process holds it and is not waited for, CannotLockError
    where nobody could.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        raise CannotLockError(
            f"{file.name} cannot be locked: {error.strerror}. Set PRODINTEL_DATA_DIR to a folder "
            "on a disk of this machine."
        ) from error


def hold(data_dir: Path, *, address: str) -> IO[str]:
    """Take the lock of `data_dir` until the returned file is closed or this process ends.

    Raises: AlreadyRunningError, CannotLockError.
    """
    file = (run_folder(data_dir) / "serve.lock").open("a+", encoding="utf-8")
    try:
        lock(file, wait=False)
    except BlockingIOError as error:
        holder = _holder(file)
        file.close()
        raise AlreadyRunningError(holder.get("pid"), str(holder.get("address", ""))) from error
    except CannotLockError:
        file.close()
        raise
    file.seek(0)
    file.truncate()
    json.dump({"pid": os.getpid(), "address": address}, file)
    file.flush()
    return file


def _holder(file: IO[str]) -> dict[str, Any]:
    file.seek(0)
    try:
        holder = json.load(file)
    except ValueError:
        # Its holder is between taking the lock and writing its name.
        return {}
    return holder if isinstance(holder, dict) else {}


def identity(data_dir: Path) -> str:
    """A random name of this installation, kept in `data_dir`: work claimed under it is ours."""
    path = run_folder(data_dir) / "instance"
    try:
        name = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        name = ""
    if not name:
        name = secrets.token_hex(8)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(name, encoding="ascii")
        draft.replace(path)
    return name


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. A port that a dying predecessor still holds is waited for a moment.

    Raises PortTakenError, saying what to set.
    """
    until = time.monotonic() + PORT_PATIENCE
    while True:
        try:
            return _listen_once(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < until:
                time.sleep(0.1)
                continue
            raise PortTakenError(_explain(error, host, port)) from error


def _listen_once(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


def _explain(error: OSError, host: str, port: int) -> str:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"HOST is {host!r}, which is no address of this machine."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has. Set PORT to one above 1023."
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is taken by another program. "
            f"Set PORT to a free one, for example: PORT={port + 1} make run"
        )
    return f"Cannot listen on {host}:{port}: {error.strerror}."
