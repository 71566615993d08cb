from __future__ import annotations

import logging
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from prodintel.engine import configured
from prodintel.engine.errors import EngineError


class Command(BaseCommand):
    help = "Run the engine, which holds the model and the embedded index, until stopped."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--previous",
            nargs=2,
            metavar=("CLIP_MODEL", "CLIP_PRETRAINED"),
            help="only answer queries with this model, while the present one's space fills",
        )

    def handle(self, *_args: Any, previous: list[str] | None, **_options: Any) -> None:
        from prodintel.engine import server  # loads what only an engine needs

        try:
            server.serve(configured.previous_config(*previous) if previous else configured.config())
        except EngineError as error:
            raise CommandError(str(error)) from error
        # Everything is on disk. Taking the interpreter down under a forward pass, which loading or
        # a late batch may still be in, would end in an abort of the model library instead.
        logging.shutdown()
        os._exit(0)
