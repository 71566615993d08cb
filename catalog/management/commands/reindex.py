from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalog.index import spaces
from catalog.index.embedded import EmbeddedIndex
from catalog.index.protocol import IndexProblem, VectorIndex
from catalog.index.server import ServerIndex
from prodintel.engine import configured
from prodintel.engine.client import connect_or_start
from prodintel.engine.errors import EngineError


class Command(BaseCommand):
    help = (
        "Rebuild the vector index from the vectors in the database, without running the model. "
        "Also moves to another index: set or unset QDRANT_URL first."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            if settings.QDRANT_URL:
                key = settings.QDRANT_API_KEY or None
                self._rebuild(ServerIndex(settings.QDRANT_URL, api_key=key))
            else:
                with connect_or_start(configured.config()) as engine:
                    self._rebuild(EmbeddedIndex(engine))
        except (IndexProblem, EngineError) as error:
            raise CommandError(f"The index could not be rebuilt: {error}") from error

    def _rebuild(self, index: VectorIndex) -> None:
        active = spaces.active_spaces()
        if not active:
            self.stdout.write("There are no vectors yet: nothing to rebuild.")
        for space in active:
            count = spaces.rebuild(index, space)
            self.stdout.write(f"{space}: {count} points.")
