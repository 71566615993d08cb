from __future__ import annotations

import socket
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import get_resolver

from prodintel.lib.instance import PortTakenError, listen

log = structlog.get_logger("prodintel.web")


class Command(BaseCommand):
    help = "Answer HTTP and websocket requests on HOST and PORT, until stopped."
    # The supervisor, who hands over the socket, has just run them; else `handle` does.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--fd", type=int, help="answer on this socket, which is listening already"
        )

    def handle(self, *_args: Any, fd: int | None, **_options: Any) -> None:
        if fd is None:
            self.check()
        from prodintel.asgi import application
        from prodintel.web import WebServer
        from tools.runs import running

        if fd is not None:
            listener = socket.socket(fileno=fd)
        else:
            try:
                listener = listen(settings.HOST, settings.PORT)
            except PortTakenError as error:
                raise CommandError(str(error)) from error
        # An address that cannot be resolved is found now and not by the first visitor.
        get_resolver().url_patterns  # noqa: B018 -- read for its effect
        server = WebServer(application, listener, limit=settings.MAX_BODY_BYTES)
        running.take_over()
        server.serve(lambda: log.info("web started", port=settings.PORT))
        running.end()
        log.info("web stopped")
