from __future__ import annotations

import logging
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from prodintel.engine import configured
from prodintel.engine.errors import EngineError


class Command(BaseCommand):
    help = "Run the engine, which holds the model and the embedded index, until stopped."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        from prodintel.engine import server  # loads what only an engine needs

        try:
            server.serve(configured.config())
        except EngineError as error:
            raise CommandError(str(error)) from error
        # Everything is on disk. Taking the interpreter down under a forward pass, which loading or
        # a late batch may still be in, would end in an abort of the model library instead.
        logging.shutdown()
        os._exit(0)
