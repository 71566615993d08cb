"""A shop's photos on this machine, given out when a test lets them go."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from types import TracebackType

from tests.loopback import LoopbackServer


class PhotoServer(LoopbackServer):
    """Serves `photos` by their names. After `hold` it answers nobody; `held` counts who waits."""

    def __init__(self, photos: Mapping[str, bytes]) -> None:
        self.asked: Counter[str] = Counter()
        self.held = threading.Semaphore(0)
        self._gate = threading.Event()
        self._gate.set()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.removeprefix("/")
                server.asked[name] += 1
                if not server._gate.is_set():
                    server.held.release()
                    server._gate.wait()
                data = photos.get(name)
                try:
                    self._answer(data)
                except ConnectionError:
                    return  # who asked was killed

            def _answer(self, data: bytes | None) -> None:
                self.send_response(404 if data is None else 200)
                self.send_header("Content-Type", "image/jpeg")
                self.send_header("Content-Length", str(len(data or b"")))
                self.end_headers()
                self.wfile.write(data or b"")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its name there
                del format, args

        super().__init__(Handler)

    def address(self, name: str) -> str:
        return f"http://{self.host}/{name}"

    def hold(self) -> None:
        self.held = threading.Semaphore(0)
        self._gate.clear()

    def let_go(self) -> None:
        self._gate.set()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.let_go()
        super().__exit__(kind, error, trace)
