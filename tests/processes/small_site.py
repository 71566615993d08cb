"""The product's web server before an application that says how much it was sent.

    small_site.py LIMIT

Prints its port when it answers. A body that says "break" is an error inside the protocol. `/stored` tells how many bytes of bodies the server has kept,
`/slow` answers once its standard input ends.
"""

import asyncio
import socket
import sys

from twisted.web import http

from prodintel.lib.instance import listen
from prodintel.web import WebServer

stored = 0
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
    body = str(stored if scope["path"] == "/stored" else size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


listener: socket.socket = listen("127.0.0.1", 0)
port = listener.getsockname()[1]
WebServer(application, listener, limit=int(sys.argv[1])).serve(
    lambda: print(port, flush=True)  # noqa: T201
)
