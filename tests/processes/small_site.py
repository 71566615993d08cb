"""The product's web server before an application that says how much it was sent.

    small_site.py LIMIT [STALL_SECONDS]

Prints its port when it answers. A body that says "break" is an error inside the protocol. `/stored`
tells how many bytes of bodies the server has kept, `/slow` answers once its standard input ends,
`/stream` sends 2,000 pieces, and `/made` tells how many of them were made.
"""

import asyncio
import socket
import sys

from twisted.web import http

from prodintel import web
from prodintel.lib.instance import listen

PIECE = b"x" * 65_536
stored = made = 0
keep = http.Request.handleContentChunk


def counted(self: http.Request, data: bytes) -> None:
    global stored  # noqa: PLW0603
    if data == b"break":
        raise RuntimeError("the protocol broke")
    stored += len(data)
    keep(self, data)


http.Request.handleContentChunk = counted


async def application(scope: dict, receive, send) -> None:
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    if scope["path"] == "/slow":
        print("slow", flush=True)  # noqa: T201
        await asyncio.to_thread(sys.stdin.read)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/stream":
        await stream(receive, send)
        return
    body = str({"/stored": stored, "/made": made}.get(scope["path"], size)).encode()
    await send({"type": "http.response.body", "body": body})


async def stream(receive, send) -> None:
    global made  # noqa: PLW0603
    gone = asyncio.ensure_future(receive())
    while not gone.done() and made < 2000:
        made += 1
        await send({"type": "http.response.body", "body": PIECE, "more_body": True})
        # As where a thread makes the pieces.
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b""})
    print("gone" if gone.done() else "sent", flush=True)  # noqa: T201


listener: socket.socket = listen("127.0.0.1", 0)
port = listener.getsockname()[1]
if len(sys.argv) > 2:
    web.STALL_SECONDS = float(sys.argv[2])
web.WebServer(application, listener, limit=int(sys.argv[1])).serve(
    lambda: print(port, flush=True)  # noqa: T201
)
