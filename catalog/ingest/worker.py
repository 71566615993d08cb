"""The worker process: its runners, and how they end."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from types import FrameType

import structlog

from catalog.channels.keeping import ReadinessChecker
from catalog.index import vector_index
from catalog.ingest import wake
from catalog.ingest.describe import Describer
from catalog.ingest.embed import Embedder
from catalog.ingest.index import Indexer
from catalog.ingest.jobs import IMPORT_KINDS, LONG_KINDS, Jobber, job_step
from catalog.ingest.vision import VisionDescriber
from catalog.models import (
    DescribeTask,
    EmbedTask,
    FileRemoval,
    IndexChange,
    Job,
    VisionTask,
    WebhookDelivery,
)
from catalog.webhooks.delivering import Deliverer
from prodintel.engine import configured
from prodintel.lib.runner import Runner
from prodintel.lib.wake import Listener
from prodintel.llm.kept import reservations_free

logger = structlog.get_logger(__name__)
GRACE_SECONDS = 10.0
WORK = (EmbedTask, DescribeTask, VisionTask, IndexChange, Job, FileRemoval, WebhookDelivery)
OWNER_VARIABLE = "PRODINTEL_OWNER"


class Worker:
    """Runs until told to stop. `owner` prefixes what it claims, for whoever has to clean up."""

    def __init__(self) -> None:
        self._crashed = False
        self._ended = threading.Event()
        slot = os.environ.get(OWNER_VARIABLE, "")
        if slot:
            self._free_predecessors(slot)
        owner = f"{slot or socket.gethostname()}/{os.getpid()}"
        engine, stopping = configured.client(), self._ended.is_set
        self._embedder = Embedder(engine, owner=owner, stopping=stopping)
        self._vision = VisionDescriber(owner=owner, stopping=stopping)
        self._deliverer = Deliverer(owner=owner, stopping=stopping)
        steps: dict[str, Callable[[], int]] = {
            wake.EMBED: self._embedder.step,
            wake.DESCRIBE: Describer(engine, owner=owner, stopping=stopping).step,
            wake.VISION: self._vision.step,
            wake.INDEX: Indexer(vector_index(), owner=owner, stopping=stopping).step,
            wake.JOBS: Jobber(owner=owner, stopping=stopping).step,
            wake.LONG_JOBS: partial(job_step, LONG_KINDS, owner=owner, stopping=stopping),
            wake.READINESS: ReadinessChecker(stopping=stopping).step,
            wake.IMPORTS: partial(job_step, IMPORT_KINDS, owner=owner, stopping=stopping),
            wake.WEBHOOKS: self._deliverer.step,
        }
        self._runners = [Runner(name, step, on_crash=self._crash) for name, step in steps.items()]
        self._listener = Listener(
            wake.worker_address(), {runner.name: runner.wake for runner in self._runners}
        )

    def run(self) -> int:
        """Work until SIGTERM or SIGINT; returns the exit status, 1 when a runner crashed."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._listener.start()
        for runner in self._runners:
            runner.start()
        logger.info("worker started", runners=len(self._runners))
        # A bare wait() would keep signals from being handled until it returns.
        while not self._ended.wait(0.5):
            pass
        for runner in self._runners:
            runner.stop()
        deadline = time.monotonic() + GRACE_SECONDS
        for runner in self._runners:
            runner.join(max(deadline - time.monotonic(), 0))
        self._embedder.close()
        self._vision.close()
        self._deliverer.close()
        self._listener.close()
        logger.info("worker stopped", crashed=self._crashed)
        return int(self._crashed)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._ended.set()

    def _crash(self) -> None:
        self._crashed = True
        self._ended.set()

    @staticmethod
    def _free_predecessors(slot: str) -> None:
        """Take back at once what this supervisor's last worker held when it died."""
        freed = sum(model.objects.free(owner_prefix=f"{slot}/") for model in WORK)
        reservations_free(holder_prefix=f"{slot}/")
        if freed:
            logger.info("work of a dead worker taken back", rows=freed)
