"""A server on a loopback port that does with each connection what a test wants."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any


class RawServer:
    """Answers each connection with the next of `answers`, the last again and again: bytes, or what
    is called with the connection and the request's text.
    """

    def __init__(self, *answers: Any) -> None:
        self.requests: list[str] = []
        self.ended = threading.Event()
        self._answers = list(answers)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def address(self, path: str = "/a.jpg") -> str:
        return f"http://{self.host}{path}"

    def _accept(self) -> None:
        while not self.ended.is_set():
            connection, _ = self._listener.accept()
            if self.ended.is_set():
                connection.close()
                return
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            thread = threading.Thread(target=self._serve, args=(connection, answer), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, answer: Any) -> None:
        with connection, suppress(OSError):
            if isinstance(answer, bytes):
                self.requests.append(read_request(connection))
                connection.sendall(answer)
            else:
                answer(connection, self)

    def close(self) -> None:
        self.ended.set()
        # Wakes the accepting thread, which a closed listener alone does not.
        socket.create_connection(("127.0.0.1", self.port), 1).close()
        for thread in [self._acceptor, *self._threads]:
            thread.join(10)
        self._listener.close()


def read_request(connection: socket.socket) -> str:
    """The request with its body, as far as that is announced."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("the client left")
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += connection.recv(65536)
    return (head + b"\r\n\r\n" + body).decode("latin-1")


def response(
    body: bytes = b"", *headers: str, status: str = "200 OK", length: int | None = None
) -> bytes:
    """The bytes of a response; its length is the body's if not given, -1: none is said."""
    said = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {said}"] if said >= 0 else [])]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body


@contextmanager
def serving(*answers: Any) -> Iterator[RawServer]:
    server = RawServer(*answers)
    try:
        yield server
    finally:
        server.close()


Handler = Callable[[socket.socket, RawServer], None]
