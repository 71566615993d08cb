"""How the tests are shared out among the processes of pytest-xdist."""

from __future__ import annotations

import pytest
from xdist.scheduler.loadfile import LoadFileScheduling

# Else they would begin last, and one process would still be at them when the others have ended.
LONG = ("tests/faults/", "tests/browser/", "tests/catalog/ingest/", "tests/engine/")
BROWSER = "tests/browser/"
SITES_OF_THEIR_OWN = {"tests/browser/test_describing.py"}


class FileScheduling(LoadFileScheduling):
    """A file to a process, and the browser's files to one: they share a site."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        shared = file.startswith(BROWSER) and file not in SITES_OF_THEIR_OWN
        return BROWSER if shared else file


def longest_first(item: pytest.Item) -> int:
    """A key to sort by: what takes long comes first, in the order of LONG."""
    places = (place for place, folder in enumerate(LONG) if item.nodeid.startswith(folder))
    return next(places, len(LONG))
