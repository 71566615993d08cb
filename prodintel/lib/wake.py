"""Waking a runner in another process at once, where it runs on the same machine.

A datagram names what there is to do. Every listener at an address has a socket of its own there, so
that several workers are all told and none takes another's away. Nothing depends on a datagram
arriving: runners look for themselves every few seconds.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import tempfile
import threading
from pathlib import Path

# Of an address; the kernel takes some 100 bytes, and a listener adds its own name.
LONGEST_PATH = 88
MESSAGE_BYTES = 64


def address(data_dir: Path, name: str) -> Path:
    """Where listeners of that name have their sockets; elsewhere when that path is too long."""
    path = data_dir / "run" / name
    if len(os.fsencode(path)) <= LONGEST_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"prodintel-{os.getuid()}-{digest}" / name


def notify(path: Path, what: str) -> None:
    """Tell whoever listens at `path`, if anybody does. Never blocks, never fails."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            for listener in path.parent.glob(f"{path.name}.*.sock"):
                _send(sender, listener, what)
    except OSError:
        # This process has too many files open: the next sweep finds the work.
        return


def _send(sender: socket.socket, listener: Path, what: str) -> None:
    try:
        sender.sendto(what.encode(), os.fspath(listener))
    except ConnectionRefusedError:
        # Its process was killed.
        listener.unlink(missing_ok=True)
    except OSError:
        # It has just ended or has not kept up: the next sweep finds the work.
        return


class Listener(threading.Thread):
    """Sets the event of the name that a datagram carries."""

    def __init__(self, path: Path, events: dict[str, threading.Event]) -> None:
        super().__init__(name="wake", daemon=True)
        self._events = events
        self._path = path.with_name(f"{path.name}.{secrets.token_hex(4)}.sock")
        self._closed = False
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(os.fspath(self._path))
        self._path.chmod(0o600)

    def run(self) -> None:
        while not self._closed:
            message = self._socket.recv(MESSAGE_BYTES)
            event = self._events.get(message.decode(errors="replace"))
            if event is not None:
                event.set()

    def close(self) -> None:
        """End the thread and take its socket away."""
        self._closed = True
        self._path.unlink(missing_ok=True)
        # Closing alone would leave the thread waiting for ever.
        self._socket.shutdown(socket.SHUT_RDWR)
        if self.is_alive():
            self.join()
        self._socket.close()
