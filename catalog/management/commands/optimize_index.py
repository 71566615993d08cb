from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalog.index import spaces
from prodintel.engine import configured
from prodintel.engine.client import EngineClient
from prodintel.engine.errors import EngineError, EngineUnavailable
from prodintel.engine.local import LocalEngine


class Command(BaseCommand):
    help = (
        "Build the graph of the embedded vector index, which makes searches of large catalogues "
        "faster. Stop the site first: nothing can be searched meanwhile, which takes minutes."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        if settings.QDRANT_URL:
            raise CommandError("The Qdrant server of QDRANT_URL optimizes its index by itself.")
        if _engine_runs():
            raise CommandError(
                "The site is running. Stop it, run this again, then start the site: searches "
                "would wait until the whole index is done."
            )
        try:
            engine = LocalEngine(configured.config())
            try:
                self._optimize(engine)
            finally:
                engine.close()
        except EngineError as error:
            raise CommandError(f"The index could not be optimized: {error}") from error

    def _optimize(self, engine: LocalEngine) -> None:
        there = set(engine.shard_collections())
        collections = [space for space in spaces.active_spaces() if space.collection in there]
        if not collections:
            self.stdout.write("There is no index yet: nothing to optimize.")
        for space in collections:
            started = time.monotonic()
            done = engine.shard_optimize(space.collection)
            took = f"optimized in {time.monotonic() - started:.1f} s" if done else "nothing to do"
            self.stdout.write(f"{space}: {engine.shard_count(space.collection)} points, {took}.")


def _engine_runs() -> bool:
    client = EngineClient.of(configured.config())
    try:
        client.info()
    except EngineUnavailable:
        return False
    finally:
        client.close()
    return True
