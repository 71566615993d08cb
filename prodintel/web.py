"""The web server: Daphne on a socket it is given, with bounded bodies and an end without losses."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.server import Server, reactor
from twisted.internet import defer
from twisted.logger import STDLibLogObserver, globalLogPublisher

from prodintel.lib import body_limit

log = structlog.get_logger(__name__)

# A refused client may still be sending; cut off at once it would see a reset and not the answer.
LINGER_SECONDS = 5
# How long requests in flight may take to finish once the server is to stop.
DRAIN_SECONDS = 4
REQUEST_BUFFER_BYTES = 64 * 1024
# A client that takes no more of its answer is given up after so long.
STALL_SECONDS = 300


class Outlet:
    """Whether what was written to a client has left, as Twisted tells a push producer."""

    def __init__(self) -> None:
        self._is_free = asyncio.Event()
        self.resumeProducing()

    def pauseProducing(self) -> None:  # noqa: N802 -- Twisted's name
        self._is_free.clear()

    def resumeProducing(self) -> None:  # noqa: N802 -- Twisted's name
        self._is_free.set()

    def stopProducing(self) -> None:  # noqa: N802 -- Twisted's name
        """The connection is gone: nobody is to wait for it."""
        self._is_free.set()

    async def wait(self, seconds: float) -> None:
        """Wait until it has left. Raises TimeoutError."""
        # `wait_for` would lose the cancellation of who waits when both come at once: a client that goes.
        async with asyncio.timeout(seconds):
            await self._is_free.wait()


class BoundedRequest(WebRequest):
    """A request that is refused as soon as its body is known to be over the server's limit.

    Twisted collects a body, in memory or in a file, before anybody else sees the request, so this
    is the one place where a large one can be stopped while it arrives. What comes after a refusal
    is counted and thrown away.

    An answer in pieces is made no faster than the client takes it: Daphne alone would have all of
    it in memory.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.received = 0
        self.refused = False
        self._outlet: Outlet | None = None
        # Django parses forms itself; parsed here as well, they would be in memory once more.
        super().__init__(*arguments, parsePOSTFormSubmission=False, **options)

    def gotLength(self, length: int | None) -> None:  # noqa: N802 -- Twisted's name
        super().gotLength(length)
        if (length or 0) > self.server.body_limit:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 -- Twisted's name
        self.received += len(data)
        if self.refused:
            return
        if self.received > self.server.body_limit:
            self._refuse()
            return
        super().handleContentChunk(data)

    def process(self) -> Any:
        if self.refused:
            # The client has sent it all and its answer has been given.
            self.channel.transport.loseConnection()
            return defer.succeed(None)
        return super().process()

    def watch(self) -> None:
        """Be told from now on whether what is written leaves; before the first piece."""
        if self._outlet is None and self.channel is not None:
            self._outlet = Outlet()
            self.registerProducer(self._outlet, True)

    async def has_left(self) -> None:
        """Wait until the client has taken what was written, or is gone."""
        if self._outlet is None:
            return
        try:
            await self._outlet.wait(STALL_SECONDS)
        except TimeoutError:
            log.warning("client given up", reason="takes nothing of its answer")
            if self.channel is not None:
                self.channel.transport.abortConnection()

    def finish(self) -> None:
        if self._outlet is not None and self.channel is not None:
            self.unregisterProducer()
        super().finish()

    def _refuse(self) -> None:
        self.refused = True
        self.content.truncate(0)
        channel = self.channel
        # The path of a request whose body is not complete is known to its channel only.
        path = getattr(channel, "_path", b"/").decode("ascii", "replace")
        content_type, body = body_limit.answer(path, self.server.body_limit)
        log.warning("request refused", reason="body too large", path=path.split("?")[0])
        channel.transport.write(
            b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n"
            + f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        channel.persistent = False
        reactor.callLater(LINGER_SECONDS, channel.transport.abortConnection)


class BoundedHTTPFactory(HTTPFactory):
    """Makes connections whose requests are `BoundedRequest`s."""

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 -- Twisted's name
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol


class WebServer(Server):
    """Daphne listening on `listener`.

    There is no limit on how long an answer may take: streams last as long as what they tell of.
    Idle and half-sent requests end by Twisted's own timeout of a minute without a byte.
    """

    def __init__(self, application: Any, listener: socket.socket, *, limit: int) -> None:
        super().__init__(
            application,
            endpoints=[f"fd:fileno={listener.fileno()}"],
            signal_handlers=False,
            request_buffer_size=REQUEST_BUFFER_BYTES,
            websocket_handshake_timeout=10,
            application_close_timeout=5,
            server_name="",
        )
        # Daphne would listen there by a factory of its own; `_listen` does it by ours.
        self.endpoints: list[str] = []
        self.body_limit = limit
        self._listener = listener
        self._port: Any = None

    def serve(self, ready: Callable[[], None] = lambda: None) -> None:
        """Answer requests until SIGTERM or SIGINT, then finish those in flight."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: reactor.callFromThread(self.drain))
        # Daphne sends what Twisted says to nowhere, or standard output after it. What goes wrong
        # outside an application, in a protocol or in a Deferred, is said by Twisted alone.
        globalLogPublisher.addObserver(STDLibLogObserver())
        reactor.callWhenRunning(self._listen)
        reactor.callWhenRunning(ready)
        self.run()

    async def handle_reply(self, protocol: Any, message: Any) -> None:
        goes_on = message.get("more_body") and isinstance(protocol, BoundedRequest)
        if goes_on:
            protocol.watch()
        await super().handle_reply(protocol, message)
        if goes_on:
            await protocol.has_left()

    def _listen(self) -> None:
        self._listener.setblocking(False)
        self._port = reactor.adoptStreamPort(
            self._listener.fileno(), self._listener.family, BoundedHTTPFactory(self)
        )
        # The port holds a copy; with this one open too, it could not be let go of.
        self._listener.close()

    def drain(self) -> None:
        """Take no more connections, let requests in flight finish, then stop."""
        if self._port is not None:
            self._port.stopListening()
        self._stop_when_idle(time.monotonic() + DRAIN_SECONDS)

    def _stop_when_idle(self, until: float) -> None:
        # A finished answer may still have to leave: stopping closes connections as they are.
        busy = self._requests_in_flight() or reactor.getWriters()
        if busy and time.monotonic() < until:
            reactor.callLater(0.05, partial(self._stop_when_idle, until))
        else:
            self.stop()

    def _requests_in_flight(self) -> int:
        return sum(
            isinstance(protocol, BoundedRequest)
            and not protocol.refused
            and "disconnected" not in details
            for protocol, details in self.connections.items()
        )

    def kill_all_applications(self) -> Any:
        # Daphne's own expects every connection to have an application; idle and refused have none.
        for protocol, details in list(self.connections.items()):
            if "application_instance" not in details:
                del self.connections[protocol]
        return super().kill_all_applications()
