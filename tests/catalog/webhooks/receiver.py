"""A receiver of webhooks on this machine, that answers as a test wants it to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

from tests.loopback import LoopbackServer


@dataclass(frozen=True)
class Received:
    """A message as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver(LoopbackServer):
    """Answers 204 to every message, unless told otherwise."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.arrived = threading.Event()
        self.status = 204
        self.text = b""
        self.location = ""
        # Called before it answers: to hang, for one.
        self.before: Callable[[], None] = lambda: None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append(Received(self.path, headers, body))
                receiver.arrived.set()
                receiver.before()
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.send_header("Content-Length", str(len(receiver.text)))
                self.end_headers()
                self.wfile.write(receiver.text)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- likewise
                del format, args

        super().__init__(Handler)
        self.address = f"http://{self.host}/hooks"

    def wait_for(self, count: int, seconds: float = 30.0) -> list[Received]:
        """The messages, once there are so many."""
        deadline = time.monotonic() + seconds
        while len(self.received) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.received)} of {count} messages arrived")
            time.sleep(0.02)
        return self.received
