"""Which runners there are, and how a commit wakes them."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import transaction

from prodintel.lib import wake

EMBED = "embed"
DESCRIBE = "describe"
VISION = "vision"
INDEX = "index"
JOBS = "jobs"
LONG_JOBS = "long-jobs"
WEBHOOKS = "webhooks"
READINESS = "readiness"
IMPORTS = "imports"
RUNNERS = (EMBED, DESCRIBE, VISION, INDEX, JOBS, LONG_JOBS, WEBHOOKS, READINESS, IMPORTS)


def worker_address() -> Path:
    return wake.address(settings.DATA_DIR, "worker")


def on_commit(*runners: str) -> None:
    """Wake runners of this machine's worker once the present transaction is committed."""

    def tell() -> None:
        for runner in runners:
            wake.notify(worker_address(), runner)

    # Robust: what is committed stands, and runners look for themselves before long.
    transaction.on_commit(tell, robust=True)
