"""Waking a runner in another process at once, where it runs on the same machine.

A datagram names what there is to do. Nothing depends on one arriving: runners look for themselves
every second.
"""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
import threading
from pathlib import Path

LONGEST_PATH = 100
MESSAGE_BYTES = 64


def address(data_dir: Path, name: str) -> Path:
    """The path of a Unix socket for `data_dir`; elsewhere when that path is too long for one."""
    path = data_dir / "run" / f"{name}.sock"
    if len(os.fsencode(path)) <= LONGEST_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"prodintel-{os.getuid()}-{digest}" / f"{name}.sock"


def notify(path: Path, what: str) -> None:
    """Tell whoever listens at `path`, if anybody does. Never blocks, never fails."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(what.encode(), os.fspath(path))
    except OSError:
        # Nobody listens, or has not kept up, or this process has too many files open: the next
        # sweep finds the work.
        return


class Listener(threading.Thread):
    """Sets the event of the name that a datagram carries."""

    def __init__(self, path: Path, events: dict[str, threading.Event]) -> None:
        super().__init__(name="wake", daemon=True)
        self._events = events
        self._path = path
        self._closed = False
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(os.fspath(path))
        path.chmod(0o600)

    def run(self) -> None:
        while not self._closed:
            message = self._socket.recv(MESSAGE_BYTES)
            event = self._events.get(message.decode(errors="replace"))
            if event is not None:
                event.set()

    def close(self) -> None:
        """End the thread and take its address away."""
        self._closed = True
        self._path.unlink(missing_ok=True)
        # Closing alone would leave the thread waiting for ever.
        self._socket.shutdown(socket.SHUT_RDWR)
        if self.is_alive():
            self.join()
        self._socket.close()
