from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from catalog.ingest.worker import Worker


class Command(BaseCommand):
    help = "Embed, describe and index what waits, until stopped. Any number may run."

    def handle(self, *_args: Any, **_options: Any) -> None:
        sys.exit(Worker().run())
